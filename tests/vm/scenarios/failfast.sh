# SPDX-License-Identifier: GPL-2.0
# scenario: failfast legs fail at their first error, and the last one does not
# row: errors
# disks: 1x12M
# timeout: 180
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because one error on every leg at once leaves the array broken for writes
# raid1.ko-says: exit 1 from: dd
array=/dev/md100
other=$(member 0)
load_module
# Two disks whose driver tries again what it was not told to give up early.
modprobe sd_mod
modprobe scsi_debug dev_size_mb=12 add_host=2 per_host_store=1
disks() { find /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block -mindepth 1 -maxdepth 1 -printf '/dev/%f\n' 2>/dev/null; }
disks_are_there() { (($(disks | wc -l) == 2)) && [[ -b $(disks | head -n 1) && -b $(disks | tail -n 1) ]]; }
until_true 20 "the SCSI disks" disks_are_there
a=$(disks | head -n 1)
b=$(disks | tail -n 1)

# disk_errors DEVICE COUNT OPCODE: so many commands end with "aborted", for which the driver tries again.
disk_errors() {
	local address
	address=$(basename "$(readlink -f "/sys/block/${1##*/}/device")")
	echo "2 -$2 $3 0x0 0x0 0x2 0xb 0x0 0x0" >"/sys/kernel/debug/scsi_debug/$address/error"
}
READ=0x28 WRITE=0x2a

create() {
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none --failfast "$@"
	wait_clean $array
	mdadm --detail --verbose $array | expect_line - failfast
}
legs() { mdstat $array | grep -oE '\[[U_]+\]'; }
legs_are() { [[ $(legs) == "$1" ]]; }
restore() {
	remove_leg $array "$1"
	quietly mdadm $array --add "$1"
	wait_whole $array
}

note "without the flag the driver's second try is a success, and nobody sees an error"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$a" "$other"
# It stays active, so that it's no superblock that meets the errors.
echo 0 >"$(md_sysfs $array)/safe_mode_delay"
run dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct status=none
disk_errors "$a" 1 $WRITE
run dd if=/dev/urandom of=$array bs=64k count=16 oflag=direct status=none
disk_errors "$a" 1 $READ
run dd if=$array of=/dev/null bs=4k count=512 iflag=direct status=none
expect_equal "the legs" "$(legs)" "[UU]"

note "set while the array runs: the next error fails the leg"
echo failfast >"$(md_sysfs $array)/dev-${a##*/}/state"
run cat "$(md_sysfs $array)/dev-${a##*/}/state"
disk_errors "$a" 1 $WRITE
run dd if=/dev/urandom of=$array bs=64k count=16 oflag=direct status=none
until_true 20 "the leg to fail" legs_are "[_U]"
stop $array

note "a failed read: served by another leg, and the leg is gone"
create "$a" "$other"
fill $array
# Not by the array: a leg that seems slow then is not read when it's to fail.
keep_layout $array
sum=$(data_sum "$other")
wait_clean $array
disk_errors "$a" 1 $READ
# Several at once, so that each leg gets some.
quietly fio --name=read --filename=$array --ioengine=io_uring --direct=1 --rw=randread --norandommap --bs=64k --iodepth=8 \
	--size=100% --io_size=8M
until_true 20 "the leg to fail" legs_are "[_U]"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
restore "$a"

note "the last leg: it's not asked to fail fast, and stays"
quietly mdadm $array --fail "$other"
disk_errors "$a" 1 $READ
expect_equal "the checksum" "$(device_sum $array)" "$sum"
disk_errors "$a" 1 $WRITE
run dd if=/dev/urandom of=$array bs=64k count=16 oflag=direct status=none
sum=$(device_sum $array)
restore "$other"
expect_equal "the legs" "$(legs)" "[UU]"
stop $array

note "an error on every leg at once"
create "$a" "$b"
echo 0 >"$(md_sysfs $array)/safe_mode_delay"
fill $array
for round in 1 2; do
	disk_errors "$a" 1 $WRITE
	disk_errors "$b" 1 $WRITE
	run dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct status=none
	run dd if=/dev/urandom of=$array bs=64k count=16 seek=$round oflag=direct status=none
	sum=$(device_sum $array)
	case $(legs) in
	"[_U]") lost=$a ;;
	"[U_]") lost=$b ;;
	*) fail "the legs are $(legs)" ;;
	esac
	note "one leg is lost, and the other one goes on"
	restore "$lost"
	expect_equal "the checksum" "$(device_sum $array)" "$sum"
done
disk_errors "$a" 1 $READ
disk_errors "$b" 1 $READ
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
stop $array
same_data "$a" "$b"
