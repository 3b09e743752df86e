# SPDX-License-Identifier: GPL-2.0
# scenario: IMSM's list of bad blocks: mdmon records one before the writer hears of it, keeps it, and forgets it when it's mended
# row: metadata errors
# disks: 2x40M
# timeout: 120
# module: compare
. /payload/guest/external.sh
container=/dev/md100
volume=/dev/md101
load_module
sync_speed 1000000
faulty_leg a "$(member 0)"
first=$(faulty_node a)
second=$(member 1)
dir=$(member_dir $volume "$first")
write_at() { dd if=/run/data of=$volume bs=4k skip="$1" seek="$1" count=1 oflag=direct conv=notrunc status=none; }
data_is_there() { expect_equal "the checksum" "$(device_sum $volume)" "$(sha256sum </run/data | cut -d' ' -f1)"; }
on_record() { [[ $(mdadm --examine-badblocks "$first" | grep -E 'for [0-9]+ sectors') == *"$1"* ]]; }
nothing_on_record() { ! mdadm --examine-badblocks "$first" | grep -E 'for [0-9]+ sectors'; }

silently mdadm --create $container --run --metadata=imsm --raid-devices=2 "$first" "$second"
silently mdadm --create $volume --run --level=1 --raid-devices=2 --size=16M "$first" "$second"
wait_idle $volume
dd if=/dev/urandom of=/run/data bs=1M count=16 iflag=fullblock status=none
quietly dd if=/run/data of=$volume bs=1M oflag=direct

note "the writer waits for mdmon"
dd if=/dev/urandom of=/run/data bs=4k count=1 seek=1000 conv=notrunc status=none
leg_errors a writes 8000 8
# It must not go back to clean meanwhile: that is another thing to wait for.
stay_active $volume
write_at 0
pause_mdmon $container
write_at 1000 &
writer=$!
until_true 20 "the bad block" grep -q '^8000 8$' "$dir/unacknowledged_bad_blocks"
still_waits $writer
nothing_on_record || fail "a record before mdmon wrote it"
resume_mdmon $container
wait $writer || fail "the write failed"
run cat "$dir/bad_blocks"
run cat "$dir/unacknowledged_bad_blocks"
until_true 20 "the record" on_record '8000 for 8 sectors'
data_is_there
note "written again, it's avoided"
dd if=/dev/urandom of=/run/data bs=4k count=1 seek=1000 conv=notrunc status=none
write_at 1000
data_is_there
echo 0.2 >"$(md_sysfs $volume)/safe_mode_delay"
wait_clean $volume

note "assembled again, it's still there"
stop $volume
stop $container
mdmon_ends $container
silently mdadm --assemble $container "$first" "$second"
silently mdadm --assemble $volume $container
run cat "$dir/bad_blocks"
data_is_there

note "mended by a write, it's on no record"
leg_heals a
write_at 1000
until_true 20 "it to be forgotten" nothing_on_record
run cat "$dir/bad_blocks"
wait_clean $volume
keep_layout $volume
stop $volume
stop $container
all_same "$first" "$second"
quietly cmp --bytes=16777216 /run/data "$second"
