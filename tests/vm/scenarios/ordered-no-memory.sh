# SPDX-License-Identifier: GPL-2.0
# scenario: writes that are kept in order go on with what the module has in reserve when no memory is free at all
# leaks: yes
# row: write-behind
# disks: 3x16M
# timeout: 120
# lanes: debug
# module: rs
. /payload/guest/no-memory.sh
array=/dev/md100
md=/sys/block/md100/md
load_module
legs=("$(member 0)" "$(member 1)" "$(member 2)")
# Overlapping ones, many at a time.
write_much() {
	quietly fail_here fio --name=writes --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --norandommap --bsrange=4k-16k \
		--size=64k --io_size=2M --iodepth=32 --refill_buffers
}

note "on every leg"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
keep_layout $array
fill $array
echo 1 >$md/serialize_policy
no_memory
write_much
there_is_memory
stop $array
all_same "${legs[@]}"

note "behind"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=internal --write-behind=64 \
	"${legs[0]}" --write-mostly "${legs[@]:1}"
keep_layout $array
fill $array
no_memory
write_much
there_is_memory
stop $array
all_same "${legs[@]}"
