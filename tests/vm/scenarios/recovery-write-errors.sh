# SPDX-License-Identifier: GPL-2.0
# scenario: sectors that a recovery can't write become bad blocks, these and no others, and the leg joins the array
# row: errors sync
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because it records the whole 64 KiB of the request
# raid1.ko-says: ^bad blocks is
array=/dev/md100
load_module
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$(member 0)" missing
fill $array
sum=$(device_sum $array)
first=$(cat /sys/block/md100/md/rd0/offset)
# Whole pages, parts of two, and the last sectors of a unit of 1 MiB.
leg_errors b writes $((first + 8192)) 16 $((first + 10244)) 8 $((first + 14334)) 2
quietly mdadm $array --add /dev/mapper/b
wait_whole $array
expect_equal "bad blocks" "$(paste -sd, /sys/block/md100/md/rd1/bad_blocks)" "$((first + 8192)) 16,$((first + 10244)) 8,$((first + 14334)) 2"
expect_equal "the state" "$(cat /sys/block/md100/md/rd1/state)" "in_sync,write_error,want_replacement"
until_true 20 "the record to be on disk" is_empty /sys/block/md100/md/rd1/unacknowledged_bad_blocks
echo writemostly >/sys/block/md100/md/rd0/state
expect_equal "the checksum" "$(device_sum $array)" "$sum"
# The leg has all the rest.
quietly mdadm $array --fail "$(member 0)"
good() {
	dd if="$1" bs=1M skip=$(($2 * 512)) count=$(($3 * 512)) iflag=direct,skip_bytes,count_bytes status=none
}
for part in "0 8192" "8208 2036" "10252 4082" "14336 40000"; do
	# shellcheck disable=SC2086
	cmp <(good $array $part) <(good "$(member 0)" $((first + ${part% *})) "${part#* }") || fail "sectors $part differ"
done
run_fails good $array 10244 8
