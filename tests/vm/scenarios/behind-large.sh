# SPDX-License-Identifier: GPL-2.0
# scenario: a write that is larger than a copy of it can be waits for all legs, and all get it
# row: write-behind
# disks: 2x32M
# timeout: 150
# module: both
array=/dev/md100
md=/sys/block/md100/md
load_module
modprobe brd rd_nr=2 rd_size=32768
gated_leg slow /dev/ram1
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --write-behind=64 \
	/dev/ram0 --write-mostly /dev/mapper/slow
keep_layout $array
fill $array
echo 100 >$md/safe_mode_delay
echo 100 >$md/bitmap/time_base
offset=$(<$md/rd1/offset)
echo 4096 >/sys/block/md100/queue/max_sectors_kb
echo 8 >/proc/sys/vm/nr_hugepages
# write SIZE OFFSET: one write, from memory that is in few pieces.
write() {
	fio --name=load --filename=$array --direct=1 --rw=write --ioengine=psync --bs="$1" --offset="$2" --io_size="$1" \
		--iomem=mmaphuge --allow_file_create=0 >/run/fio.log 2>&1 || fail "fio: $(tail -n 5 /run/fio.log)"
}
requests() { awk '{ print $5 }' /sys/block/ram0/stat; }
before=$(requests)
write 4M 0
note "requests for 4 MiB: $(($(requests) - before))"
hold_writes slow "$offset"
write 512k 8M
expect_equal "how many were behind" "$(<$md/bitmap/max_backlog_used)" 1
if [[ $MODULE == rs ]]; then
	# raid1.ko makes four of it, which are behind.
	(($(requests) - before < 8)) || fail "the request was not a large one"
	write 4M 4M &
	large=$!
	still_waits $large
	release_writes slow
	wait $large
else
	write 4M 4M
	release_writes slow
fi
echo 0 >/proc/sys/vm/nr_hugepages
quietly mdadm --stop $array
same_data /dev/ram0 "$(faulty_node slow)"
