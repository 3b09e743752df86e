# SPDX-License-Identifier: GPL-2.0
# scenario: an array with a bitmap grows in the middle of a region: all that is new is synced, even after an interruption
# row: shape
# disks: 2x48M
# timeout: 120
# module: both
# raid1.ko: fails because it syncs what the bitmap marks, which is not all that is new
# raid1.ko-says: the mismatches is '[1-9]
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
for state in idle written interrupted; do
	note "$state"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --size=24M --bitmap=internal \
		--bitmap-chunk=16M "$first" "$second"
	offset=$(<"$(md_sysfs $array)/dev-${second##*/}/offset")
	# Where the array grows to, the members differ; elsewhere they don't.
	dd if="$first" of="$second" bs=1M skip=$((offset / 2048)) seek=$((offset / 2048)) count=24 oflag=direct conv=notrunc status=none
	dd if=/dev/urandom of="$second" bs=1M seek=$((offset / 2048 + 24)) count=16 oflag=direct conv=notrunc status=none
	if [[ $state == written ]]; then fill $array; fi
	if [[ $state == interrupted ]]; then freeze_sync $array; fi
	sum=$(device_sum $array)
	before=$(sectors_written "$second")
	run mdadm --grow $array --size=40M
	if [[ $state == interrupted ]]; then
		stop $array
		quietly mdadm --assemble $array "$first" "$second"
		run mdadm --readwrite $array
	fi
	wait_idle $array
	expect_equal "the array's size" "$(blockdev --getsize64 $array)" $((40 << 20))
	copied=$((($(sectors_written "$second") - before) / 2048))
	expect_equal "the checksum of what was there" "$(dd if=$array bs=1M count=24 iflag=direct status=none | sha256sum | cut -d' ' -f1)" "$sum"
	echo check >"$(md_sysfs $array)/sync_action"
	wait_idle $array
	expect_equal "the mismatches" "$(<"$(md_sysfs $array)/mismatch_cnt")" 0
	# From the beginning of the region in which the array ended.
	((copied >= 16 && copied <= 26)) || fail "$copied MiB were written"
	quietly mdadm --stop $array
	quietly mdadm --zero-superblock "$first" "$second"
done
