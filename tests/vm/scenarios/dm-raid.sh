# SPDX-License-Identifier: GPL-2.0
# scenario: lvcreate --type raid1: scrubbed, a leg replaced under load, three legs and two again
# leaks: yes
# row: stacking
# disks: 3x64M
# timeout: 360
# module: compare
volume=/dev/mapper/vg-data
load_module
use_lvm
modprobe dm-raid
sync_speed 1000000

# show_volume: what LVM and device-mapper say, in the order of the legs.
show_volume() {
	lvs -a --noheadings -o name,attr,size,copy_percent,raid_sync_action,devices vg
	dmsetup status vg-data
}

for number in 0 1 2; do faulty_leg pv$number "$(member $number)"; done
pvs=(/dev/mapper/pv{0,1,2})
quietly vgcreate -s 1M vg "${pvs[@]}"
run lvcreate --yes --wipesignatures n --type raid1 --mirrors 1 --size 24M --name data vg "${pvs[0]}" "${pvs[1]}"
wait_volume vg/data
write_part $volume 16
run show_volume
volume_legs_alike data 2

note "a leg that differs is found and repaired"
dd if=/dev/urandom of=/dev/mapper/vg-data_rimage_1 bs=4k seek=1000 count=3 oflag=direct status=none
quietly lvchange --syncaction check vg/data
wait_volume vg/data
found=$(lvs --noheadings -o raid_mismatch_count vg/data)
((found >= 24)) || fail "$found mismatches were found, of 24"
quietly lvchange --syncaction repair vg/data
wait_volume vg/data
volume_legs_alike data 2
quietly lvchange --syncaction check vg/data
wait_volume vg/data
run lvs --noheadings -o raid_mismatch_count vg/data
check_part $volume "after the repair"

note "a leg is replaced under load"
start_load $volume --offset=16M --size=8M
run lvconvert --yes --replace "${pvs[1]}" vg/data "${pvs[2]}"
wait_volume vg/data
check_part $volume "after replace"

note "three legs"
run lvconvert --yes --mirrors 2 vg/data "${pvs[1]}"
wait_volume vg/data
stop_load
check_part $volume "with three legs"
run show_volume
volume_legs_alike data 3

note "two legs"
start_load $volume --offset=16M --size=8M
run lvconvert --yes --mirrors 1 vg/data "${pvs[0]}"
stop_load
check_part $volume "with two legs"
run show_volume
volume_legs_alike data 2
quietly vgchange --activate n vg
quietly vgremove --force vg
