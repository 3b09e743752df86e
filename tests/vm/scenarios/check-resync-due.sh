# SPDX-License-Identifier: GPL-2.0
# scenario: a check or repair that is asked for where a resync is due is that resync: the legs are the same after it
# row: sync trust
# disks: 3x24M
# timeout: 300
# module: both
# raid1.ko: fails because it only compares, and md then takes the legs for synced
# raid1.ko-says: the checksum after it is
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
md=$(md_sysfs $array)
load_module

for bitmap in none internal; do
	for action in check repair; do
		note "$action, bitmap: $bitmap"
		# Two of three agree, and yet readers are given what the first has.
		fill "${legs[0]}"
		fill "${legs[1]}"
		dd if="${legs[1]}" of="${legs[2]}" bs=1M iflag=direct oflag=direct status=none
		sync_speed 1
		quietly mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=$bitmap "${legs[@]}"
		freeze_sync $array
		keep_layout $array
		[[ $(<"$md/resync_start") != none ]] || fail "no resync is due"
		sum=$(device_sum $array)
		expect_equal "what readers see" "$sum" "$(data_sum "${legs[0]}")"
		[[ $sum != "$(data_sum "${legs[1]}")" ]] || fail "the legs are the same"

		sync_speed 1000000
		echo $action >"$md/sync_action"
		wait_idle $array
		expect_equal "where a resync is to start" "$(<"$md/resync_start")" none
		expect_equal "the checksum after it" "$(device_sum $array)" "$sum"
		quietly mdadm --stop $array
		all_same "${legs[@]}"
		quietly mdadm --zero-superblock "${legs[@]}"
	done
done
