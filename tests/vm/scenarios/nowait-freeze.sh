# SPDX-License-Identifier: GPL-2.0
# scenario: who must not wait gets EAGAIN during a freeze, and a leg that says EAGAIN has not failed
# row: reads writes quiesce
# disks: 3x48M
# timeout: 120
# module: rs
inner=/dev/md101
outer=/dev/md100
md=/sys/block/md101/md
nowait=/payload/guest/nowait
load_module
gated_leg slow "$(member 1)"
quietly mdadm --create $inner --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=16M \
	"$(member 0)" /dev/mapper/slow
quietly mdadm --create $outer --run --assume-clean --level=1 --raid-devices=2 --bitmap=none $inner "$(member 2)"
fill $outer
sum=$(device_sum $outer)
stay_active $inner
stay_active $outer
echo 100 >$md/bitmap/time_base
rewrite() {
	dd if=$outer of=/run/block bs=64k skip=16 count=1 iflag=direct status=none
	dd if=/run/block of=$outer bs=64k seek=16 count=1 oflag=direct conv=notrunc status=none
}
rewrite

note "a change of the size waits for a write, and lets no request in"
hold_writes slow "$(<$md/rd1/offset)"
before=$(sectors_written "$(member 0)")
dd if=/run/block of=$outer bs=64k seek=16 count=1 oflag=direct conv=notrunc status=none &
writer=$!
until_true 20 "the other leg to have it" written_since "$(member 0)" "$before" 128
echo 32768 >$md/component_size &
resizer=$!
still_waits $resizer
expect_equal "a read" "$($nowait $inner one read 8388608)" EAGAIN
expect_equal "a write" "$($nowait $inner one write 8388608)" EAGAIN

note "an array above reads what it can, and fails no leg"
dmesg_mark
$nowait $outer read 200 >/run/reads 2>&1 || fail "$(tail -n 1 /run/reads)"
read -r served again </run/reads
((served > 0 && again > 0)) || fail "$served reads had data, and $again EAGAIN"
expect_equal "what the log says" "$(dmesg_since)" ""
mdstat $outer | expect_line - '\[UU\]'
expect_equal "errors" "$(cat /sys/block/md100/md/rd0/errors)" 0

release_writes slow
ends_well $writer
ends_well $resizer
expect_equal "a read after it" "$($nowait $inner one read 8388608)" data
wait_idle $inner
expect_equal "the checksum" "$(device_sum $outer)" "$sum"
stop $outer
keep_layout $inner
stop $inner
same_data "$(member 0)" "$(faulty_node slow)"
