# SPDX-License-Identifier: GPL-2.0
# scenario: a resync that resumes behind what a leg has, with a spare added meanwhile: the leg gets all of the data
# row: sync membership trust
# disks: 4x24M
# timeout: 300
# module: rs
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
leg=${legs[1]}
spare=$(member 3)
md=$(md_sysfs $array)
load_module
sync_speed 1000000

# add_spare SECTOR: the resync waits there.
add_spare() {
	expect_equal "what goes on" "$(<"$md/sync_action")" resync
	quietly mdadm $array --add "$spare"
	# The leg is read from if it is said to have the data. And md writes the superblocks now.
	echo writemostly >"$md/rd0/state"
	echo writemostly >"$md/rd2/state"
	expect_equal "the checksum in front of the resync" "$(first_sum "$1")" "$(expected_sum "$1")"
	thaw_sync $array
	wait_whole $array
	expect_equal "the checksum after the sync" "$(device_sum $array)" "$(sha256sum </run/data | cut -d' ' -f1)"
	echo check >"$md/sync_action"
	wait_idle $array
	expect_equal "mismatches" "$(<"$md/mismatch_cnt")" 0
	keep_layout $array
	mapfile -t active < <(for slot in 0 1 2; do echo "/dev/$(basename "$(readlink -f "$md/rd$slot/block")")"; done)
	quietly mdadm --stop $array
	all_same "${active[@]}"
	quietly mdadm --zero-superblock "${legs[@]}" "$spare"
}
# keep_data: what readers see is what they have to see from now on.
keep_data() { dd if=$array of=/run/data bs=1M iflag=direct status=none; }
first_sum() { /payload/guest/disk-sum $array 0 $(($1 * 512)); }
expected_sum() { head -c $(($1 * 512)) /run/data | sha256sum | cut -d' ' -f1; }

note "stopped in the resync, and assembled"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
fill $array
keep_data
quietly mdadm $array --fail "$leg"
remove_leg $array "$leg"
# It comes back as a new one, with data that is nobody's.
fill "$leg"
freeze_sync $array
quietly mdadm $array --add "$leg"
sync_up_to $array 8192
freeze_sync $array
expect_equal "where the leg's recovery is" "$(<"$md/rd1/recovery_start")" 8192
echo 0 >"$md/resync_start"
sync_up_to $array 32768
freeze_sync $array
expect_equal "where the resync is" "$(<"$md/resync_start")" 32768
quietly mdadm --stop $array
quietly mdadm --assemble --readonly $array "${legs[@]}"
echo 40960 >"$md/sync_max"
quietly mdadm --readwrite $array
until_true 60 "the resync to come to sector 40960" sync_is_at $array 40960
add_spare 40960

note "the leg comes when a part of the resync is done"
for disk in "${legs[@]}"; do fill "$disk"; done
sync_speed 1
quietly mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=none "${legs[0]}" missing "${legs[2]}"
freeze_sync $array
sync_up_to $array 32768
freeze_sync $array
keep_data
quietly mdadm $array --add "$leg"
echo 1 >"$md/dev-${leg##*/}/slot"
expect_equal "where the leg's recovery is" "$(<"$md/rd1/recovery_start")" 0
sync_up_to $array 40960
add_spare 40960
