# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that is added during a recovery does not start the other one's over
# row: membership sync
# disks: 3x32M
# timeout: 120
# module: both
# raid1.ko: fails because it writes the first leg's finished part again
# raid1.ko-says: written to the first leg, which lacked
array=/dev/md100
load_module
half=32768
quietly mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=none "$(member 0)" missing missing
fill $array
sum=$(device_sum $array)
freeze_sync $array
quietly mdadm $array --add "$(member 1)"
sync_up_to $array $half
freeze_sync $array
quietly mdadm $array --add "$(member 2)"
first=$(sectors_written "$(member 1)")
second=$(sectors_written "$(member 2)")
# What is written meanwhile reaches all of them, finished part or not.
for at in 3 $((half / 8 + 3)); do
	dd if=/dev/urandom of=$array bs=4k seek=$at count=1 oflag=direct conv=notrunc status=none
done
sum=$(device_sum $array)
thaw_sync $array
wait_whole $array
keep_layout $array
size=$(blockdev --getsz $array)
first=$(($(sectors_written "$(member 1)") - first))
second=$(($(sectors_written "$(member 2)") - second))
# Superblocks are written, too.
((second >= size && second < size + 4096)) || fail "$second of $size sectors were written to the second leg"
((first >= size - half && first < size - half + 4096)) ||
	fail "$first sectors were written to the first leg, which lacked $((size - half))"
note "each leg got what it lacked"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
stop $array
all_same "$(member 0)" "$(member 1)" "$(member 2)"
