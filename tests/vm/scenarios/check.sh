# SPDX-License-Identifier: GPL-2.0
# scenario: check finds what differs and changes nothing; repair makes the legs the same
# row: sync
# disks: 2x32M
# timeout: 300
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
fill $array
keep_layout $array
read -r offset _ <"/run/layout.${second##*/}"

# sync_for WHAT: check or repair; prints mismatch_cnt.
sync_for() {
	echo "$1" >/sys/block/md100/md/sync_action
	wait_idle $array
	cat /sys/block/md100/md/mismatch_cnt
}
# damage LEG SECTOR COUNT
damage() { dd if=/dev/urandom of="$1" bs=512 seek=$((offset + $2)) count="$3" oflag=direct status=none; }

expect_equal "mismatches of a good array" "$(sync_for check)" 0
damage "$second" 0 1
damage "$second" 5000 8
damage "$second" 30001 300
damaged=$(data_sum "$second")
found=$(sync_for check)
((found >= 309)) || fail "$found mismatches were found, of 309"
expect_equal "the damaged leg after check" "$(data_sum "$second")" "$damaged"
if [[ $MODULE == rs ]]; then expect_equal "mismatches, exactly" "$found" 309; fi

note "with I/O beside it"
start_load $array --bsrange=512-64k --iodepth=8 --offset=20M --size=8M
found=$(sync_for check)
((found >= 309)) || fail "$found mismatches were found beside I/O, of 309"
found=$(sync_for repair)
((found >= 309)) || fail "$found mismatches were repaired, of 309"
stop_load
expect_equal "mismatches after repair" "$(sync_for check)" 0

note "interrupted, and only a part"
damage "$second" 100 1
damage "$second" 40000 1
echo 16384 >/sys/block/md100/md/sync_min
# raid1.ko counts all of a step.
if [[ $MODULE == rs ]]; then wanted=1; else wanted=128; fi
expect_equal "mismatches from the middle on" "$(sync_for check)" $wanted
echo 0 >/sys/block/md100/md/sync_min
sync_speed 100
echo check >/sys/block/md100/md/sync_action
wait_sync_started $array
echo idle >/sys/block/md100/md/sync_action
wait_idle $array
sync_speed 1000000
# md would go on where it was interrupted.
echo 0 >/sys/block/md100/md/sync_min
sync_for repair >/run/found
expect_equal "mismatches after repair" "$(sync_for check)" 0
quietly mdadm --stop $array
same_data "$first" "$second"
