# SPDX-License-Identifier: GPL-2.0
# scenario: read errors of the last leg are errors of the reader: no limit fails it, writes go on, and a write heals
# row: errors
# disks: 2x32M
# timeout: 150
# module: compare
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
fill $array
quietly mdadm $array --fail "$(member 1)"
remove_leg $array "$(member 1)"
first=$(cat /sys/block/md100/md/rd0/offset)
echo 1 >/sys/block/md100/md/max_read_errors
for at in 4096 8192 12288; do
	spoil a $((first + at)) 8
	run_fails read_at $array $at 8
	run read_at $array $((at + 8)) 8
done
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[U_]"
expect_equal "bad blocks" "$(cat /sys/block/md100/md/rd0/bad_blocks)" ""
run dd if=/dev/urandom of=$array bs=4k seek=512 count=1 oflag=direct status=none
run read_at $array 4096 8
run_fails read_at $array 8192 8
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[U_]"
