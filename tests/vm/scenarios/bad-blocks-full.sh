# SPDX-License-Identifier: GPL-2.0
# scenario: a block that neither leg can write, and no room to record it on either: one leg stays, and has all the rest
# row: errors
# disks: 2x16M
# timeout: 150
# module: both
# raid1.ko: fails because the array is unwritable for good
# raid1.ko-says: write_to 1600
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
offset=$(<"$(md_sysfs $array)/rd0/offset")
# fill_list SLOT FIRST: one sector of four is bad, until the list is full.
fill_list() {
	local count
	for ((count = 0; count < 600; count++)); do
		echo "$((offset + $2 + count * 4)) 1" >"$(md_sysfs $array)/rd$1/bad_blocks" 2>/dev/null || break
	done
	note "$count fitted"
}
write_to() { dd if=/run/data of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
read_from() { dd if=$array of=/run/read bs=4k skip="$1" count=1 iflag=direct status=none; }
# What is bad on one leg can be read from the other.
fill_list 0 1024
fill_list 1 1026
dd if=/dev/urandom of=/run/data bs=4k count=1 status=none
run write_to 1500
for leg in a b; do leg_errors $leg writes $((offset + 8192)) 8; done
dmesg_mark
run_fails write_to 1024
one_is_left() { [[ $(mdstat $array | grep -oE '\[[U_]+\]' | tr -cd U) == U ]]; }
until_true 20 "a leg to fail" one_is_left
expect_equal "degraded" "$(<"$(md_sysfs $array)/degraded")" 1
expect_equal "failed legs in the log" "$(dmesg_since | grep -c 'Disk failure on')" 1

note "elsewhere all goes on; there it does when the disk can write again"
run write_to 1600
run read_from 1600
run cmp /run/read /run/data
run_fails write_to 1024
for leg in a b; do leg_heals $leg; done
run write_to 1024
run read_from 1024
run cmp /run/read /run/data
run read_from 1500
run cmp /run/read /run/data
