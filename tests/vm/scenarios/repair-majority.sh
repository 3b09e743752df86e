# SPDX-License-Identifier: GPL-2.0
# scenario: with three legs, repair restores what two of them have, wherever the bad one is
# row: sync
# disks: 3x24M
# timeout: 120
# module: both
# raid1.ko: fails because it copies the first leg over the others, and counts 128 for one sector
# raid1.ko-says: the data of /dev/\S+ is
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
fill $array
sum=$(device_sum $array)
keep_layout $array
read -r offset _ <"/run/layout.${legs[0]##*/}"

sync_for() {
	echo "$1" >/sys/block/md100/md/sync_action
	wait_idle $array
	cat /sys/block/md100/md/mismatch_cnt
}
damage() { dd if=/dev/urandom of="$1" bs=512 seek=$((offset + $2)) count="$3" oflag=direct status=none; }

for slot in 0 1 2; do
	note "slot $slot"
	dmesg_mark
	damage "${legs[slot]}" $((1000 + slot)) 1
	found=$(sync_for check)
	repaired=$(sync_for repair)
	for leg in "${legs[@]}"; do
		expect_equal "the data of $leg" "$(data_sum "$leg")" "$sum"
	done
	dmesg_since | expect_line - "md/raid1:md100: .*mismatch.*$((1000 + slot))"
	expect_equal "mismatches" "$found" 1
	expect_equal "mismatches in repair" "$repaired" 1
	expect_equal "mismatches after repair" "$(sync_for check)" 0
done

note "each slot at a place of its own, at once"
damage "${legs[0]}" 2040 16
damage "${legs[1]}" 4096 1
damage "${legs[2]}" 8191 3
expect_equal "mismatches" "$(sync_for repair)" 20
expect_equal "mismatches after repair" "$(sync_for check)" 0
echo 3 >/proc/sys/vm/drop_caches
expect_equal "the checksum of the array" "$(device_sum $array)" "$sum"
quietly mdadm --stop $array
all_same "${legs[@]}"
