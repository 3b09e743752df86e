# SPDX-License-Identifier: GPL-2.0
# scenario: the first io_uring write to a clean array succeeds, though it can't be served at once
# row: writes
# disks: 2x64M
# timeout: 150
# module: both
load_module
modprobe null_blk nr_devices=2 queue_mode=2 irqmode=0 gb=1

# first_writes NAME LEGS...: to an array that has just been built.
first_writes() {
	local what=$1 depth
	shift
	for depth in 1 32; do
		quietly mdadm --build /dev/md100 --level=1 --raid-devices=2 "$@"
		quietly fio --name=first --filename=/dev/md100 --ioengine=io_uring --direct=1 --rw=randwrite \
			--bs=4k --iodepth=$depth --number_ios=64 --size=32M
		stop /dev/md100
		note "$what: 64 writes, $depth at a time"
	done
}
first_writes "clean NVMe legs" --assume-clean "$(member 0)" "$(member 1)"
first_writes "legs to be synced" "$(member 0)" "$(member 1)"
first_writes "legs that complete at once" --assume-clean /dev/nullb0 /dev/nullb1
first_writes "legs to be synced that complete at once" /dev/nullb0 /dev/nullb1
unload_module
