# SPDX-License-Identifier: GPL-2.0
# scenario: a leg comes back to an array that was shrunk and has grown meanwhile: it gets what the bitmap no longer tells
# row: membership bitmap shape trust
# disks: 3x24M
# timeout: 120
# module: both
# raid1.ko: fails because it takes what the bitmap tells for all that the leg lacks
# raid1.ko-says: the checksum of what came back last
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
md=$(md_sysfs $array)
load_module
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=internal --bitmap-chunk=64K "${legs[@]}"
echo 1 >"$md/bitmap/time_base"
fill $array
wait_clean $array
for leg in "${legs[@]:1}"; do
	run mdadm $array --fail "$leg"
	remove_leg $array "$leg"
done
note "both miss this, and the bitmap says so"
fill $array
sum=$(device_sum $array)
wait_clean $array
run mdadm --grow $array --raid-devices=2
run mdadm $array --re-add "${legs[1]}"
wait_whole $array
note "the second one has it, and nobody else is missed. Nothing is written any more"
dirty_bits() { mdadm --examine-bitmap "${legs[0]}" | grep -oE '[0-9]+ dirty'; }
nothing_dirty() { [[ $(dirty_bits) == "0 dirty" ]]; }
until_true 30 "the bitmap to be clean" nothing_dirty
run mdadm --grow $array --force --raid-devices=3
run mdadm $array --re-add "${legs[2]}"
wait_whole $array
keep_layout $array
stop $array
expect_equal "the checksum of what came back last" "$(data_sum "${legs[2]}")" "$sum"
all_same "${legs[@]}"
