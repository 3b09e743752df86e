# SPDX-License-Identifier: GPL-2.0
# scenario: a replacement and a spare stay what they are when the number of mirrors changes
# leaks: yes
# row: shape membership
# disks: 4x32M
# timeout: 180
# module: both
# raid1.ko: fails because it forgets the replacement, which is in sync later without the data
# raid1.ko-says: the checksum is
array=/dev/md100
first=$(member 0)
second=$(member 1)
third=$(member 2)
fourth=$(member 3)
load_module
half=32768
member_dir() { echo "$(md_sysfs $array)/dev-${1##*/}"; }
shape() { mdstat $array | grep -E '^md|blocks'; }
data_is_there() { expect_equal "the checksum" "$(device_sum $array)" "$sum"; }
is_replaced() { is_idle $array && mdstat $array | grep -q "${first##*/}\[[0-9]*\](F)"; }

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
fill $array
sum=$(device_sum $array)

note "a replacement that has half of the data, and the sync is frozen"
freeze_sync $array
quietly mdadm $array --add "$third"
quietly mdadm $array --replace "$first" --with "$third"
sync_up_to $array $half
freeze_sync $array
run shape
# On both sides of where the sync has come to.
start_load $array --offset=14M --size=4M
for disks in 3 2 4 2; do
	echo $disks >"$(md_sysfs $array)/raid_disks" || fail "no change to $disks"
	run shape
	expect_equal "the slot of the replacement" "$(<"$(member_dir "$third")/slot")" 0
	[[ $(<"$(member_dir "$third")/state") == *replacement* ]] || fail "it's no replacement: $(<"$(member_dir "$third")/state")"
	# Also where the replacement has no data yet, and a write for each of them.
	dd if=/dev/urandom of=$array bs=4k seek=$disks count=1 oflag=direct conv=notrunc status=none
done
stop_load
sum=$(device_sum $array)
note "it goes on where it was, and lacks none of the writes"
stop $array
quietly mdadm --assemble $array "$first" "$second" "$third"
before=$(sectors_written "$third")
quietly mdadm --readwrite $array
until_true 60 "the replacement to take over" is_replaced
run shape
written=$(($(sectors_written "$third") - before))
((written < half)) || fail "$written sectors were written: more than it lacked"
remove_leg $array "$first"
keep_layout $array
data_is_there
quietly mdadm $array --fail "$second"
data_is_there
remove_leg $array "$second"
quietly mdadm --zero-superblock "$second"
quietly mdadm $array --add "$second"
wait_whole $array

note "a spare"
quietly mdadm --zero-superblock "$first"
quietly mdadm $array --add "$first" "$fourth"
wait_idle $array
run shape
# Refused for the moment in which md looks at what was added.
three_mirrors() { echo 3 2>/run/refused >"$(md_sysfs $array)/raid_disks"; }
until_true 20 "three mirrors" three_mirrors
wait_whole $array
run shape
data_is_there
quietly mdadm $array --fail "$second"
wait_whole $array
run shape
remove_leg $array "$second"
data_is_there
keep_layout $array
stop $array
all_same "$third" "$first" "$fourth"
