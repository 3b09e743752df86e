# SPDX-License-Identifier: GPL-2.0
# scenario: whichever allocation fails, the operation that needs it is refused and undone, and works the next time
# leaks: yes
# row: trust
# disks: 3x32M
# timeout: 240
# lanes: debug
. /payload/guest/no-memory.sh
array=/dev/md100
sysfs=/sys/block/md100/md
mapfile -t legs < <(members 0 1 2)

# each_allocation FILE VALUE OPTION UNDO: fails one after the other of those that a write to FILE makes.
each_allocation() {
	local result
	result=$(/payload/guest/fail-nth "$3" "$4" "$1" "$2" 2>&1) || fail "writing $2 to $1: $result"
	note "$2 to ${1##*/}: $result"
}
no_memory_said() { dmesg_since | grep -q '^md/raid1:md100: no memory to sync with'; }

note "loading"
modprobe md-mod
fail_allocations_in "$(symbol_address do_init_module)" "$(address_behind do_init_module)"
result=$(/payload/guest/fail-nth --load /payload/raid1_rs.ko raid1_rs 2>&1) || fail "loading: $result"
note "$result"
[[ -d /sys/module/raid1_rs ]] || fail "the module is not there"

note "an array for all that follows"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "${legs[@]:0:2}"
wait_whole $array
fill $array
sum=$(device_sum $array)
read -r first last < <(module_addresses)
fail_allocations_in "$first" "$last"

note "starting"
wait_clean $array
echo inactive >$sysfs/array_state
each_allocation $sysfs/array_state active --undo inactive
expect_equal "the checksum" "$(device_sum $array)" "$sum"
quietly mdadm --readwrite $array

note "one more mirror"
freeze_sync $array
each_allocation $sysfs/raid_disks 3 --undo 2
expect_equal "the number of mirrors" "$(<$sysfs/raid_disks)" 3

note "a leg that comes back"
thaw_sync $array
quietly mdadm $array --add "${legs[2]}"
wait_whole $array
freeze_sync $array
quietly mdadm $array --fail "${legs[2]}"
remove_leg $array "${legs[2]}"
number=$(<"/sys/block/${legs[2]##*/}/dev")
leg=$sysfs/dev-${legs[2]##*/}
echo "$number" >$sysfs/new_dev
# A leg that has not failed is not let go.
each_allocation "$leg/slot" 2 --undo-with "
	echo faulty >$leg/state
	for _ in {1..200}; do if echo remove >$leg/state; then break; fi; sleep 0.1; done 2>/dev/null
	for _ in {1..200}; do if echo $number >$sysfs/new_dev; then break; fi; sleep 0.1; done 2>/dev/null
	test -e $leg/slot"
thaw_sync $array
wait_whole $array

note "a check that gets no memory is no check, and says so"
# Nor must it be the bitmap's daemon that gets none.
echo 1000 >$sysfs/bitmap/time_base
echo 100 >/sys/kernel/debug/failslab/probability
echo 1 >/sys/kernel/debug/failslab/times
dmesg_mark
echo check >$sysfs/sync_action
until_true 30 "the message" no_memory_said
wait_idle $array
echo 0 >/sys/kernel/debug/failslab/probability
echo check >$sysfs/sync_action
wait_idle $array
expect_equal "the mismatches" "$(<$sysfs/mismatch_cnt)" 0
echo 5 >$sysfs/bitmap/time_base

note "requests go on when one allocation in five fails"
echo -1 >/sys/kernel/debug/failslab/times
echo -1 >/sys/kernel/debug/fail_page_alloc/times
echo 20 >/sys/kernel/debug/failslab/probability
echo 20 >/sys/kernel/debug/fail_page_alloc/probability
fio --name=tight --filename=$array --rw=randrw --bsrange=512-256k --blockalign=512 --size=24M --io_size=16M \
	--direct=1 --ioengine=io_uring --iodepth=16 --verify=crc32c --verify_fatal=1 --randseed=5 --eta=never --output=/run/fio.log ||
	fail "$(cat /run/fio.log)"
echo check >$sysfs/sync_action
wait_idle $array
echo 0 >/sys/kernel/debug/failslab/probability
echo 0 >/sys/kernel/debug/fail_page_alloc/probability
expect_equal "the degraded legs" "$(<$sysfs/degraded)" 0
expect_equal "the mismatches" "$(<$sysfs/mismatch_cnt)" 0

keep_layout $array
wait_clean $array
quietly mdadm --stop $array
all_same "${legs[@]}"
