# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that can't flush its cache fails, and not the sectors that came with the flush
# leaks: yes
# row: errors operations
# disks: 1x64M
# timeout: 90
# module: both
# raid1.ko: fails because it drops the errors of flushes
# raid1.ko-says: the leg to fail
array=/dev/md100
load_module
modprobe sd_mod
modprobe scsi_debug dev_size_mb=64 delay=0
until_true 20 "the SCSI disk" test -b /dev/sda
# Its command SYNCHRONIZE CACHE ends with a hardware error, or doesn't.
errors=(/sys/kernel/debug/scsi_debug/*/error)
flushes_fail() { echo "2 1 35 0 0 2 4 44 0" >"${errors[0]}"; }
flushes_work() { echo "- 2 35" >"${errors[0]}"; }
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 0)" /dev/sda
# Superblocks are written with a flush, too: it's not they that are to meet the error.
stay_active $array
quietly mkfs.ext4 -q -E nodiscard $array
mount $array /mnt
sync /mnt
leg_has_failed() { mdstat $array | grep -qE '\[[0-9]+\]\(F\)'; }

flushes_fail
dd if=/dev/urandom of=/mnt/file bs=64k count=4 status=none
sum=$(sha256sum </mnt/file)
# The journal's commit is a write with a flush.
run sync /mnt
until_true 10 "the leg to fail" leg_has_failed
run mdstat $array
expect_equal "bad blocks of the other one" "$(<"$(md_sysfs $array)/rd0/bad_blocks")" ""
dmesg_lines 'md/raid1'
umount /mnt
mount $array /mnt
expect_equal "the file" "$(sha256sum </mnt/file)" "$sum"
umount /mnt

note "and on the only leg, whoever asked for the flush is told"
quietly mdadm $array --remove failed
flushes_work
quietly mdadm --zero-superblock /dev/sda
quietly mdadm $array --add /dev/sda
wait_whole $array
quietly mdadm $array --fail "$(member 0)"
mount $array /mnt
flushes_fail
dd if=/dev/urandom of=/mnt/file bs=64k count=4 conv=notrunc status=none
run_fails sync -f /mnt/file
umount /mnt
