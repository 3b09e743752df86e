# SPDX-License-Identifier: GPL-2.0
# scenario: the runner notices a command that fails
# module: c
# outcome: fails because it ends with an error
run true
run ls /there/is/no/such/file
