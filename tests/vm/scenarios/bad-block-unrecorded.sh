# SPDX-License-Identifier: GPL-2.0
# scenario: a bad block that md doesn't know to be on disk is written to disk again, for whoever wants to write there
# row: errors
# disks: 2x12M
# timeout: 60
# module: both
# raid1.ko: hangs because nobody asks md to write it
# raid1.ko-says: md is not told of this one
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
fill $array
stay_active $array
offset=$(<$md/rd0/offset)
write_to() { dd if=/dev/urandom of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
note "from the first failed write on, bad blocks matter to writes"
leg_errors a writes $((offset + 8000)) 8
run write_to 1000
leg_heals a
expect_equal "bad blocks" "$(<$md/rd0/bad_blocks)" "$((offset + 8000)) 8"
note "md is not told of this one"
# It's the same as with one that comes in the middle of a write of the superblock.
echo "$((offset + 16000)) 8" >$md/rd0/unacknowledged_bad_blocks
expect_equal "bad blocks not on disk" "$(<$md/rd0/unacknowledged_bad_blocks)" "$((offset + 16000)) 8"
run write_to 2000
expect_equal "bad blocks not on disk" "$(<$md/rd0/unacknowledged_bad_blocks)" ""
run write_to 500
expect_equal "the state" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
