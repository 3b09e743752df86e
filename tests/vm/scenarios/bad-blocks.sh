# SPDX-License-Identifier: GPL-2.0
# scenario: a write error is narrowed to bad blocks, which are avoided, written around, and cleared when they can be written
# row: errors
# disks: 2x48M
# timeout: 180
# module: compare
modprobe dm-mod
load_module
# leg N BAD...: a device over member N with unreadable and unwritable sectors, 8 each.
table() {
	local member=$1 at=0 size bad
	size=$(blockdev --getsz "$(member "$member")")
	shift
	for bad in "$@"; do
		echo "$at $((bad - at)) linear $(member "$member") $at"
		echo "$bad 8 error"
		at=$((bad + 8))
	done
	echo "$at $((size - at)) linear $(member "$member") $at"
}
break_leg() {
	table "$@" | dmsetup load "leg$1" || fail "dmsetup load"
	quietly dmsetup resume "leg$1"
}
for leg in 0 1; do table $leg | dmsetup create "leg$leg" || fail "dmsetup create"; done
dmsetup mknodes
run mdadm --create /dev/md100 --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal /dev/mapper/leg0 /dev/mapper/leg1
offset=$(cat /sys/block/md100/md/rd1/offset)
bad() { cat "/sys/block/md100/md/rd$1/bad_blocks"; }
dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
# Sectors 800..807 and 1600..1607 of leg 1.
break_leg 1 $((offset + 800)) $((offset + 1600))
run dd if=/run/data of=/dev/md100 bs=64k oflag=direct status=none
until_true 20 "bad blocks to be recorded" grep -q . /sys/block/md100/md/rd1/bad_blocks
run bad 0
run bad 1
run cat /sys/block/md100/md/rd1/state
run mdstat /dev/md100
run cmp -n 1048576 /dev/md100 /run/data
note "written again, around the bad blocks"
run dd if=/run/data of=/dev/md100 bs=64k oflag=direct status=none
run bad 1
echo 3 >/proc/sys/vm/drop_caches
run cmp -n 1048576 /dev/md100 /run/data
note "the sectors can be written again: a resync heals them"
break_leg 1
run mdadm --stop /dev/md100
run mdadm --assemble /dev/md100 /dev/mapper/leg0 /dev/mapper/leg1
run bad 1
run dd if=/run/data of=/dev/md100 bs=64k oflag=direct status=none
until_true 20 "bad blocks to be cleared" is_empty /sys/block/md100/md/rd1/bad_blocks
run bad 1
run mdadm --stop /dev/md100
run cmp -n 1048576 -i "$((offset * 512)):0" /dev/mapper/leg1 /run/data
dmesg_lines md/raid1
unload_module
