# SPDX-License-Identifier: GPL-2.0
# scenario: lvcreate --type raid1: a device that goes and comes back, lvconvert --repair, lvextend, from and to linear
# row: stacking
# disks: 3x64M
# timeout: 360
# module: compare
volume=/dev/mapper/vg-data
load_module
use_lvm
modprobe dm-raid
sync_speed 1000000

leg_gone() { leg_errors pv"$1" all 0 "$(blockdev --getsz "$(member "$1")")"; }
health() { dmsetup status vg-data | awk '{ print $6, $8, $9 }'; }
# Failed, and md is through with it.
is_failed() { [[ $(health) == "AD idle 0" ]]; }

# The first one differs from the others wherever nothing is synced.
fill "$(member 0)"
for number in 0 1 2; do faulty_leg pv$number "$(member $number)"; done
pvs=(/dev/mapper/pv{0,1,2})
quietly vgcreate -s 1M vg "${pvs[@]}"

note "a linear volume becomes a mirror"
quietly lvcreate --yes --wipesignatures n --size 16M --name data vg "${pvs[0]}"
write_part $volume 16
run lvconvert --yes --type raid1 --mirrors 1 vg/data "${pvs[1]}"
wait_volume vg/data
check_part $volume "of the mirror"
volume_legs_alike data 2

note "larger"
run lvextend --size 24M vg/data
wait_volume vg/data
run blockdev --getsize64 $volume
check_part $volume "after lvextend"
volume_legs_alike data 2

note "a device goes under load, and comes back"
start_load $volume --offset=16M --size=8M
leg_gone 1
until_true 60 "the leg to fail" is_failed
run health
stop_load
leg_heals pv1
before=$(sectors_written "$(member 1)")
quietly lvchange --refresh vg/data
wait_volume vg/data
run health
# The bitmap knows that it lacks nothing of the first 16 MiB.
written=$(($(sectors_written "$(member 1)") - before))
((written < 12 << 11)) || fail "$written sectors were copied back, of at most 8 MiB"
check_part $volume "after it came back"
volume_legs_alike data 2

note "a device goes for good"
leg_gone 1
write_part $volume 20
until_true 60 "the leg to fail" is_failed
run health
quietly lvconvert --yes --repair vg/data "${pvs[2]}"
wait_volume vg/data
run health
check_part $volume "after the repair"
volume_legs_alike data 2

note "slow legs: write-mostly"
quietly lvchange --writemostly "${pvs[2]}" --writebehind 256 vg/data
lvs -a --noheadings -o name,attr,raid_write_behind vg 2>/dev/null
before=$(sectors_read "$(member 2)")
check_part $volume "with a write-mostly leg"
expect_equal "reads from the write-mostly leg" "$(($(sectors_read "$(member 2)") - before))" 0

note "linear again"
leg_heals pv1
quietly vgreduce --removemissing vg
quietly lvconvert --yes --mirrors 0 vg/data "${pvs[2]}"
check_part $volume "of the linear volume"
quietly vgchange --activate n vg
quietly vgremove --force vg
