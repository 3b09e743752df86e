# SPDX-License-Identifier: GPL-2.0
# scenario: power lost while slot 0 was being rebuilt: nothing that was not rebuilt is ever read
# row: reads trust
# disks: 6x24M
# timeout: 150
# module: both
# raid1.ko: fails because it reads the first leg where a resync is due, recovered or not
# raid1.ko-says: the checksum
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
mapfile -t copies < <(members 3 4 5)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
fill $array
quietly mdadm $array --fail "${legs[0]}"
remove_leg $array "${legs[0]}"
fill $array
sum=$(device_sum $array)
quietly mdadm --zero-superblock "${legs[0]}"
freeze_sync $array
quietly mdadm $array --add "${legs[0]}"
sync_up_to $array 8192
freeze_sync $array
# The array stays dirty, as with writes under way. What is written is what is there already.
stay_active $array
dd if=$array of=/run/block bs=4k count=1 iflag=direct status=none
dd if=/run/block of=$array bs=4k count=1 oflag=direct conv=notrunc status=none
expect_equal "the array's state" "$(cat /sys/block/md100/md/array_state)" active
note "the power is lost now: this is what is on the disks"
for disk in 0 1 2; do
	dd if="${legs[disk]}" of="${copies[disk]}" bs=1M iflag=direct oflag=direct status=none
done
quietly mdadm --stop $array
quietly mdadm --zero-superblock "${legs[@]}"

quietly mdadm --assemble --readonly $array "${copies[@]}"
mdstat $array
mdstat $array | expect_line - '\[3/2\] \[_UU\]'
expect_equal "the checksum, read-only" "$(device_sum $array)" "$sum"
sync_speed 1
quietly mdadm --readwrite $array
wait_sync_started $array
expect_equal "the checksum while the sync begins" "$(device_sum $array)" "$sum"
sync_speed 1000000
wait_whole $array
expect_equal "the checksum after the sync" "$(device_sum $array)" "$sum"
keep_layout $array
quietly mdadm --stop $array
all_same "${copies[@]}"
