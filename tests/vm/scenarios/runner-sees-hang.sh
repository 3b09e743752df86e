# SPDX-License-Identifier: GPL-2.0
# scenario: the runner notices that time is up
# module: c
# timeout: 10
# outcome: hangs because it sleeps for an hour
sleep 3600
