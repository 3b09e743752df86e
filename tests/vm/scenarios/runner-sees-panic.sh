# SPDX-License-Identifier: GPL-2.0
# scenario: the runner notices that the kernel died
# module: c
# outcome: panics because it asks the kernel to
echo c >/proc/sysrq-trigger
