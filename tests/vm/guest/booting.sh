# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Scenarios in which the machine starts more than once. The root file system that guests have keeps
# what is written to it. Every start runs the scenario again from its first line. Have one processor
# (cpus: 1): QEMU can die of a moved PCI window when another one runs.
# For scenarios: . /payload/guest/booting.sh

# boot: 0, and one more after each start.
boot=0
if [[ -e /next-boot ]]; then
	boot=$(</next-boot)
	rm /next-boot
fi

# restart_machine reboot|reset: with "restarts: yes". A reboot tells md; a reset tells nobody.
restart_machine() {
	echo $((boot + 1)) >/next-boot
	last_words
	case $1 in
	reboot) python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)' ;;
	reset) echo b >/proc/sysrq-trigger ;;
	esac
	until_true 60 "the end" false
}

# last_words: all that this start has to say is said.
last_words() {
	sync -f /
	echo "#boots"
	# stty sets its options only after all output has left.
	stty -F /dev/ttyS1 raw
}
