# SPDX-License-Identifier: GPL-2.0
# scenario: metadata kept in user space: a write whose bad block isn't recorded yet has not ended; a list that is given up
# row: metadata errors
# disks: 2x12M
# timeout: 120
# module: compare
# raid1.ko: fails because it tells the sender as soon as the array is active, the bad block recorded or not
# raid1.ko-says: has not waited
. /payload/guest/external.sh
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
first=$(faulty_node a)
second=$(faulty_node b)
state() { note "the state: $(<"$(member_dir $array "$1")/state")"; }
unrecorded() { [[ $(<"$(member_dir $array "$1")/unacknowledged_bad_blocks") == "$2 8" ]]; }
write_at() { dd if=/run/data of=$array bs=4k skip="$1" seek="$1" count=1 oflag=direct conv=notrunc status=none 2>/run/dd.log; }
# leg_has LEG BLOCK: what was written.
leg_has() {
	expect_equal "block $2" \
		"$(dd if="$1" bs=4k skip="$2" count=1 iflag=direct status=none | sha256sum)" \
		"$(dd if=/run/data bs=4k skip="$2" count=1 status=none | sha256sum)"
}
dd if=/dev/urandom of=/run/data bs=1M count=8 iflag=fullblock status=none
external_array $array 8192 "$first" "$second"

note "a bad block on one leg"
leg_errors a writes 800 8 1600 8
write_at 100 &
writer=$!
until_true 20 "the bad block" unrecorded "$first" 800
state "$first"
let_write $array
still_waits $writer
echo 800 8 >"$(member_dir $array "$first")/bad_blocks"
wait $writer || fail "the write failed"
state "$first"
run cat "$(member_dir $array "$first")/bad_blocks"
leg_has "$second" 100

note "one more, but it isn't recorded: the leg fails"
write_at 200 &
writer=$!
until_true 20 "the bad block" unrecorded "$first" 1600
let_write $array
echo -external_bbl >"$(member_dir $array "$first")/state"
state "$first"
still_waits $writer
echo -blocked >"$(member_dir $array "$first")/state"
let_write $array
wait $writer || fail "the write failed"
until_true 20 "its slot to be empty" leg_is $array "$first" slot none
run mdstat $array
leg_has "$second" 200

note "the same on the last leg, which stays: that block can't be written, all others can"
leg_errors b writes 2400 8
write_fails() {
	# That it fails is what we want.
	trap - ERR
	write_at 300
}
write_fails &
writer=$!
until_true 20 "the bad block" unrecorded "$second" 2400
let_write $array
still_waits $writer
echo -external_bbl >"$(member_dir $array "$second")/state"
echo -blocked >"$(member_dir $array "$second")/state"
if wait $writer; then fail "the write succeeded"; fi
note "the sender was told: $(grep -o 'Input/output error' /run/dd.log)"
until_true 20 "writes to be let in again" write_at 301
# It's tried again, as no leg is better, and asks once more.
write_fails &
writer=$!
let_write $array
if wait $writer; then fail "the write succeeded, and the leg had an error"; fi
leg_has "$second" 301
