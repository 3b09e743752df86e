# SPDX-License-Identifier: GPL-2.0
# scenario: after a crash one leg is started alone, and the other comes back: it gets what was being written at the crash
# row: bitmap
# disks: 2x48M
# timeout: 240
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because md forgets what the bitmap says when there is nothing to resync, and takes the leg back by it
# raid1.ko-says: the checksum is|differ
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
nodes=("$(faulty_node a)" "$(faulty_node b)")
is_dirty() { mdadm --examine-bitmap /dev/mapper/a | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'; }
is_clean_on_disk() { ! is_dirty; }
start_alone() { quietly mdadm --assemble --run $array /dev/mapper/a; }

# crash: both legs are away while one region is written, and the second one has not got all of it.
crash() {
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
		/dev/mapper/a /dev/mapper/b
	fill $array
	stay_active $array
	# It has been written to for a while: the bitmap tells at which event count it was clean.
	dd if=/dev/urandom of=$array bs=64k seek=32 count=1 oflag=direct conv=notrunc status=none
	until_true 60 "the bitmap to be clean" is_clean_on_disk
	# Nothing is cleaned any more, however slow the machine is.
	echo 100 >"$(md_sysfs $array)/bitmap/time_base"
	dd if=/dev/urandom of=$array bs=64k seek=144 count=1 oflag=direct conv=notrunc status=none
	is_dirty || fail "the bitmap is clean"
	offset=$(<"$(md_sysfs $array)/rd1/offset")
	for leg in a b; do leg_errors $leg all 0 "$(blockdev --getsz "$(member 0)")"; done
	stop $array
	for leg in a b; do leg_heals $leg; done
	dd if=/dev/urandom of=/dev/mapper/b bs=4k seek=$((offset / 8 + 9 * 256)) count=8 oflag=direct conv=notrunc status=none
}

# comes_back: the second leg.
comes_back() {
	local sum before copied
	sum=$(device_sum $array)
	before=$(sectors_written "${nodes[1]}")
	quietly mdadm $array --re-add /dev/mapper/b
	wait_whole $array
	copied=$((($(sectors_written "${nodes[1]}") - before) / 2048))
	((copied < 8)) || fail "$copied MiB were copied"
	expect_equal "the checksum" "$(device_sum $array)" "$sum"
	keep_layout $array
	stop $array
	same_data "${nodes[0]}" "${nodes[1]}"
	quietly mdadm --zero-superblock /dev/mapper/a /dev/mapper/b
}

note "the first leg is alone for as long as md takes to clean the bitmap, and is started once more"
crash
start_alone
quietly mdadm --readwrite $array
for _ in {1..20}; do
	if is_clean_on_disk; then break; fi
	sleep 1
done
stop $array
start_alone
quietly mdadm --readwrite $array
comes_back

note "the second one comes back before anything was written"
crash
start_alone
comes_back
