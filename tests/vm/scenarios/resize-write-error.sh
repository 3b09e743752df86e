# SPDX-License-Identifier: GPL-2.0
# scenario: a write fails while the size is changed: the change is refused until that is on record, and nothing hangs later
# row: shape bitmap
# disks: 2x48M
# timeout: 180
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg bad "$(member 1)"
gated_leg slow /dev/mapper/bad
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K --size=16M \
	"$(member 0)" /dev/mapper/slow
fill $array
stay_active $array
echo 100 >$md/bitmap/time_base
offset=$(<$md/rd1/offset)
write() { dd if=/dev/urandom of=$array bs=4k seek=10 count=1 oflag=direct conv=notrunc status=none; }
write
hold_writes slow "$offset"
write &
writer=$!
still_waits $writer
resize() { echo 32768 >$md/component_size; }
(
	# That it fails is what we want.
	trap - ERR
	resize 2>/run/resize.log
) &
resizer=$!
still_waits $resizer
leg_errors bad writes $((offset + 80)) 8
release_writes slow
ends_well $writer
if wait $resizer; then fail "the size was changed with a write under way"; fi
expect_line <(dmesg) "md/raid1:md100: not resized: "
expect_equal "the size" "$(<$md/component_size)" 16384
until_true 20 "the bad block" grep -q . $md/rd1/bad_blocks
note "on record"
leg_heals bad
echo -write_error >$md/rd1/state
until_true 20 "the change" resize
wait_whole $array
expect_equal "the size" "$(<$md/component_size)" 32768
note "writes to that place"
for _ in 1 2 3; do write; done
keep_layout $array
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
