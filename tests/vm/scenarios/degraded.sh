# SPDX-License-Identifier: GPL-2.0
# scenario: created with a leg missing; a leg is added; a spare takes over from a failed one
# row: run membership
# disks: 3x16M
# timeout: 240
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
spare=$(member 2)
load_module
fill "$second"
fill "$spare"

run mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$first" missing
run mdstat $array
fill $array
sum=$(device_sum $array)
run mdadm $array --add "$second"
wait_whole $array
run mdstat $array
keep_layout $array
freeze_sync $array
run mdadm $array --add "$spare"
run mdstat $array
keep_layout $array
thaw_sync $array

dmesg_mark
run mdadm $array --fail "$first"
wait_whole $array
wait_clean $array
dmesg_since | grep md/raid1
run mdstat $array
run mdadm --detail $array
expect_equal "the checksum on the legs that were added" "$(device_sum $array)" "$sum"
run mdadm $array --remove "$first"
# Which the first leg does not have.
fill $array
sum=$(device_sum $array)
wait_clean $array
run mdadm --stop $array
same_data "$second" "$spare"

note "the first leg is out of date, and must not be taken for good"
run mdadm --assemble $array "$first" "$second" "$spare"
wait_idle $array
run mdstat $array
expect_equal "the checksum after assembly" "$(device_sum $array)" "$sum"
