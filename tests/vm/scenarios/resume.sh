# SPDX-License-Identifier: GPL-2.0
# scenario: an interrupted resync and an interrupted recovery go on where they were
# row: sync
# disks: 3x64M
# timeout: 300
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
third=$(member 2)
half=65536
load_module

# resumes_at LEG: assembles the array of which LEG is synced half, and lets it finish.
resumes_at() {
	local before written
	run mdadm --assemble --readonly $array "$first" "$second" "${@:2}"
	run mdstat $array
	run cat "$(md_sysfs $array)/resync_start" "$(md_sysfs $array)/dev-${1##*/}/recovery_start"
	expect_equal "the checksum before the sync goes on" "$(device_sum $array)" "$sum"
	before=$(sectors_written "$1")
	run mdadm --readwrite $array
	wait_whole $array
	written=$(($(sectors_written "$1") - before))
	# The rest of 62 MiB, and superblocks.
	((written > half - 10000 && written < half + 5000)) ||
		fail "$written sectors were written to the leg: not what was left to do"
	expect_equal "the checksum after the sync" "$(device_sum $array)" "$sum"
}

note "resync"
fill "$first"
fill "$second"
sync_speed 1
run mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
freeze_sync $array
sync_up_to $array $half
keep_layout $array
sum=$(device_sum $array)
run mdadm --stop $array
resumes_at "$second"
run mdadm --stop $array
same_data "$first" "$second"

note "recovery"
fill "$third"
run mdadm --assemble $array "$first" "$second"
run mdadm $array --fail "$second"
remove_leg $array "$second"
freeze_sync $array
run mdadm $array --add "$third"
sync_up_to $array $half
keep_layout $array
run mdadm --stop $array
second=$third
resumes_at "$third"
run mdadm --stop $array
same_data "$first" "$third"
