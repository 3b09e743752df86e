# SPDX-License-Identifier: GPL-2.0
# scenario: an array without any usable leg does not start, and leaves nothing behind
# leaks: yes
# row: run
# disks: 2x32M
# timeout: 180
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
fill "$first"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$first" missing
sum=$(device_sum $array)
freeze_sync $array
quietly mdadm $array --add "$second"
sync_up_to $array 16384
quietly mdadm --stop $array
before=$(memory_used)

note "the second leg is recovered half-way; alone it has no complete data"
for round in 1 2 3 4 5 6 7 8 9 10; do
	dmesg_mark
	status=0
	mdadm --assemble --force --run $array "$second" >/run/assemble.log 2>&1 || status=$?
	((status != 0)) || fail "it was assembled"
	state=$(cat /sys/block/md100/md/array_state 2>/dev/null || echo none)
	[[ $state == none || $state == inactive || $state == clear ]] || fail "it is $state"
	if ((round == 1)); then
		cat /run/assemble.log
		dmesg_since
		if [[ $MODULE == rs ]]; then
			dmesg_since | expect_line - '^md/raid1:md100: no working mirror'
		fi
	fi
	mdadm --stop $array >/dev/null 2>&1 || true
	! pgrep md100_raid1 || fail "its thread is still there"
done
((round == 10)) || fail "it was tried $round times only"
memory_is_back "$before" 500 "tried $round times"

note "with the first leg it starts, and all is right"
quietly mdadm --assemble $array "$first" "$second"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
quietly mdadm --readwrite $array
wait_whole $array
keep_layout $array
quietly mdadm --stop $array
same_data "$first" "$second"
