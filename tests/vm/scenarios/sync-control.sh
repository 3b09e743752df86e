# SPDX-License-Identifier: GPL-2.0
# scenario: check and repair are started, bounded, halted and resumed by way of sysfs, and so are requests and the array
# row: sync quiesce
# disks: 2x24M
# timeout: 120
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
sync_speed 1000000
set_to() { echo "$2" >"$(md_sysfs $array)/$1"; }
show() {
	local name
	for name in "$@"; do note "$name: $(<"$(md_sysfs $array)/$name")"; done
}
# differ SECTOR COUNT: the second leg has something else there.
differ() {
	dd if=/dev/urandom of="$second" bs=512 seek=$(($(<"$(md_sysfs $array)/dev-${second##*/}/offset") + $1)) \
		count="$2" oflag=direct conv=notrunc status=none
}
act() {
	run set_to sync_action "$1"
	wait_idle $array
}
mismatches() {
	# raid1.ko counts steps of 64 KiB.
	local count
	count=$(<"$(md_sysfs $array)/mismatch_cnt")
	if ((count > 0)); then note "there are mismatches"; else note "there is no mismatch"; fi
}
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
fill $array
wait_clean $array

note "check and repair, all of it and between bounds"
show sync_action sync_completed sync_min sync_max mismatch_cnt last_sync_action
act check
mismatches
show last_sync_action
differ 20480 8
set_to sync_min 0
set_to sync_max 16384
run set_to sync_action check
until_true 30 "the check to come to its end" sync_is_at $array 16384
show sync_action sync_completed
mismatches
run set_to sync_action idle
wait_idle $array
run set_to sync_min 16384
run set_to sync_max max
act check
mismatches
act repair
mismatches
run set_to sync_min 0
act check
mismatches
keep_layout $array
run_fails set_to sync_action nonsense 2>/dev/null
set_to sync_max 4096
run_fails set_to sync_min 8192 2>/dev/null
set_to sync_max max

note "no faster than the limit"
set_to sync_speed_min 1000
set_to sync_speed_max 6000
started=$SECONDS
act check
((SECONDS - started >= 2)) || fail "22 MiB took less than 3 seconds at 6 MiB/s"
set_to sync_speed_max system
set_to sync_speed_min 1000000

note "frozen: nothing starts; idle lets it"
differ 40960 8
run set_to sync_action frozen
show sync_action
quietly mdadm $array --fail "$second"
remove_leg $array "$second"
quietly mdadm --zero-superblock "$second"
quietly mdadm $array --add "$second"
sleep 0.5
show sync_action degraded
set_to sync_speed_max 1000
set_to sync_speed_min 1000
show sync_speed_max sync_speed_min
run set_to sync_action idle
wait_sync_started $array
show sync_action
mdstat_shows $array '*recovery*' || fail "mdstat shows no recovery"
note "a check while a recovery runs is refused"
run_fails set_to sync_action check 2>/dev/null
set_to sync_speed_max system
set_to sync_speed_min 1000000
wait_whole $array
show sync_action degraded last_sync_action

note "suspend_lo, suspend_hi: writes in between wait, others and reads don't"
run set_to suspend_lo 8192
run set_to suspend_hi 16384
run dd if=/dev/urandom of=$array bs=4k seek=100 count=1 oflag=direct conv=notrunc status=none
run dd if=$array of=/dev/null bs=4k skip=1200 count=1 iflag=direct status=none
dd if=/dev/urandom of=$array bs=4k seek=1200 count=1 oflag=direct conv=notrunc status=none &
writer=$!
sleep 0.7
kill -0 $writer || fail "the writer did not wait"
run set_to suspend_hi 0
run set_to suspend_lo 0
wait $writer || fail "the write failed"

note "array_state"
wait_clean $array
sum=$(device_sum $array)
for state in readonly read-auto clean; do
	run set_to array_state $state
	show array_state
done
run dd if=/dev/zero of=$array bs=4k seek=3 count=1 oflag=direct conv=notrunc status=none
wait_clean $array
run set_to array_state read-auto
show array_state
run dd if=/dev/zero of=$array bs=4k seek=3 count=1 oflag=direct conv=notrunc status=none
wait_clean $array
run_fails set_to array_state nonsense 2>/dev/null
sum=$(device_sum $array)
keep_layout $array
run set_to array_state inactive
show array_state
run mdstat $array
run set_to array_state active
show array_state
expect_equal "the checksum" "$(device_sum $array)" "$sum"
run set_to array_state clear
expect_equal "arrays" "$(grep -c ^md /proc/mdstat || true)" 0
same_data "$first" "$second"
