# SPDX-License-Identifier: GPL-2.0
# scenario: zeroes are written to every leg; a discard leaves a leg that can't do it as it was, and touches nothing around it
# row: operations writes
# disks: 1x32M
# timeout: 240
# module: compare
. /payload/guest/traced.sh
array=/dev/md100
load_module
modprobe sd_mod
# Without lbpu and lbpws it does not discard.
modprobe scsi_debug dev_size_mb=32 max_luns=1 delay=0
until_true 30 "the SCSI disk" test -b /dev/sda
with=$(member 0)
without=/dev/sda
expect_equal "what the SCSI disk discards" "$(</sys/block/sda/queue/discard_max_bytes)" 0

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M "$with" "$without"
fill $array
offset=$(cat /sys/block/md100/md/rd0/offset)
expect_equal "offset of the other leg" "$(cat /sys/block/md100/md/rd1/offset)" "$offset"
dd if=$array of=/run/before bs=1M iflag=direct status=none
cp /run/before /run/zeroed
grep . /sys/block/md100/queue/{write_zeroes_max_bytes,discard_max_bytes}

# leg_is LEG FILE: the leg's data is what the file has.
leg_is() {
	blockdev --flushbufs "$1"
	cmp <(dd if="$1" bs=1M iflag=direct,skip_bytes,count_bytes skip=$((offset * 512)) count=24M status=none) "$2" >/run/cmp.log
}
both_are() { leg_is "$with" "$1" && leg_is "$without" "$1"; }

note "zeroes, with and without leave to unmap, in odd places"
zero() {
	dd if=/dev/zero of=/run/zeroed bs=1M seek="$1" count="$2" oflag=seek_bytes iflag=count_bytes conv=notrunc status=none
}
run blkdiscard --zeroout --offset 512 --length 66048 $array
zero 512 66048
run fallocate --zero-range --keep-size --offset 4194304 --length 1048576 $array
zero 4194304 1048576
# That is refused if it means to write.
run_fails fallocate --punch-hole --offset 8392704 --length 2097152 $array
both_are /run/zeroed || fail "a leg differs: $(</run/cmp.log)"
expect_equal "the checksum" "$(device_sum $array)" "$(sha256sum </run/zeroed | cut -d' ' -f1)"

note "a discard"
trace block_bio_queue
run blkdiscard --offset 16777216 --length 4194304 $array
sync
discards() { traced block_bio_queue "$1" | grep -c '^D' || true; }
(($(discards "$with") > 0)) || fail "no discard came to the leg that can"
expect_equal "discards at the leg that can't" "$(discards "$without")" 0
leg_is "$without" /run/zeroed || fail "the leg that can't discard has changed: $(</run/cmp.log)"
zero 16777216 4194304
leg_is "$with" /run/zeroed || fail "the other is not what it should be: $(</run/cmp.log)"

note "a check sees that they differ, and a repair makes them alike"
echo check >/sys/block/md100/md/sync_action
wait_idle $array
(($(</sys/block/md100/md/mismatch_cnt) > 0)) || fail "the check found nothing"
echo repair >/sys/block/md100/md/sync_action
wait_idle $array
both_are /run/zeroed || fail "after the repair: $(</run/cmp.log)"
echo check >/sys/block/md100/md/sync_action
wait_idle $array
expect_equal "mismatches" "$(</sys/block/md100/md/mismatch_cnt)" 0

note "only the leg that can't is left: a discard succeeds all the same"
quietly mdadm $array --fail "$with"
run blkdiscard --offset 1048576 --length 1048576 $array
quietly dd if=$array of=/run/after bs=1M iflag=direct status=none
cmp /run/after /run/zeroed
remove_leg $array "$with"
quietly mdadm $array --re-add "$with"
wait_whole $array
both_are /run/zeroed || fail "after the recovery: $(</run/cmp.log)"
stop $array
rmmod scsi_debug
