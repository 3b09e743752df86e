# SPDX-License-Identifier: GPL-2.0
# scenario: changes of shape that are not possible are refused, with a line that says why, and change nothing
# row: shape
# disks: 2x48M
# module: compare
array=/dev/md100
md=/sys/block/md100/md
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --size=24M --bitmap=none \
	"$(member 0)" "$(member 1)"
fill $array
sum=$(device_sum $array)
keep_layout $array
shape() {
	mdstat $array
	cat $md/chunk_size $md/layout $md/raid_disks $md/component_size $md/array_size
}

# refused VALUE FILE REASON: writes to a file in the array's sysfs. The reason is in our log; raid1.ko gives none.
refused() {
	local reason=$3
	dmesg_mark
	note "$1 to $2"
	run_fails sh -c "echo $1 >$md/$2"
	if [[ $MODULE == rs ]]; then dmesg_since | expect_line - "md/raid1:md100: $reason"; fi
	shape
	expect_equal "the checksum" "$(device_sum $array)" "$sum"
}
shape
refused 65536 chunk_size "has neither chunks nor a layout to change"
refused 2 layout "has neither chunks nor a layout to change"
refused 1 raid_disks "not changed to 1 mirrors: more devices have a slot"
run sh -c "echo 16384 >$md/array_size"
sum=$(device_sum $array)
refused 8192 component_size "not resized: array_size was set to 16384 KiB"
run sh -c "echo default >$md/array_size"
run sh -c "echo 8192 >$md/component_size"
shape
stop $array
same_data "$(member 0)" "$(member 1)"
unload_module
