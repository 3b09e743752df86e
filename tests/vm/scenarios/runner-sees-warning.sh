# SPDX-License-Identifier: GPL-2.0
# scenario: the runner notices a complaint in the kernel's log
# module: c
# outcome: complains because it writes a line that looks like one
echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg
