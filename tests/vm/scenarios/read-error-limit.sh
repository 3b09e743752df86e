# SPDX-License-Identifier: GPL-2.0
# scenario: a leg with more read errors than max_read_errors fails, with raid1.ko's lines in the log
# row: errors
# disks: 2x32M
# timeout: 150
# module: compare
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
fill $array
sum=$(device_sum $array)
first=$(cat /sys/block/md100/md/rd0/offset)
run cat /sys/block/md100/md/max_read_errors
echo 3 >/sys/block/md100/md/max_read_errors
dmesg_mark
prefer $array 0
for error in 1 2 3; do
	spoil a $((first + 4096 * error)) 8
	run read_at $array $((4096 * error)) 8
	wait_corrected $array 0 $((8 * error))
done
run mdstat $array
note "one more"
spoil a $((first + 20480)) 8
run read_at $array 20480 8
until_true 20 "the leg to have failed" md_is $array degraded 1
run mdstat $array
told() { dmesg_since | grep -q 'Operation continuing'; }
until_true 20 "the log to tell" told
dmesg_since | grep -E 'md/raid1.*(corrected|exceeded|Failing|Disk failure|continuing)'
expect_equal "the checksum" "$(device_sum $array)" "$sum"
