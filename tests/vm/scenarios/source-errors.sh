# SPDX-License-Identifier: GPL-2.0
# scenario: unreadable sectors cost just themselves: in a read over different ones on both legs, and on the source of a recovery
# leaks: yes
# row: errors
# disks: 2x48M
# timeout: 180
# module: rs
modprobe dm-mod
load_module
# leg_table N BAD...: member N, with unreadable sectors.
leg_table() {
	local member=$1 at=0 size bad
	size=$(blockdev --getsz "$(member "$member")")
	shift
	for bad in "$@"; do
		echo "$at $((bad - at)) linear $(member "$member") $at"
		echo "$bad 1 error"
		at=$((bad + 1))
	done
	echo "$at $((size - at)) linear $(member "$member") $at"
}
break_leg() {
	leg_table "$@" | dmsetup load "leg$1" || fail "dmsetup load"
	quietly dmsetup resume "leg$1"
}
for leg in 0 1; do leg_table $leg | dmsetup create "leg$leg" || fail "dmsetup create"; done
dmsetup mknodes
dd if=/dev/urandom of=/run/data bs=64k count=64 status=none

run mdadm --create /dev/md100 --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/leg0 /dev/mapper/leg1
offset=$(cat /sys/block/md100/md/rd0/offset)
run dd if=/run/data of=/dev/md100 bs=64k oflag=direct status=none
# In one page, the last sectors of a request, and in the middle of a stride.
break_leg 0 $((offset + 801)) $((offset + 895)) $((offset + 1029))
break_leg 1 $((offset + 804)) $((offset + 894)) $((offset + 1030))
dd if=/dev/md100 of=/run/read bs=64k count=64 iflag=direct status=none || fail "a sector that one leg has was not read"
run cmp /run/read /run/data
break_leg 0
break_leg 1
run mdadm --stop /dev/md100

note "the source of a recovery has unreadable sectors"
quietly mdadm --zero-superblock /dev/mapper/leg0 /dev/mapper/leg1
dd if=/dev/zero of=/dev/mapper/leg1 bs=1M count=16 oflag=direct status=none
run mdadm --create /dev/md100 --run --level=1 --raid-devices=2 --bitmap=none /dev/mapper/leg0 missing
run dd if=/run/data of=/dev/md100 bs=64k oflag=direct status=none
break_leg 0 $((offset + 801)) $((offset + 895)) $((offset + 4099))
run mdadm --add /dev/md100 /dev/mapper/leg1
wait_whole /dev/md100
expect_equal "bad blocks" "$(paste -sd, /sys/block/md100/md/rd1/bad_blocks)" "$((offset + 801)) 1,$((offset + 895)) 1,$((offset + 4099)) 1"
run mdadm --stop /dev/md100
dd if=/dev/mapper/leg1 of=/run/copy iflag=skip_bytes bs=64k skip=$((offset * 512)) count=64 status=none
# What is different are the lost sectors.
{ cmp -l /run/copy /run/data || true; } | awk '{ print int(($1 - 1) / 512) }' | uniq >/run/different
expect_equal "the sectors that differ" "$(paste -sd" " /run/different)" "801 895 4099"
unload_module
