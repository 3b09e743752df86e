# SPDX-License-Identifier: GPL-2.0
# scenario: whatever the size of the bitmap's regions, a leg that comes back gets those that were written, and no more
# row: bitmap
# disks: 2x48M
# timeout: 180
# module: compare
array=/dev/md100
load_module
sync_speed 1000000
is_clean_on_disk() { ! mdadm --examine-bitmap "$(member 0)" | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'; }
for chunk in 4 64 1024 16384; do
	note "regions of $chunk KiB"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal \
		--bitmap-chunk=${chunk}K "$(member 0)" "$(member 1)"
	run cat /sys/block/md100/md/bitmap/chunksize
	fill $array
	wait_clean $array
	until_true 60 "the bitmap to be clean" is_clean_on_disk
	quietly mdadm $array --fail "$(member 1)"
	remove_leg $array "$(member 1)"
	dd if=/dev/urandom of=$array bs=512 seek=$((20 * 2048 + 5)) count=1 oflag=direct conv=notrunc status=none
	before=$(sectors_written "$(member 1)")
	quietly mdadm $array --re-add "$(member 1)"
	wait_whole $array
	copied=$((($(sectors_written "$(member 1)") - before) / 2))
	# And superblocks and the bitmap.
	((copied >= chunk && copied < chunk + 400)) || fail "$copied KiB were written to the leg"
	note "one region was copied"
	keep_layout $array
	stop $array
	same_data "$(member 0)" "$(member 1)"
	quietly mdadm --zero-superblock "$(member 0)" "$(member 1)"
done
unload_module
