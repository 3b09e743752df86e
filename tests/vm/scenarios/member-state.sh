# SPDX-License-Identifier: GPL-2.0
# scenario: what is written to a member's state in sysfs has its effect; so have read-only arrays and fail_last_dev
# row: membership errors status
# disks: 3x12M
# timeout: 120
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
third=$(member 2)
load_module
sync_speed 1000000
member_dir() { echo "$(md_sysfs $array)/dev-${1##*/}"; }
state() {
	echo "$2" >"$(member_dir "$1")/state" || fail "the state can't be $2"
	note "$2: the state is now $(<"$(member_dir "$1")/state")"
}
state_is() { [[ $(<"$(member_dir "$1")/state") == "$2" ]]; }
write_at() { dd if=/dev/urandom of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
# block_of LEG NUMBER: the checksum of a block of 4 KiB as it is on the leg.
block_of() {
	dd if="$1" bs=512 skip=$(($(<"$(member_dir "$1")/offset") + $2 * 8)) count=8 iflag=direct status=none | sha256sum
}

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
fill $array

note "blocked: writers wait, readers don't"
state "$first" blocked
write_at 5 &
writer=$!
sleep 1
kill -0 $writer || fail "the writer did not wait"
quietly dd if=$array of=/dev/null bs=64k iflag=direct
state "$first" -blocked
wait $writer || fail "the write failed"
expect_equal "the block" "$(block_of "$first" 5)" "$(block_of "$second" 5)"
until_true 20 "the state" state_is "$first" in_sync
note "blocked, and then failed: the write goes on without it"
state "$second" blocked
write_at 6 &
writer=$!
sleep 0.5
mdadm --quiet $array --fail "$second"
state "$second" -blocked
wait $writer || fail "the write failed"
remove_leg $array "$second"
run mdadm $array --add "$second"
wait_whole $array

note "write_error: a bad block is not written to, without it a write mends it"
state "$first" write_error
echo $(($(<"$(member_dir "$first")/offset") + 96)) 8 >"$(member_dir "$first")/bad_blocks"
run cat "$(member_dir "$first")/bad_blocks"
before=$(block_of "$first" 12)
write_at 12
expect_equal "the bad block" "$(block_of "$first" 12)" "$before"
[[ $(block_of "$second" 12) != "$before" ]] || fail "the other leg was not written"
dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct conv=notrunc status=none
expect_equal "the bad block" "$(block_of "$first" 12)" "$before"
expect_equal "the block before it" "$(block_of "$first" 11)" "$(block_of "$second" 11)"
expect_equal "the block behind it" "$(block_of "$first" 13)" "$(block_of "$second" 13)"
state "$first" -write_error
write_at 12
expect_equal "the block" "$(block_of "$first" 12)" "$(block_of "$second" 12)"
no_bad_blocks() { [[ -z $(<"$(member_dir "$1")/bad_blocks") ]]; }
until_true 20 "the bad block to be cleared" no_bad_blocks "$first"
# It's written when the array becomes clean.
wait_clean $array
# mdadm makes the superblock of a new member from one that is there. With one that says "bad blocks
# present" the new member would be refused, since its list was never written.
recorded_as_good() { ! mdadm --examine "$1" | grep -q 'bad blocks present'; }
until_true 20 "the superblock to say so" recorded_as_good "$first"

note "want_replacement: a spare takes its place"
state "$second" want_replacement
state "$second" -want_replacement
state "$second" want_replacement
run mdadm $array --add "$third"
is_replaced() { mdstat $array | grep -q "${third##*/}\[[0-9]*\] " && is_idle $array && ! mdstat $array | grep -q '(R)' && mdstat $array | grep -q '(F)'; }
until_true 30 "the replacement to take over" is_replaced
run mdstat $array
remove_leg $array "$second"
keep_layout $array
sum=$(device_sum $array)

note "read-only: no write, and a failure is noted later"
run mdadm --readonly $array
run_fails dd if=/dev/zero of=$array bs=4k count=1 oflag=direct status=none
run mdadm $array --fail "$third"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
run mdadm --readwrite $array
run mdstat $array
remove_leg $array "$third"
run mdadm $array --add "$third"
wait_whole $array
expect_equal "the checksum" "$(device_sum $array)" "$sum"
wait_clean $array

note "fail_last_dev: nothing is left, and nothing is served"
echo 1 >"$(md_sysfs $array)/fail_last_dev"
dmesg_mark
run mdadm $array --fail "$third"
remove_leg $array "$third"
# mdadm itself would refuse.
fail_last() { echo faulty >"$(member_dir "$first")/state"; }
run_fails fail_last 2>/dev/null
until_true 20 "that to be noted" md_is $array array_state broken
run mdstat $array
run cat "$(md_sysfs $array)/array_state"
run_fails dd if=$array of=/dev/null bs=4k count=1 iflag=direct status=none
run_fails dd if=/dev/zero of=$array bs=4k count=1 oflag=direct status=none
dmesg_since | grep -E 'Disk failure|Operation continuing'
stop $array
run mdadm --assemble --run $array "$first"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
run mdadm $array --add "$third"
wait_whole $array
stop $array
same_data "$first" "$third"
