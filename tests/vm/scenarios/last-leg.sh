# SPDX-License-Identifier: GPL-2.0
# scenario: the last leg stays: --fail is refused, an error is only an error, and writes go on
# row: errors
# disks: 2x32M
# timeout: 120
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because a refused --fail, or one bad sector, makes the array unwritable for good
# raid1.ko-says: writes to go on
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --metadata=0.90 --bitmap=none \
	/dev/mapper/a "$(member 1)"
fill $array
quietly mdadm $array --fail "$(member 1)"
remove_leg $array "$(member 1)"

note "a refused --fail has no effect"
dmesg_mark
run_fails mdadm $array --fail /dev/mapper/a
# md itself refuses those that come before the daemon has taken its flag back.
writes_go_on() { dd if=/dev/urandom of=$array bs=64k count=16 oflag=direct status=none 2>/run/dd.log; }
until_true 20 "writes to go on" writes_go_on
sum=$(device_sum $array)
run_fails mdadm $array --fail /dev/mapper/a
run_fails mdadm $array --fail /dev/mapper/a
expect_equal "the checksum" "$(device_sum $array)" "$sum"
until_true 20 "writes to go on" writes_go_on
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[U_]"
expect_equal "dmesg lines about a failed disk" "$(dmesg_since | grep -c 'Disk failure' || true)" 0

note "a sector that can't be written: an error there, and nowhere else"
leg_errors a writes 16384 8
run_fails dd if=/dev/urandom of=$array bs=4k seek=2048 count=1 oflag=direct status=none
run dd if=/dev/urandom of=$array bs=64k count=64 oflag=direct status=none
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[U_]"
leg_heals a
run dd if=/dev/urandom of=$array bs=4k seek=2048 count=1 oflag=direct status=none

note "a sector that can't be read: the same"
leg_errors a reads 16384 8
run_fails dd if=$array of=/dev/null bs=4k skip=2048 count=1 iflag=direct status=none
run dd if=$array of=/dev/null bs=64k count=64 iflag=direct status=none
leg_heals a
run dd if=/dev/urandom of=$array bs=64k seek=100 count=64 oflag=direct status=none

note "a leg can be added, and the mirror is whole again"
run mdadm $array --add "$(member 1)"
wait_whole $array
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(member 1)"

note "a bitmap that can't be written: data is, and no write fails meanwhile"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal \
	--bitmap-chunk=64K /dev/mapper/a missing
# Superblock at 8, bitmap at 16.
leg_errors a writes 16 8
quietly fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bs=4k --iodepth=8 \
	--size=24M --number_ios=2000 --numjobs=2
expect_line <(dmesg) "super_written gets error"
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[U_]"
leg_heals a
