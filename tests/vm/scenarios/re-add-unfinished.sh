# SPDX-License-Identifier: GPL-2.0
# scenario: a new leg that fails in its first recovery, and is re-added by sysfs, gets all it lacks
# row: membership bitmap trust
# disks: 3x24M
# timeout: 120
# module: compare
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
new=${legs[2]}
md=$(md_sysfs $array)
load_module
# What it holds before it comes into the array.
fill "$new"
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "${legs[@]:0:2}"
echo 1 >"$md/bitmap/time_base"
fill $array
sum=$(device_sum $array)
bitmap_is_clean() { mdadm --examine-bitmap "${legs[0]}" | grep -q ' 0 dirty '; }
until_true 30 "the bitmap to be clean" bitmap_is_clean
run mdadm $array --fail "${legs[1]}"
remove_leg $array "${legs[1]}"

freeze_sync $array
run mdadm $array --add "$new"
sync_up_to $array 16384
note "it fails in the middle, and md takes it out of its slot"
run mdadm $array --fail "$new"
# This also wakes the recovery, which waits there.
thaw_sync $array
is_out() { [[ $(<"$md/dev-${new##*/}/slot") == none ]]; }
until_true 30 "the leg to leave its slot" is_out
bitmap_is_clean || fail "the bitmap says that something was written"
note "it comes back, and nothing was written meanwhile"
echo re-add >"$md/dev-${new##*/}/state" || fail "it can't be re-added"
wait_whole $array
run mdstat $array
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
run mdadm --stop $array
same_data "${legs[0]}" "$new"
