# SPDX-License-Identifier: GPL-2.0
# scenario: two legs of four fail with the same writes: both are out, those who wrote notice nothing, and both come back
# row: errors
# disks: 4x24M
# timeout: 240
# module: compare
# log-allow: md: super_written gets error
array=/dev/md100
load_module
legs=()
for n in 0 1 2 3; do
	faulty_leg leg$n "$(member $n)"
	legs+=("/dev/mapper/leg$n")
done
writes_are_held() { (($(awk '{ print $2 }' /sys/block/md100/inflight) == $1)); }
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=4 --bitmap=internal --bitmap-chunk=64K "${legs[@]}"
fill $array
# No write waits for the bitmap or for superblocks.
stay_active $array
echo 100 >"$(md_sysfs $array)/bitmap/time_base"
load() {
	fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bs=4k --size=8M --iodepth=16 \
		--verify=crc32c --verify_fatal=1 >/run/fio.log 2>&1
}
for pair in "leg1 leg3" "leg0 leg2"; do
	read -r one other <<<"$pair"
	note "$one and $other"
	dd if=/dev/urandom of=$array bs=1M count=8 oflag=direct conv=notrunc status=none
	dmesg_mark
	for leg in "$one" "$other"; do dmsetup suspend --noflush --nolockfs "$leg"; done
	load &
	writer=$!
	until_true 20 "writes to be held up by both" writes_are_held 16
	resumed=()
	for leg in "$one" "$other"; do
		dmsetup load "$leg" --table "0 $(blockdev --getsz "$(<"/run/faulty.$leg")") error"
		dmsetup resume "$leg" &
		resumed+=($!)
	done
	wait "${resumed[@]}"
	wait $writer || fail "fio: $(tail -n 20 /run/fio.log)"
	until_true 20 "the legs to have failed" md_is $array degraded 2
	run mdstat $array
	# Which one was the first is not always the same.
	# When both fail at once, raid1.ko may count both before it tells of the first.
	dmesg_since | grep md/raid1 | sed 's/continuing on 3 /continuing on 2 /' | sort
	sum=$(device_sum $array)
	# Not in the order of their slots.
	for leg in "$other" "$one"; do
		leg_heals "$leg"
		remove_leg $array "/dev/mapper/$leg"
		quietly mdadm $array --re-add "/dev/mapper/$leg"
	done
	wait_whole $array
	for leg in "$one" "$other"; do
		node=$(faulty_node "$leg")
		expect_equal "the slot of $leg" "$(<"$(md_sysfs $array)/dev-${node##*/}/slot")" "${leg#leg}"
	done
	expect_equal "the checksum" "$(device_sum $array)" "$sum"
done
run mdstat $array
keep_layout $array
quietly mdadm --stop $array
all_same "$(faulty_node leg0)" "$(faulty_node leg1)" "$(faulty_node leg2)" "$(faulty_node leg3)"
