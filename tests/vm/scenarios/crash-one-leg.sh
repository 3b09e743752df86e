# SPDX-License-Identifier: GPL-2.0
# scenario: after a crash one leg is started alone, and the other comes back: it gets what was being written at the crash
# row: bitmap
# disks: 2x48M
# timeout: 150
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because md forgets what the bitmap says when there is nothing to resync, and takes the leg back by it
# raid1.ko-says: the checksum is|differ
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
nodes=("$(faulty_node a)" "$(faulty_node b)")
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
	/dev/mapper/a /dev/mapper/b
fill $array
stay_active $array
is_dirty() { mdadm --examine-bitmap /dev/mapper/a | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'; }
is_clean_on_disk() { ! is_dirty; }
# It has been written to for a while: the bitmap tells at which event count it was clean.
dd if=/dev/urandom of=$array bs=64k seek=32 count=1 oflag=direct conv=notrunc status=none
until_true 60 "the bitmap to be clean" is_clean_on_disk
# Nothing is cleaned any more, however slow the machine is.
echo 100 >"$(md_sysfs $array)/bitmap/time_base"
dd if=/dev/urandom of=$array bs=64k seek=144 count=1 oflag=direct conv=notrunc status=none
is_dirty || fail "the bitmap is clean"
offset=$(<"$(md_sysfs $array)/rd1/offset")
note "the power goes: what was written has not reached all of the second leg"
for leg in a b; do leg_errors $leg all 0 "$(blockdev --getsz /dev/mapper/$leg)"; done
stop $array
for leg in a b; do leg_heals $leg; done
dd if=/dev/urandom of=/dev/mapper/b bs=4k seek=$((offset / 8 + 9 * 256)) count=8 oflag=direct conv=notrunc status=none
note "the first leg alone, for as long as md takes to clean the bitmap"
quietly mdadm --assemble --run $array /dev/mapper/a
quietly mdadm --readwrite $array
until_true 60 "the bitmap to be clean" is_clean_on_disk
sum=$(device_sum $array)
note "the other one comes back"
quietly mdadm $array --re-add /dev/mapper/b
wait_whole $array
keep_layout $array
expect_equal "the checksum" "$(device_sum $array)" "$sum"
stop $array
same_data "${nodes[0]}" "${nodes[1]}"
