# SPDX-License-Identifier: GPL-2.0
# scenario: every metadata format, and none: create, use, stop, assemble, read back
# row: metadata
# disks: 2x16M
# timeout: 300
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module

for format in 0.90 1.0 1.1 1.2; do
	note "metadata $format"
	# What must not be the same on both legs before the resync.
	fill "$first"
	run mdadm --create $array --run --level=1 --raid-devices=2 --metadata=$format --bitmap=internal \
		"$first" "$second"
	wait_whole $array
	fill $array
	wait_clean $array
	sum=$(device_sum $array)
	run mdstat $array
	run mdadm --detail $array
	keep_layout $array
	run mdadm --stop $array
	same_data "$first" "$second"

	run mdadm --assemble $array "$first" "$second"
	wait_idle $array
	run mdstat $array
	expect_equal "the checksum after assembly" "$(device_sum $array)" "$sum"
	run mdadm --stop $array
	if [[ $MODULE == rs ]]; then
		# What each member says of itself, at each start.
		expect_equal "summaries" "$(dmesg --level=debug | grep -cE "md/raid1:md100: nvme[0-9n]+: metadata $format at ")" 4
	fi
	run mdadm --zero-superblock "$first" "$second"
done

note "no metadata"
fill "$first"
run mdadm --build $array --level=1 --raid-devices=2 "$first" "$second"
# Debian starts arrays read-only until the first write, mdadm makes only created ones writable.
run mdadm --readwrite $array
wait_whole $array
fill $array
wait_clean $array
sum=$(device_sum $array)
run mdstat $array
run mdadm --detail $array
keep_layout $array
run mdadm --stop $array
same_data "$first" "$second"
run mdadm --build $array --assume-clean --level=1 --raid-devices=2 "$first" "$second"
expect_equal "the checksum after the second --build" "$(device_sum $array)" "$sum"
run mdadm --stop $array
dmesg_lines md/raid1
