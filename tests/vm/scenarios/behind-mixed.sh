# SPDX-License-Identifier: GPL-2.0
# scenario: with write-behind, random writes of all sizes that overlap leave both legs with the same data
# row: write-behind
# disks: 2x48M
# timeout: 120
# module: both
# raid1.ko: dies because a write that waits twice is twice in its tree
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
hold_writes slow "$(<$md/rd1/offset)" 10
load() {
	fio --name=load --filename=$array --direct=1 --rw=randwrite --norandommap --iodepth=16 "$@" \
		>/run/fio.log 2>&1 || fail "fio: $(tail -n 5 /run/fio.log)"
}
note "in 1 MiB; none is sent before one that it overlaps has ended for its sender"
load --ioengine=libaio --bsrange=512-64k --size=1M --io_size=24M --serialize_overlap=1
((2 < $(<$md/bitmap/max_backlog_used))) || fail "hardly anything was behind"
stop $array
same_data "$(member 0)" "$(faulty_node slow)"

note "in any order, serialized"
quietly mdadm --assemble $array "$(member 0)" /dev/mapper/slow
echo 1 >$md/serialize_policy
load --ioengine=io_uring --bsrange=512-64k --size=1M --io_size=24M
stop $array
same_data "$(member 0)" "$(faulty_node slow)"

note "4 MiB at a time, from memory in few pieces"
quietly mdadm --assemble $array "$(member 0)" /dev/mapper/slow
echo 8 >/proc/sys/vm/nr_hugepages
# One after the other: of two writes to the same place at the same time each leg may keep another one.
load --rw=write --ioengine=io_uring --bs=4M --iomem=mmaphuge --iodepth=2 --size=32M --io_size=32M
echo 0 >/proc/sys/vm/nr_hugepages
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
