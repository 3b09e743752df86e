# SPDX-License-Identifier: GPL-2.0
# scenario: legs with protection information: the array has it, it finds what went bad on a leg, and a leg without is refused
# row: operations
# disks: 1x32M
# timeout: 150
# module: compare
array=/dev/md100
load_module
modprobe sd_mod
modprobe scsi_debug dev_size_mb=32 add_host=3 per_host_store=1 max_luns=1 dif=1 dix=1 delay=0
until_true 30 "the SCSI disks" test -b /dev/sda -a -b /dev/sdb -a -b /dev/sdc

profile() {
	local file
	for file in /sys/block/md100/integrity/*; do echo "${file##*/} $(<"$file")"; done
}
legs_up() { mdstat $array | grep -oE '\[[U_]+\]'; }

# No bitmap: md changes its pages while they are being written, and the checksums are then wrong.
run mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none --size=24M /dev/sda /dev/sdb
wait_whole $array
run profile
expect_equal "the leg's profile" "$(</sys/block/sda/integrity/format)" "T10-DIF-TYPE1-CRC"
quietly fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-512k \
	--size=24M --io_size=24M --iodepth=8 --verify=crc32c --verify_fatal=1
fill $array
sum=$(device_sum $array)

note "data that changed on a leg behind its protection: it is read from the other one, and written again"
offset=$(cat /sys/block/md100/md/rd0/offset)
echo 0 >/sys/block/sda/integrity/write_generate
dd if=/dev/urandom of=/dev/sda bs=4k seek=$((offset / 8 + 1000)) count=1 oflag=direct status=none
echo 1 >/sys/block/sda/integrity/write_generate
corrupt() { ! dd if=/dev/sda of=/dev/null bs=4k skip=$((offset / 8 + 1000)) count=1 iflag=direct status=none 2>/run/dd.log; }
corrupt || fail "it should be seen that the data is wrong"
echo writemostly >/sys/block/md100/md/rd1/state
expect_equal "the checksum" "$(device_sum $array)" "$sum"
healed() { ! corrupt; }
until_true 30 "the leg to be repaired" healed
echo -writemostly >/sys/block/md100/md/rd1/state

quietly mdadm $array --fail /dev/sdb
remove_leg $array /dev/sdb
note "a leg without protection information"
dmesg_mark
run mdadm $array --add "$(member 0)"
refused() { dmesg_since | grep -q 'incompatible integrity profile'; }
until_true 20 "it to be refused" refused
run legs_up
run mdadm $array --remove "$(member 0)"
run profile
note "one with"
run mdadm $array --add /dev/sdc
wait_whole $array
run profile
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
run mdadm --stop $array
same_data /dev/sda /dev/sdc

note "made of one with and one without"
quietly mdadm --zero-superblock /dev/sda /dev/sdc
run_fails mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none --size=24M /dev/sda "$(member 0)"
run mdstat $array
rmmod scsi_debug
