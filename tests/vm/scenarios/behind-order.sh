# SPDX-License-Identifier: GPL-2.0
# scenario: a write does not overtake one that overlaps it and is behind; others don't wait for that one
# row: write-behind
# disks: 2x32M
# timeout: 150
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
offset=$(<$md/rd1/offset)
# How many writes are held up.
at_leg() { dmsetup status slow | awk '$3 == "delay" { print $5 }'; }
at_leg_are() { (($(at_leg) == $1)); }
write() { dd if=/dev/urandom of=$array bs=4k seek="$1" count="$2" oflag=direct conv=notrunc status=none; }
write 0 1
hold_writes slow "$offset"
writers=()
write 0 1 && write 8 1
until_true 10 "two writes to come to the leg" at_leg_are 2
# raid1.ko lets the sender of these wait, too. (It isn't run here: on a busy machine it has hung, one time of three.)
write 0 1 &
writers+=($!)
write 8 1 &
writers+=($!)
write 16 1
until_true 10 "the third to come to the leg" at_leg_are 3
sleep 1
expect_equal "writes at the leg" "$(at_leg)" 3
for writer in "${writers[@]}"; do ends_well "$writer"; done
release_writes slow
quietly mdadm --stop $array
same_data "$(member 0)" "$(faulty_node slow)"
