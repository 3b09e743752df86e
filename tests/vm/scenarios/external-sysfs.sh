# SPDX-License-Identifier: GPL-2.0
# scenario: metadata kept in user space: md waits for who keeps it, to become active, when a leg fails, and with a new one
# row: metadata membership errors
# disks: 3x12M
# timeout: 120
# module: compare
. /payload/guest/external.sh
array=/dev/md100
first=$(member 0)
second=$(member 1)
third=$(member 2)
load_module
sync_speed 1000000
state() { note "the state: $(<"$(member_dir $array "$1")/state")"; }
array_state() { echo "$1" >"$(md_sysfs $array)/array_state"; }
write_at() { dd if=/dev/urandom of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
reads() { quietly dd if=$array of=/dev/null bs=64k iflag=direct; }
block_of() { dd if="$1" bs=4k skip="$2" count=1 iflag=direct status=none | sha256sum; }
both_have() { expect_equal "block $2" "$(block_of "$1" "$2")" "$(block_of "$first" "$2")"; }

external_array $array 8192 "$first" "$second"
run mdstat $array
fill $array

note "clean: the first write waits until the array is active"
set_clean() { array_state clean 2>/dev/null; }
until_true 20 "the array to be clean" set_clean
write_at 5 &
writer=$!
until_true 20 "the write to ask" md_is $array array_state write-pending
still_waits $writer
reads
let_write $array
wait $writer || fail "the write failed"
both_have "$second" 5

note "a leg fails: reads go on, writes when it is on record"
echo faulty >"$(member_dir $array "$second")/state"
state "$second"
write_at 6 &
writer=$!
still_waits $writer
let_write $array
still_waits $writer
reads
expect_equal "its slot" "$(<"$(member_dir $array "$second")/slot")" 1
echo -blocked >"$(member_dir $array "$second")/state"
wait $writer || fail "the write failed"
until_true 20 "its slot to be empty" leg_is $array "$second" slot none
state "$second"
echo remove >"$(member_dir $array "$second")/state"
run mdstat $array

note "a new leg is written to from the start, and recovered when user space says so"
freeze_sync $array
external_leg $array 8192 "$third"
echo 1 >"$(member_dir $array "$third")/slot"
state "$third"
write_at 100
both_have "$third" 100
sync_up_to $array 8192
for block in 0 1023 1024 2000; do
	write_at $block
	both_have "$third" $block
done
thaw_sync $array
let_write $array
wait_whole $array
run mdstat $array
state "$third"
keep_layout $array

note "read-only: not as long as something is to be recorded; then no write, and a failed leg stays until it's on record"
sum=$(device_sum $array)
until_true 20 "the array to be read-only" array_state readonly 2>/dev/null
run cat "$(md_sysfs $array)/array_state"
run_fails dd if=/dev/zero of=$array bs=4k count=1 oflag=direct status=none
all_same "$first" "$third"
echo faulty >"$(member_dir $array "$third")/state"
state "$third"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
expect_equal "its slot" "$(<"$(member_dir $array "$third")/slot")" 1
echo -blocked >"$(member_dir $array "$third")/state"
until_true 20 "its slot to be empty" leg_is $array "$third" slot none
echo active >"$(md_sysfs $array)/array_state"
write_at 7 &
writer=$!
let_write $array
wait $writer || fail "the write failed"
expect_equal "block 7" "$(block_of $array 7)" "$(block_of "$first" 7)"
run mdstat $array
