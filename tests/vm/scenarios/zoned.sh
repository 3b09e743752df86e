# SPDX-License-Identifier: GPL-2.0
# scenario: zoned devices become legs, and the array says so: written in sequence they work, and nothing else does, as with raid1.ko
# row: operations
# disks: 2x32M
# timeout: 90
# module: compare
array=/dev/md100
load_module
# The first zones can be written anywhere, so that a superblock finds room.
modprobe null_blk nr_devices=0
make_zoned() {
	local device=/sys/kernel/config/nullb/$1
	mkdir "$device"
	echo 32 >"$device/size"
	echo 1 >"$device/memory_backed"
	echo 1 >"$device/zoned"
	echo 4 >"$device/zone_size"
	echo "$2" >"$device/zone_nr_conv"
	echo 1 >"$device/power"
	until_true 20 "the device $1" test -b "/dev/$1"
}
make_zoned zoned0 4
make_zoned zoned1 4
make_zoned zoned2 4
legs_up() { mdstat $array | grep -oE '\[[U_]+\]'; }
kind() { cat /sys/block/md100/queue/zoned; }
create() { quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$@"; }

note "two of them, written from the first sector to the last"
create /dev/zoned0 /dev/zoned1
run kind
fill $array
run legs_up
sum=$(device_sum $array)
keep_layout $array
note "a block in the middle of a zone that is full"
run_fails dd if=/dev/urandom of=$array bs=4k seek=5000 count=1 oflag=direct status=none
run legs_up
quietly mdadm --stop $array
same_data /dev/zoned0 /dev/zoned1
expect_equal "the checksum of a leg" "$(data_sum /dev/zoned0)" "$sum"

note "one that becomes a leg of an array that is not zoned, which says that it is from then on: what can be read is right"
create "$(member 0)" "$(member 1)"
run kind
fill $array
quietly mdadm $array --fail "$(member 1)"
remove_leg $array "$(member 1)"
quietly mdadm $array --add /dev/zoned2
wait_whole $array
run kind
run legs_up
# The leg can't take this, and the other one does.
dd if=/dev/urandom of=/run/data bs=4k count=1 status=none
run dd if=/run/data of=$array bs=4k seek=5000 count=1 oflag=direct status=none
run legs_up
for slot in 0 1; do
	for other in 0 1; do
		if ((slot == other)); then echo -writemostly; else echo writemostly; fi >"/sys/block/md100/md/rd$other/state"
	done
	quietly cmp -n 4096 -i $((5000 * 4096)):0 $array /run/data
	echo 1 >/proc/sys/vm/drop_caches
	device_sum $array >"/run/sum$slot"
done
cmp /run/sum0 /run/sum1
stop $array
rmdir /sys/kernel/config/nullb/zoned[012]
