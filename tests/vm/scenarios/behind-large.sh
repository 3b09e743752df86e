# SPDX-License-Identifier: GPL-2.0
# scenario: a write that is larger than the copy of one can be waits for all legs
# row: write-behind
# timeout: 120
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
# Disks that take requests of 4 MiB.
modprobe null_blk nr_devices=0
disk() {
	local dir=/sys/kernel/config/nullb/$1
	mkdir "$dir"
	echo 1 >"$dir/memory_backed"
	echo 48 >"$dir/size"
	echo 8192 >"$dir/max_sectors"
	echo 1 >"$dir/power"
}
disk fast
disk late
fast=/dev/fast
gated_leg slow /dev/late
behind_array $array "$fast" /dev/mapper/slow
expect_equal "the largest request, in KiB" "$(<${md%/md}/queue/max_sectors_kb)" 4096
echo 8 >/proc/sys/vm/nr_hugepages
# write KIB AT: in one request, from memory in one piece.
write() {
	fio --name=write --filename=$array --ioengine=sync --direct=1 --rw=write --bs="$1k" --offset="$2m" --size="$1k" \
		--iomem=mmaphuge --number_ios=1 >/run/fio.log 2>&1 || fail "fio: $(tail -n 5 /run/fio.log)"
}
write 2048 0
hold_writes slow "$(<$md/rd1/offset)"
note "1 MiB ends though one leg doesn't get it"
write 1024 8
note "and 2 MiB don't"
write 2048 16 &
writer=$!
still_waits $writer
release_writes slow
ends_well $writer
stop $array
same_data "$fast" "$(faulty_node slow)"
