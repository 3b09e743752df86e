# SPDX-License-Identifier: GPL-2.0
# scenario: after both legs went away while regions were dirty, just these are resynced
# row: bitmap
# disks: 2x48M
# timeout: 240
# module: both
# log-allow: md: super_written gets error
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
legs=(/dev/mapper/a /dev/mapper/b)
nodes=("$(faulty_node a)" "$(faulty_node b)")
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K "${legs[@]}"
fill $array
wait_clean $array
until_true 60 "the bitmap to be clean" bash -c "! mdadm --examine-bitmap ${legs[0]} | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'"
# Nothing is cleaned, however slow the machine is, and it stays active.
echo 100 >"$(md_sysfs $array)/bitmap/time_base"
echo 0 >"$(md_sysfs $array)/safe_mode_delay"
# Three regions were written when the power goes: the bitmap says so, and in one the second leg has
# something else.
for at in 8 9 30; do
	dd if=/dev/urandom of=$array bs=64k seek=$((at * 16)) count=1 oflag=direct conv=notrunc status=none
done
leg_errors a all 0 "$(blockdev --getsz /dev/mapper/a)"
leg_errors b all 0 "$(blockdev --getsz /dev/mapper/b)"
stop $array
leg_heals a
leg_heals b
offset=2048
dd if=/dev/urandom of=/dev/mapper/b bs=4k seek=$((offset / 8 + 9 * 256)) count=8 oflag=direct conv=notrunc status=none
before=$(sectors_written "${nodes[1]}")
dmesg_mark
quietly mdadm --assemble $array "${legs[@]}"
quietly mdadm --readwrite $array
wait_whole $array
expect_line <(dmesg_since) 'not clean -- starting background reconstruction'
written=$((($(sectors_written "${nodes[1]}") - before) / 2))
# Three regions of 64 KiB, and superblocks and bitmap.
((written > 190 && written < 600)) || fail "$written KiB were written to the second leg"
note "no more than the dirty regions was copied"
keep_layout $array
stop $array
same_data "${nodes[0]}" "${nodes[1]}"
