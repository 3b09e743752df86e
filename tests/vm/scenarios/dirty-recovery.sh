# SPDX-License-Identifier: GPL-2.0
# scenario: power lost while one of two legs was being rebuilt: a write that had reached only one of them is on both in the end
# row: sync trust
# disks: 4x24M
# timeout: 120
# module: both
# raid1.ko: fails because it takes the recovered part of a leg for equal, though writes to it were under way
# raid1.ko-says: the checksum
array=/dev/md100
mapfile -t legs < <(members 0 1)
mapfile -t copies < <(members 2 3)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "${legs[0]}" missing
fill $array
freeze_sync $array
quietly mdadm $array --add "${legs[1]}"
sync_up_to $array 16384
freeze_sync $array
# The array stays dirty, as with writes under way. What is written is what is there already.
stay_active $array
dd if=$array of=/run/block bs=4k count=1 iflag=direct status=none
dd if=/run/block of=$array bs=4k count=1 oflag=direct conv=notrunc status=none
expect_equal "the array's state" "$(cat /sys/block/md100/md/array_state)" active
sum=$(device_sum $array)
keep_layout $array
note "the power is lost now: this is what is on the disks"
for disk in 0 1; do
	dd if="${legs[disk]}" of="${copies[disk]}" bs=1M iflag=direct oflag=direct status=none
	mv "/run/layout.${legs[disk]##*/}" "/run/layout.${copies[disk]##*/}"
done
quietly mdadm --stop $array
quietly mdadm --zero-superblock "${legs[@]}"
note "a write to the recovered part has reached the first leg, and not the second"
read -r offset _ <"/run/layout.${copies[1]##*/}"
dd if=/dev/urandom of="${copies[1]}" bs=512 seek=$((offset + 4096)) count=64 oflag=direct conv=notrunc status=none

quietly mdadm --assemble --readonly $array "${copies[@]}"
mdstat $array | expect_line - '\[2/1\] \[U_\]'
expect_equal "the checksum, read-only" "$(device_sum $array)" "$sum"
quietly mdadm --readwrite $array
wait_whole $array
expect_equal "the checksum after the recovery" "$(device_sum $array)" "$sum"
quietly mdadm --stop $array
same_data "${copies[@]}"
