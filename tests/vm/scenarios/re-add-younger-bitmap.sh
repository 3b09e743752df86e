# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that left while there was no bitmap, and is re-added by sysfs, gets all it lacks
# leaks: yes
# row: membership bitmap trust
# disks: 2x24M
# timeout: 120
# module: both
# raid1.ko: fails because it asks the new bitmap what was written before there was one
# raid1.ko-says: differ first at sector 0 of
array=/dev/md100
mapfile -t legs < <(members 0 1)
md=$(md_sysfs $array)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "${legs[@]}"
fill $array
run mdadm $array --fail "${legs[1]}"
is_out() { [[ $(<"$md/dev-${legs[1]##*/}/slot") == none ]]; }
until_true 30 "the leg to leave its slot" is_out
note "it misses this, and only then there is a bitmap"
fill $array
run mdadm --grow --bitmap=internal $array
echo re-add >"$md/dev-${legs[1]##*/}/state" || fail "it can't be re-added"
wait_whole $array
keep_layout $array
stop $array
same_data "${legs[@]}"
