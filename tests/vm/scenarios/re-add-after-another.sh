# SPDX-License-Identifier: GPL-2.0
# scenario: a leg is re-added after another one took its place and failed in its recovery: it gets what the bitmap has forgotten
# row: membership bitmap trust
# disks: 3x24M
# timeout: 150
# module: compare
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
md=$(md_sysfs $array)
load_module
# What they hold before they come into the array.
fill "${legs[1]}"
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
	"${legs[@]:0:2}"
echo 1 >"$md/bitmap/time_base"
fill $array
is_out() { [[ $(<"$md/dev-${1##*/}/slot") == none ]]; }
is_in() { ! is_out "$1"; }

run mdadm $array --fail "${legs[1]}"
until_true 30 "the leg to leave its slot" is_out "${legs[1]}"
note "it misses this, and the bitmap says so"
fill $array
sum=$(device_sum $array)
freeze_sync $array
run mdadm $array --add "${legs[2]}"
sync_up_to $array 16384
note "the other one fails in the middle"
run mdadm $array --fail "${legs[2]}"
thaw_sync $array
until_true 30 "the other leg to leave its slot" is_out "${legs[2]}"
note "and the first comes back"
echo re-add >"$md/dev-${legs[1]##*/}/state" || fail "it can't be re-added"
until_true 30 "the leg to be in its slot" is_in "${legs[1]}"
wait_whole $array
run mdstat $array
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
run mdadm --stop $array
same_data "${legs[0]}" "${legs[1]}"
