# SPDX-License-Identifier: GPL-2.0
# scenario: errors of legs with blocks of 4096 bytes are repaired, narrowed and recorded in whole blocks
# row: operations errors
# disks: 2x32M
# timeout: 240
# module: both
# raid1.ko: fails because it records one sector of a leg of 512 bytes, and then cuts requests inside of a block
# raid1.ko-says: bad blocks is '4097 1', and not '4096 8'
. /payload/guest/mending.sh
array=/dev/md100
load_module
modprobe loop
truncate -s 32M /run/a.img /run/b.img
large_a=$(losetup --show --find --sector-size 4096 /run/a.img)
large_b=$(losetup --show --find --sector-size 4096 /run/b.img)

bad() { cat "/sys/block/md100/md/rd$1/bad_blocks"; }
bad_is() { [[ $(bad "$1") == "$2" ]]; }
legs_up() { mdstat $array | grep -oE '\[[U_]+\]'; }
offset() { cat "/sys/block/md100/md/rd$1/offset"; }
# write_at SECTOR COUNT: random data.
write_at() { dd if=/dev/urandom of=$array bs=$(($2 * 512)) oflag=direct,seek_bytes seek=$(($1 * 512)) count=1 status=none; }

note "4096 on both: a block that can't be read is written again"
mending_leg a "$large_a"
faulty_leg b "$large_b"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M /dev/mapper/a /dev/mapper/b
fill $array
sum=$(device_sum $array)
spoil a $(($(offset 0) + 4096)) 8
prefer $array 0
run read_at $array 4096 128
wait_corrected $array 0 8
spoiled a $(($(offset 0) + 4096)) && fail "it should be readable again"
expect_equal "the checksum" "$(device_sum $array)" "$sum"

note "and by a check"
spoil a $(($(offset 0) + 8192 + 16)) 8
echo check >/sys/block/md100/md/sync_action
wait_idle $array
readable() { ! spoiled a $(($(offset 0) + 8192 + 16)); }
until_true 30 "it to be readable again" readable

note "one that can't be written becomes a bad block of 4096 bytes, until it can"
leg_errors b writes $(($(offset 1) + 1016)) 8
run write_at 1000 64
expect_equal "bad blocks" "$(bad 1)" "$(($(offset 1) + 1016)) 8"
leg_heals b
# Bad blocks are tried again after the next start.
quietly mdadm --stop $array
quietly mdadm --assemble $array /dev/mapper/a /dev/mapper/b
run write_at 1000 64
until_true 20 "the bad block to be cleared" bad_is 1 ""
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"

note "4096 beside 512: a sector that can't be written takes its block with it"
quietly mdadm --zero-superblock /dev/mapper/a /dev/mapper/b
faulty_leg c "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M /dev/mapper/c /dev/mapper/b
fill $array
leg_errors c all $(($(offset 0) + 2049)) 1
run write_at 2048 64
expect_equal "bad blocks" "$(bad 0)" "$(($(offset 0) + 2048)) 8"
run read_at $array 2048 8
run write_at 2040 24
run read_at $array 2040 24
expect_equal "the legs" "$(legs_up)" "[UU]"
leg_heals c
quietly mdadm --stop $array
quietly mdadm --assemble $array /dev/mapper/c /dev/mapper/b
run write_at 2048 8
until_true 20 "the bad block to be cleared" bad_is 0 ""
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node c)" "$(faulty_node b)"

note "a leg of 4096 that was a spare of 512: what can't be read for it is a block"
quietly mdadm --zero-superblock /dev/mapper/b /dev/mapper/c
dmsetup remove b
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none --size=24M /dev/mapper/c "$(member 1)"
fill $array
wait_clean $array
quietly mdadm $array --add "$large_b"
quietly mdadm --stop $array
quietly mdadm --assemble $array /dev/mapper/c "$(member 1)" "$large_b"
expect_equal "the array's block" "$(</sys/block/md100/queue/logical_block_size)" 4096
first=$(offset 0)
leg_errors c reads $((first + 4099)) 1
quietly mdadm --readwrite $array
quietly mdadm $array --fail "$(member 1)"
wait_whole $array 40
expect_equal "the legs" "$(legs_up)" "[UU]"
expect_equal "bad blocks" "$(bad 1)" "$((first + 4096)) 8"
# A part of a block that the leg would not take is no error of the leg.
expect_equal "what is said of the leg" "$(</sys/block/md100/md/rd1/state)" "in_sync"
run_fails read_at $array 4096 8
run read_at $array 4104 64
run read_at $array 4032 64
leg_heals c
