# SPDX-License-Identifier: GPL-2.0
# scenario: a sector that a leg can't read is written again from another leg, counted, and can be read then
# leaks: yes
# row: errors
# disks: 2x32M
# timeout: 150
# module: compare
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
mending_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
sum=$(device_sum $array)
first=$(cat /sys/block/md100/md/rd0/offset)
note "a page of leg 0, and one of leg 1"
spoil a $((first + 4096)) 8
spoil b $((first + 8192)) 8
spoiled a $((first + 4096)) || fail "it should not be readable"
prefer $array 0
run read_at $array 4096 8
wait_corrected $array 0 8
prefer $array 1
run read_at $array 8192 8
wait_corrected $array 1 8
spoiled a $((first + 4096)) && fail "it should be readable again"
spoiled b $((first + 8192)) && fail "it should be readable again"

note "in the middle of a large read, which has its data at once"
spoil a $((first + 16384 + 64)) 16
prefer $array 0
run read_at $array 16384 256
wait_corrected $array 0 24
told() { (($(dmesg_lines "read error corrected" | wc -l) == 4)); }
until_true 20 "the log to tell" told
dmesg_lines "read error corrected"
expect_equal "the checksum" "$(device_sum $array)" "$sum"

note "a read-only array is not written to"
run mdadm --readonly $array
before=$(sectors_written "$(member 0)")
spoil a $((first + 20480)) 8
prefer $array 0
run read_at $array 20480 8
expect_equal "sectors written" "$(sectors_written "$(member 0)")" $((before + 8))
expect_equal "corrected" "$(corrected $array 0)" 24
spoiled a $((first + 20480)) || fail "nobody should have written there"
run mdadm --readwrite $array
prefer $array 0
run read_at $array 20480 8
wait_corrected $array 0 32
run mdstat $array
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
