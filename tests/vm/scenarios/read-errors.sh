# SPDX-License-Identifier: GPL-2.0
# scenario: a read error on a leg is not seen by who reads: another leg has the data
# row: errors
# disks: 2x32M
# timeout: 150
# module: both
array=/dev/md100
load_module

# prefer SLOT: reads go to this leg, as long as it can be read.
prefer() {
	local slot
	for slot in 0 1; do
		if ((slot == $1)); then echo -writemostly; else echo writemostly; fi >"/sys/block/md100/md/rd$slot/state"
	done
}
expect_data() {
	expect_equal "the checksum $1" "$(device_sum $array)" "$sum"
	expect_equal "the legs $1" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
}

note "reads of a range fail"
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none \
	/dev/mapper/a /dev/mapper/b
fill $array
sum=$(device_sum $array)
dmesg_mark
prefer 0
# 24 KiB of its data, which lies across two requests of 16 KiB.
leg_errors a reads 8200 48
# The data begins 2048 sectors into the leg.
for at in 191 192 193 194; do
	expect_equal "16 KiB at bad sectors" "$(dd if=$array bs=16k skip=$at count=1 iflag=direct status=none | sha256sum)" \
		"$(dd if="$(member 1)" bs=16k skip=$((at + 64)) count=1 iflag=direct status=none | sha256sum)"
done
expect_data "with bad sectors on leg 0"
dmesg_since | expect_line - '^md/raid1:md100: (redirecting sector|.*read error)'
leg_heals a
expect_data "with leg 0 healed"
prefer 1
leg_errors b reads 20480 8
expect_data "with bad sectors on leg 1"
leg_heals b

note "bad sectors on both, not the same ones"
leg_errors a reads 10240 8
leg_errors b reads 30720 8
for slot in 0 1; do
	prefer $slot
	expect_data "with bad sectors on both, leg $slot first"
done
leg_heals a
leg_heals b
quietly mdadm --stop $array
quietly mdadm --zero-superblock /dev/mapper/a /dev/mapper/b

note "a disk says MEDIUM ERROR"
modprobe sd_mod
modprobe scsi_debug dev_size_mb=32 max_luns=1 delay=0 medium_error_start=12288 medium_error_count=16 opts=0
until_true 20 "the SCSI disk" test -b /dev/sda
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none \
	/dev/sda /dev/mapper/a
fill $array
sum=$(device_sum $array)
prefer 0
echo 2 >/sys/bus/pseudo/drivers/scsi_debug/opts
expect_data "with medium errors"
echo 0 >/sys/bus/pseudo/drivers/scsi_debug/opts
quietly mdadm --stop $array
rmmod scsi_debug
