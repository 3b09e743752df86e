# SPDX-License-Identifier: GPL-2.0
# scenario: arrays of 1, 2, 3 and 8 legs; each leg has all of the data, and is read
# row: run
# disks: 8x12M
# timeout: 300
# module: compare
array=/dev/md100
load_module
# Anew each time: a leg that seemed slow at first is hardly read for long.
each_is_read() {
	local slot leg before=()
	stop $array
	quietly mdadm --assemble $array "${legs[@]}"
	for leg in "${legs[@]}"; do before+=("$(sectors_read "$leg")"); done
	quietly fio --name=read --filename=$array --ioengine=io_uring --direct=1 --rw=randread --norandommap --bs=4k --iodepth=32 \
		--size=8M --io_size=4M
	for ((slot = 0; slot < count; slot++)); do
		(($(sectors_read "${legs[slot]}") - before[slot] > 128)) || return 1
	done
}
fill "$(member 0)"
for count in 1 2 3 8; do
	note "$count legs"
	mapfile -t legs < <(members $(seq 0 $((count - 1))))
	dmesg_mark
	run mdadm --create $array --run --force --level=1 --raid-devices=$count --bitmap=none "${legs[@]}"
	wait_whole $array
	dmesg_since | grep md/raid1
	fill $array
	sum=$(device_sum $array)
	run mdstat $array
	until_true 20 "each leg to be read" each_is_read
	keep_layout $array
	run mdadm --stop $array
	all_same "${legs[@]}"
	# --run: it is degraded, and mdadm wants to hear that this is meant.
	run mdadm --assemble --run --readonly $array "${legs[-1]}"
	run mdstat $array
	expect_equal "the checksum on the last leg alone" "$(device_sum $array)" "$sum"
	run mdadm --stop $array
	run mdadm --zero-superblock "${legs[@]}"
done
