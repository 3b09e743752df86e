# SPDX-License-Identifier: GPL-2.0
# scenario: bad blocks that a resync could write are none any more
# row: errors sync
# disks: 2x32M
# timeout: 120
# module: compare
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
first=$(cat /sys/block/md100/md/rd0/offset)
leg_errors b writes $((first + 8192)) 8 $((first + 20480)) 8
fill $array
sum=$(device_sum $array)
until_true 20 "bad blocks to be recorded" grep -q $((first + 20480)) /sys/block/md100/md/rd1/bad_blocks
run cat /sys/block/md100/md/rd1/bad_blocks
leg_heals b
quietly mdadm --stop $array
note "after a restart a resync tries it"
quietly mdadm --assemble $array --update=resync /dev/mapper/a /dev/mapper/b
run cat /sys/block/md100/md/rd1/bad_blocks
quietly mdadm --readwrite $array
wait_whole $array
cleared() { [[ -z $(cat /sys/block/md100/md/rd1/bad_blocks) ]]; }
until_true 20 "the bad blocks to be cleared" cleared
run mdstat $array
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
note "and for good"
run mdadm --examine-badblocks /dev/mapper/b
