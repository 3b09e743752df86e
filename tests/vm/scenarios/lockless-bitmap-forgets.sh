# SPDX-License-Identifier: GPL-2.0
# scenario: the lockless bitmap: a leg comes back after another one took its place, got all of the data, and failed: it gets all as well
# row: bitmap membership trust
# disks: 3x32M
# timeout: 120
# lanes: debug
# module: rs
. /payload/guest/lockless.sh
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
load_module
# out LEG: it fails, and md forgets it.
out() {
	run mdadm $array --fail "$1"
	remove_leg $array "$1"
}
lockless_array $array "${legs[@]:0:2}"
fill $array
clean_soon
until_true 60 "all to be clean" bits_are dirty 0
out "${legs[1]}"
run mdadm $array --add "${legs[2]}"
wait_whole $array
note "the leg that is away misses this, and no bit tells"
fill $array
sum=$(device_sum $array)
until_true 60 "all to be clean" bits_are dirty 0
out "${legs[2]}"
run mdadm $array --re-add "${legs[1]}"
wait_whole $array
keep_layout $array
stop $array
expect_equal "the checksum of what came back" "$(data_sum "${legs[1]}")" "$sum"
