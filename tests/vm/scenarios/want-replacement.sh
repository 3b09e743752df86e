# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that could not write is replaced as soon as there is a spare
# row: membership errors
# disks: 4x12M
# timeout: 120
# module: compare
array=/dev/md100
load_module
sync_speed 1000000
faulty_leg a "$(member 0)"
faulty_leg c "$(member 2)"
first=$(faulty_node a)
second=$(member 1)
third=$(faulty_node c)
fourth=$(member 3)
member_dir() { echo "$(md_sysfs $array)/dev-${1##*/}"; }
state_is() { [[ $(<"$(member_dir "$1")/state") == "$2" ]]; }
gone() { remove_leg $array "$1"; }
has_failed() { mdstat $array | grep -q "${1##*/}\[[0-9]*\](F)"; }
write_at() { dd if=/dev/urandom of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
data_is_there() { expect_equal "the checksum" "$(device_sum $array)" "$sum"; }
# can_not_write NAME LEG BLOCK: that block of the array.
can_not_write() { leg_errors "$1" writes $(($(<"$(member_dir "$2")/offset") + $3 * 8)) 8; }

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$second"
fill $array

note "with a spare: at once"
quietly mdadm $array --add /dev/mapper/c
wait_idle $array
can_not_write a "$first" 100
write_at 100
sum=$(device_sum $array)
until_true 60 "the replacement to take over" has_failed "$first"
wait_idle $array
gone "$first"
run mdstat $array
until_true 20 "it to be in sync" state_is "$third" in_sync
data_is_there
run cat "$(member_dir "$third")/bad_blocks"

# mdadm makes the superblock of a new member from that of the one with the lowest number. If that has
# bad blocks, md refuses the new member, whose list of bad blocks was never written.
note "without one: when there is one"
can_not_write c "$third" 200
write_at 200
sum=$(device_sum $array)
until_true 20 "it to be wanted" state_is "$third" in_sync,write_error,want_replacement
wait_idle $array
run mdstat $array
quietly mdadm $array --add "$fourth"
until_true 60 "the replacement to take over" has_failed "$third"
wait_idle $array
gone "$third"
run mdstat $array
data_is_there
keep_layout $array
wait_clean $array
stop $array
all_same "$second" "$fourth"
