# SPDX-License-Identifier: GPL-2.0
# scenario: while a resync is due, reads spare a write-mostly leg, and it is the leg they come from that is copied
# row: reads sync
# disks: 3x24M
# timeout: 120
# module: both
# raid1.ko: fails because such reads all go to slot 0, write-mostly or not
# raid1.ko-says: the write-mostly leg was read
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
load_module
for leg in "${legs[@]}"; do fill "$leg"; done
sync_speed 1
quietly mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
freeze_sync $array
echo writemostly >/sys/block/md100/md/rd0/state
before=$(sectors_read "${legs[0]}")
sum=$(device_sum $array)
read_there=$(($(sectors_read "${legs[0]}") - before))
size=$(blockdev --getsz $array)
note "$read_there of $size sectors were read from the write-mostly leg"
# What has been resynced already may be read anywhere else, too; that is no more than a few units.
((read_there < size / 4)) || fail "the write-mostly leg was read"
expect_equal "what is read the second time" "$(device_sum $array)" "$sum"
thaw_sync $array
wait_whole $array
expect_equal "what is read after the resync" "$(device_sum $array)" "$sum"
keep_layout $array
quietly mdadm --stop $array
all_same "${legs[@]}"
