# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that is being recovered, or a replacement, serves its finished part where no other can be read
# row: reads
# disks: 3x32M
# timeout: 240
# module: both
# raid1.ko: fails because it never asks a leg that is not in sync yet
# raid1.ko-says: in the finished part
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a missing
fill $array
sum=$(device_sum $array)
freeze_sync $array
quietly mdadm $array --add "$(member 1)"
sync_up_to $array 32768
freeze_sync $array
# So that reads try the other leg first.
echo writemostly >/sys/block/md100/md/rd1/state
# The data begins at sector 2048 of the leg.
expect_equal "where the data begins" "$(cat /sys/block/md100/md/rd0/offset)" 2048
leg_errors a reads $((2048 + 8192)) 16
expect_equal "the checksum with a bad sector in the finished part" "$(device_sum $array)" "$sum"
leg_errors a reads $((2048 + 50000)) 8
run_fails dd if=$array of=/dev/null bs=512 skip=50000 count=8 iflag=direct status=none
leg_heals a
thaw_sync $array
wait_whole $array
expect_equal "the checksum after the recovery" "$(device_sum $array)" "$sum"
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(member 1)"

note "and so does a replacement"
faulty_leg b "$(member 1)"
quietly mdadm --zero-superblock /dev/mapper/a /dev/mapper/b
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
sum=$(device_sum $array)
quietly mdadm $array --add "$(member 2)"
wait_idle $array
freeze_sync $array
quietly mdadm $array --replace /dev/mapper/a --with "$(member 2)"
sync_up_to $array 32768
freeze_sync $array
for leg in a b; do leg_errors $leg reads $((2048 + 8192)) 16; done
expect_equal "the checksum where only the replacement can be read" "$(device_sum $array)" "$sum"
for leg in a b; do leg_heals $leg; done
