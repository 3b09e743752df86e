# SPDX-License-Identifier: GPL-2.0
# scenario: a spare is added during the resync after a power loss: a leg that was partly rebuilt gets all of the data
# row: sync membership trust
# disks: 6x24M
# timeout: 400
# module: rs
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
mapfile -t copies < <(members 3 4 5)
md=$(md_sysfs $array)
held=32768
load_module
sync_speed 1000000

# first_sum: the checksum of what is in front of the resync.
first_sum() { /payload/guest/disk-sum $array 0 $((held * 512)); }

# lose_power SLOT BITMAP: the copies are what is left of an array whose leg in that slot was partly rebuilt.
lose_power() {
	local slot=$1 disk bitmap=(--bitmap="$2")
	[[ $2 == none ]] || bitmap+=(--bitmap-chunk=512K)
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 "${bitmap[@]}" "${legs[@]}"
	[[ $2 == none ]] || echo 1 >"$md/bitmap/time_base"
	fill $array
	[[ $2 == none ]] || until_true 30 "the bitmap to be clean" bitmap_is_clean
	quietly mdadm $array --fail "${legs[slot]}"
	remove_leg $array "${legs[slot]}"
	# It comes back as a new one, with data that is nobody's.
	fill "${legs[slot]}"
	freeze_sync $array
	quietly mdadm $array --add "${legs[slot]}"
	sync_up_to $array 8192
	freeze_sync $array
	# The array stays dirty, as with writes under way. What is written is what is there already.
	stay_active $array
	dd if=$array of=/run/block bs=4k count=1 iflag=direct status=none
	dd if=/run/block of=$array bs=4k count=1 oflag=direct conv=notrunc status=none
	expect_equal "the array's state" "$(<"$md/array_state")" active
	for disk in 0 1 2; do
		dd if="${legs[disk]}" of="${copies[disk]}" bs=1M iflag=direct oflag=direct status=none
	done
	sum=$(device_sum $array)
	begin=$(first_sum)
	quietly mdadm --stop $array
	quietly mdadm --zero-superblock "${legs[@]}"
}
bitmap_is_clean() { mdadm --examine-bitmap "${legs[1]}" | grep -q ' 0 dirty '; }

for slot in 1 0; do
	for bitmap in none internal; do
		note "slot $slot, bitmap: $bitmap"
		lose_power $slot $bitmap
		quietly mdadm --assemble --readonly $array "${copies[@]}"
		expect_equal "where the leg's recovery is" "$(<"$md/rd$slot/recovery_start")" 8192
		expect_equal "where the resync is" "$(<"$md/resync_start")" 0
		echo $held >"$md/sync_max"
		quietly mdadm --readwrite $array
		until_true 60 "the resync to come to sector $held" sync_is_at $array $held
		expect_equal "what goes on" "$(<"$md/sync_action")" resync

		quietly mdadm $array --add "${legs[0]}"
		# The leg is read from if it is said to have the data. And md writes the superblocks now.
		for other in 0 1 2; do
			((other == slot)) || echo writemostly >"$md/rd$other/state"
		done
		expect_equal "the checksum in front of the resync" "$(first_sum)" "$begin"
		thaw_sync $array
		wait_whole $array
		expect_equal "the checksum after the sync" "$(device_sum $array)" "$sum"

		echo check >"$md/sync_action"
		wait_idle $array
		expect_equal "mismatches" "$(<"$md/mismatch_cnt")" 0
		keep_layout $array
		mapfile -t active < <(for leg in 0 1 2; do echo "/dev/$(basename "$(readlink -f "$md/rd$leg/block")")"; done)
		quietly mdadm --stop $array
		all_same "${active[@]}"
		quietly mdadm --zero-superblock "${copies[@]}" "${legs[0]}"
	done
done
