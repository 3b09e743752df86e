# SPDX-License-Identifier: GPL-2.0
# scenario: who wrote to a block that went bad hears of it when that is on disk, and who writes there next waits, too
# row: errors
# disks: 2x12M
# timeout: 180
# module: both
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg a "$(member 0)"
gated_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
stay_active $array
write() { dd if=/dev/urandom of=$array bs=4k seek=1000 count=1 oflag=direct conv=notrunc status=none; }
# Now the metadata tells that there are writes.
write
offset=$(<$md/rd0/offset)
size=$(blockdev --getsz "$(member 1)")
leg_errors a writes $((offset + 8000)) 8
note "the other leg gets its superblock and its list late"
gate_table b "0 $offset delay $(member 1) 0 0 $(member 1) 0 8000
$offset $((size - offset)) linear $(member 1) $offset"
write &
first=$!
until_true 20 "the bad block" grep -q . $md/rd0/unacknowledged_bad_blocks
write &
second=$!
still_waits $first
still_waits $second
ends_well $first
ends_well $second
expect_equal "bad blocks" "$(<$md/rd0/bad_blocks)" "$((offset + 8000)) 8"
expect_equal "bad blocks not on disk" "$(<$md/rd0/unacknowledged_bad_blocks)" ""
