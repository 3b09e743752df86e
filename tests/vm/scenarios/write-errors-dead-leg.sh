# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that takes its time to fail whatever it's given fails after some attempts, not after one for each block
# row: errors
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because the superblock isn't written before each block was tried
# raid1.ko-says: writes were tried
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
modprobe dm-delay
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 1)" /dev/mapper/a
fill $array
stay_active $array
dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct conv=notrunc status=none
node=$(faulty_node a)
writes() { awk '{ print $5 }' "/sys/block/${node##*/}/stat"; }
size=$(blockdev --getsz "$(member 0)")
dmsetup create dead --table "0 $size error"
dmsetup suspend --noflush --nolockfs a
dmsetup load a --table "0 $size delay /dev/mapper/dead 0 300"
dmsetup resume a
before=$(writes)
quietly dd if=/dev/urandom of=$array bs=64k seek=16 count=1 oflag=direct conv=notrunc
attempts=$(($(writes) - before))
((attempts < 40)) || fail "$attempts writes were tried, for 128 blocks"
until_true 20 "the leg to fail" mdstat_shows $array '*(F)*'
