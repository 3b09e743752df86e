# SPDX-License-Identifier: GPL-2.0
# scenario: the sync of what lvextend has added to a raid1 volume is interrupted, and goes on later
# row: stacking
# disks: 2x96M
# timeout: 150
# module: both
# raid1.ko: fails because what was asked for is forgotten, and the bitmap says nothing of what is new
# raid1.ko-says: the number of different contents on the legs of data
load_module
use_lvm
modprobe dm-raid
sync_speed 1000000
# They differ wherever nothing is synced.
fill "$(member 0)"
for number in 0 1; do faulty_leg pv$number "$(member $number)"; done
quietly vgcreate -s 1M vg /dev/mapper/pv0 /dev/mapper/pv1
quietly lvcreate --yes --wipesignatures n --type raid1 --mirrors 1 --size 16M --name data vg
wait_volume vg/data
volume_legs_alike data 2

note "larger, and interrupted"
sync_speed 100
quietly lvextend --size 80M vg/data
syncs() { [[ $(dmsetup status vg-data | awk '{ print $8 }') =~ ^(resync|repair)$ ]]; }
until_true 30 "a sync to start" syncs
quietly dmsetup suspend vg-data
quietly dmsetup resume vg-data
sync_speed 1000000
wait_volume vg/data
run dmsetup status vg-data
run blockdev --getsize64 /dev/mapper/vg-data
volume_legs_alike data 2
quietly vgchange --activate n vg
