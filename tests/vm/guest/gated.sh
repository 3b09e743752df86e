# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Legs whose writes can be held up, for as long as a scenario likes: to see what waits for
# them and what doesn't. Part of lib.sh.

# gated_leg NAME DEVICE: makes /dev/mapper/NAME, a leg whose data writes can be held up. Superblock
# and bitmap, which are in front of the data, are not; but a flush is, and they flush. So the array
# has to be active, and to stay so, before writes are held up: see stay_active.
gated_leg() {
	export DM_DISABLE_UDEV=1
	modprobe dm-mod
	modprobe dm-delay
	dmsetup create "$1" --table "0 $(blockdev --getsz "$2") linear $2 0"
	echo "$2" >"/run/gated.$1"
}

# behind_array DEVICE FAST SLOW: a filled array of two legs, of which SLOW, a gated one, is write-mostly, and
# up to 64 writes may be behind. It stays active, and its bitmap as it is, for the 100 s after a write, so that
# nothing of the metadata has to get to a leg whose writes are held up.
behind_array() {
	local sysfs
	quietly mdadm --create "$1" --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --write-behind=64 \
		"$2" --write-mostly "$3"
	keep_layout "$1"
	fill "$1"
	sysfs=$(md_sysfs "$1")
	stay_active "$1"
	echo 100 >"$sysfs/bitmap/time_base"
}

# hold_writes NAME FIRST [MILLISECONDS]: from now on data written to the leg, behind that sector, does not
# arrive, or so much later.
hold_writes() {
	local device size
	device=$(<"/run/gated.$1")
	size=$(blockdev --getsz "$device")
	gate_table "$1" "0 $2 linear $device 0
$2 $((size - $2)) delay $device $2 0 $device $2 ${3:-3600000}"
}

# release_writes NAME: now it does, all of it.
release_writes() {
	gate_table "$1" "0 $(blockdev --getsz "$(<"/run/gated.$1")") linear $(<"/run/gated.$1") 0"
}

gate_table() {
	dmsetup load "$1" <<<"$2"
	# Whatever is held up goes on when the device is suspended.
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup resume "$1"
}

# still_waits PID: whether a command in the background has not come to its end; it had time to.
still_waits() {
	sleep 1
	kill -0 "$1" 2>/dev/null || fail "a command that should wait has not waited"
	note "it waits"
}

# ends_well PID: such a command comes to its end. Not by quietly: only the shell that started it can wait.
ends_well() {
	wait "$1" || fail "exit $? from the command in the background"
}
