# SPDX-License-Identifier: GPL-2.0
# scenario: hot replace: finished, failing midway on either side, stopped midway; a missing member comes first
# leaks: yes
# row: membership
# disks: 4x12M
# timeout: 180
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
third=$(member 2)
fourth=$(member 3)
load_module
half=11264
member_dir() { echo "$(md_sysfs $array)/dev-${1##*/}"; }
legs() { mdstat $array | grep -oE '\[[U_]+\]'; }
gone() { remove_leg $array "$1"; }
has_failed() { mdstat $array | grep -q "${1##*/}\[[0-9]*\](F)"; }
# The leg has failed a moment before the replacement has its place.
is_replaced() { has_failed "$1" && ! mdstat $array | grep -qF '(R)'; }
data_is_there() { expect_equal "the checksum" "$(device_sum $array)" "$sum"; }
# replace_half LEG [WITH]: a replacement has the first half of the data. The sync waits there.
replace_half() {
	freeze_sync $array
	if (($# > 1)); then
		run mdadm $array --replace "$1" --with "$2"
	else
		run mdadm $array --replace "$1"
	fi
	sync_up_to $array $half
	run mdstat_parts
}
# Progress is a matter of time.
mdstat_parts() { mdstat $array | grep -E '^md|blocks'; }
finish() {
	thaw_sync $array
	wait_idle $array
	wait_clean $array
}

sync_speed 1000000
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
fill $array
sum=$(device_sum $array)

note "to the end, and writes on the way reach it"
quietly mdadm $array --add "$third"
quietly mdadm $array --add "$fourth"
wait_idle $array
replace_half "$second" "$fourth"
for sector in 0 $((half / 8 - 1)) $((half / 8)) 2000; do
	dd if=/dev/urandom of=$array bs=4k seek=$sector count=1 oflag=direct conv=notrunc status=none
done
sum=$(device_sum $array)
data_is_there
finish
run mdstat_parts
gone "$second"
keep_layout $array
# The third is a spare, and stays one.
expect_equal "the state of the spare" "$(<"$(member_dir "$third")/state")" spare
quietly mdadm $array --fail "$first"
data_is_there
# The spare takes its place; once assembled again the array is read-only until it's written to.
wait_whole $array
stop $array
same_data "$first" "$fourth"
run mdadm --assemble $array "$fourth" "$third"
wait_whole $array
run mdstat_parts
data_is_there

note "the replacement fails midway: the member stays"
quietly mdadm --zero-superblock "$first" "$second"
quietly mdadm $array --add "$first"
replace_half "$third"
run mdadm $array --fail "$first"
finish
run mdstat_parts
data_is_there
gone "$first"

note "the member fails midway: the replacement goes on, from the other leg"
quietly mdadm --zero-superblock "$first"
# It's wanted still, and a slow machine would be through with it before it's asked for again.
freeze_sync $array
quietly mdadm $array --add "$first"
run mdadm $array --replace "$third"
thaw_sync $array
wait_idle $array
until_true 20 "the replacement to be ready" is_replaced "$third"
gone "$third"
quietly mdadm --zero-superblock "$third"
quietly mdadm $array --add "$third"
replace_half "$first"
run mdadm $array --fail "$first"
finish
wait_whole $array
run mdstat_parts
data_is_there
gone "$first"

note "stopped midway: both are there again, and it goes on"
quietly mdadm --zero-superblock "$first"
quietly mdadm $array --add "$first"
replace_half "$third"
stop $array
run mdadm --assemble $array "$first" "$third" "$fourth"
run mdadm --readwrite $array
until_true 20 "the replacement to be ready" is_replaced "$third"
run mdstat_parts
data_is_there
gone "$third"

note "a missing member comes before a replacement"
quietly mdadm $array --fail "$fourth"
gone "$fourth"
echo want_replacement >"$(member_dir "$first")/state"
freeze_sync $array
quietly mdadm --zero-superblock "$third"
quietly mdadm $array --add "$third"
finish
wait_whole $array
run mdstat_parts
run cat "$(member_dir "$third")/slot" "$(member_dir "$third")/state"
data_is_there
keep_layout $array
stop $array
same_data "$first" "$third"
