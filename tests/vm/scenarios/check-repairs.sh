# SPDX-License-Identifier: GPL-2.0
# scenario: a check has sectors written again that one leg can't read, names those that nobody can, and goes on
# leaks: yes
# row: errors sync
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because it stops where each leg has a bad sector, and counts none of them
# raid1.ko-says: ^mismatches is '0'
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
mending_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
first=$(cat /sys/block/md100/md/rd0/offset)
# In one page a sector of each leg, in one a sector of both; far behind, legs that differ.
spoil a $((first + 8192)) 1
spoil b $((first + 8194)) 1
spoil a $((first + 12288)) 8
spoil b $((first + 12291)) 1
dd if=/dev/urandom of=/dev/mapper/b bs=512 seek=$((first + 30000)) count=2 oflag=direct status=none
dmesg_mark
echo check >/sys/block/md100/md/sync_action
wait_idle $array
expect_equal "mismatches" "$(</sys/block/md100/md/mismatch_cnt)" 2
run mdstat $array
run cat /sys/block/md100/md/rd0/bad_blocks /sys/block/md100/md/rd1/bad_blocks
for leg in a b; do
	for at in 8192 8194 12288 12295; do
		if spoiled $leg $((first + at)); then fail "sector $at of leg $leg can't be read"; fi
	done
	spoiled $leg $((first + 12291)) || fail "where is the data from?"
done
expect_equal "corrected on leg 0" "$(corrected $array 0)" 8
expect_equal "corrected on leg 1" "$(corrected $array 1)" 1
dmesg_since | grep -F 'unrecoverable I/O read error for block 12291' || fail "it does not say which is lost"
note "it is written, and all is well"
run dd if=/dev/urandom of=$array bs=512 seek=12288 count=8 oflag=direct status=none
echo repair >/sys/block/md100/md/sync_action
wait_idle $array
run cat /sys/block/md100/md/mismatch_cnt
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
