# SPDX-License-Identifier: GPL-2.0
# scenario: a stop, and a change that stops all writes, wait for what is behind
# row: write-behind
# disks: 2x32M
# timeout: 150
# raid1.ko now and then makes such a write wait for the slow leg as well: see behind-quick-leg.
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
offset=$(<$md/rd1/offset)
behind() {
	dd if=/dev/urandom of=$array bs=64k seek="$1" count=4 oflag=direct conv=notrunc status=none
	hold_writes slow "$offset"
	dd if=/dev/urandom of=$array bs=64k seek="$1" count=4 oflag=direct conv=notrunc status=none
}

note "the bitmap is taken away"
run behind 0
mdadm --grow $array --bitmap=none &
change=$!
still_waits $change
release_writes slow
wait $change || fail "the change failed"
change_bitmap $array internal --write-behind=64
run cat $md/bitmap/backlog
echo 100 >$md/bitmap/time_base

note "the array is stopped"
echo 100 >$md/bitmap/time_base
run behind 32
mdadm --stop $array &
change=$!
still_waits $change
release_writes slow
wait $change || fail "the stop failed"
same_data "$(member 0)" "$(faulty_node slow)"
unload_module
