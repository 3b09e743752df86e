# SPDX-License-Identifier: GPL-2.0
# scenario: a leg has its share of the reads though it has a bad block somewhere, and again when it was write-mostly for a while
# row: reads
# disks: 2x48M
# module: compare
array=/dev/md100
md=/sys/block/md100/md
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 0)" "$(member 1)"
fill $array
sum=$(device_sum $array)
read_some() {
	quietly fio --name=reads --filename=$array --direct=1 --ioengine=io_uring --iodepth=4 --rw=randread --bs=64k --size=40M \
		--randseed="$RANDOM"
}
# has_share SLOT: a fifth of the reads, at least.
share_of() {
	local before=("$(sectors_read "$(member 0)")" "$(sectors_read "$(member 1)")")
	read_some
	local read=($(($(sectors_read "$(member 0)") - before[0])) $(($(sectors_read "$(member 1)") - before[1])))
	echo $((100 * read[$1] / (read[0] + read[1])))
}
has_share() { (($(share_of "$1") >= 20)); }

until_true 30 "each leg to have its share" has_share 1
note "a bad block"
quietly sh -c "echo '80000 8' >$md/rd1/bad_blocks"
# For whoever keeps a table.
quietly dd if=/dev/urandom of=$array bs=4k count=1 oflag=direct conv=notrunc
sum=$(device_sum $array)
until_true 30 "the leg with a bad block to have its share" has_share 1
note "write-mostly"
quietly sh -c "echo writemostly >$md/rd1/state"
share=$(share_of 1)
((share == 0)) || fail "a write-mostly leg has $share % of the reads"
quietly sh -c "echo -writemostly >$md/rd1/state"
until_true 30 "it to have its share again" has_share 1
expect_equal "the checksum" "$(device_sum $array)" "$sum"
stop $array
unload_module
