# SPDX-License-Identifier: GPL-2.0
# scenario: the bitmap is taken away, and the array stopped, while a write fails that is behind
# row: write-behind
# disks: 2x32M
# timeout: 75
# module: both
# raid1.ko: hangs because the bitmap stays until the write has ended, and the write waits for the superblock, which can't be written meanwhile
# raid1.ko-says: it waits|the bitmap is taken away
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg bad "$(member 1)"
gated_leg slow /dev/mapper/bad
behind_array $array "$(member 0)" /dev/mapper/slow
offset=$(<$md/rd1/offset)
behind() {
	dd if=/dev/urandom of=$array bs=64k seek="$1" count=4 oflag=direct conv=notrunc status=none
	hold_writes slow "$offset"
	dd if=/dev/urandom of=$array bs=64k seek="$1" count=4 oflag=direct conv=notrunc status=none
}

note "the bitmap is taken away"
behind 0
mdadm --grow $array --bitmap=none &
change=$!
still_waits $change
leg_errors bad writes $((offset + 128)) 8
release_writes slow
wait $change || fail "the change failed"
until_true 20 "bad blocks to be recorded" grep -q . $md/rd1/bad_blocks
expect_equal "the bad blocks" "$(<$md/rd1/bad_blocks)" "$((offset + 128)) 8"
change_bitmap $array internal --write-behind=64
echo 100 >$md/bitmap/time_base

note "the array is stopped"
behind 16
mdadm --stop $array &
change=$!
still_waits $change
leg_errors bad writes $((offset + 2048)) 8
release_writes slow
wait $change || fail "the stop failed"
leg_heals bad
quietly mdadm --assemble $array "$(member 0)" /dev/mapper/slow
expect_equal "the bad blocks" "$(tr '\n' , <$md/rd1/bad_blocks)" "$((offset + 128)) 8,$((offset + 2048)) 8,"
fill $array
until_true 20 "bad blocks to be cleared" is_empty $md/rd1/bad_blocks
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
