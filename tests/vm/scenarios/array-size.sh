# SPDX-License-Identifier: GPL-2.0
# scenario: the array shrinks and grows under load, the new part is synced, and what is not possible is refused
# row: shape
# disks: 2x48M
# timeout: 400
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
sync_speed 1000000
# resize_to SIZE: mdadm may have something to say of each member, in the order of their names, which changes.
resize_to() { mdadm --grow $array --size="$1" 2>&1 | sed "s/${first##*/}/first/; s/${second##*/}/second/" | sort; }
shape() { mdstat $array | grep -E '^md|blocks'; }
for bitmap in internal none; do
	chunk=
	# So that a region ends where the array does: see resize-region.
	if [[ $bitmap == internal ]]; then chunk=--bitmap-chunk=1M; fi
	note "bitmap: $bitmap"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --size=24M --bitmap=$bitmap \
		$chunk "$first" "$second"
	# Where the array grows to, the members differ.
	offset=$(<"$(md_sysfs $array)/dev-${second##*/}/offset")
	dd if=/dev/urandom of="$second" bs=1M seek=$((offset / 2048 + 24)) count=16 oflag=direct conv=notrunc status=none
	fio --name=load --filename=$array --size=12M --rw=randwrite --bs=4k --iodepth=4 --ioengine=io_uring \
		--verify=crc32c --do_verify=0 --verify_state_save=0 --randseed=7 --number_ios=1500 --rate_iops=300 \
		--eta=never --thread --output=/run/fio.log &
	writer=$!
	# And one that does not end by itself.
	start_load $array --offset=12M --size=6M
	run mdadm --grow $array --size=40M
	wait_idle $array
	run shape
	run blockdev --getsize64 $array
	run mdadm --grow $array --array-size=20M
	run resize_to 20M
	wait_idle $array
	run shape
	run mdadm --grow $array --array-size=max
	run blockdev --getsize64 $array
	run mdadm --grow $array --size=32M
	wait_idle $array
	run shape
	run_fails mdadm --grow $array --size=1G
	run shape
	stop_load
	wait "$writer" || fail "fio: $(</run/fio.log)"
	quietly fio --name=load --filename=$array --size=12M --rw=randwrite --bs=4k --ioengine=psync --verify=crc32c \
		--verify_only=1 --verify_state_save=0 --randseed=7 --number_ios=1500
	# What was different behind the first 24 MiB has been synced, not left to later writes.
	echo check >"$(md_sysfs $array)/sync_action"
	wait_idle $array
	expect_equal "the mismatches" "$(<"$(md_sysfs $array)/mismatch_cnt")" 0
	fill $array
	wait_clean $array
	keep_layout $array
	stop $array
	same_data "$first" "$second"
	quietly mdadm --zero-superblock "$first" "$second"
done
