# SPDX-License-Identifier: GPL-2.0
# scenario: a replacement takes over while its member is still writing: the write succeeds, as the replacement has the data
# row: membership
# disks: 2x24M
# timeout: 180
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 0)"
quietly mdadm --create $array --run --force --assume-clean --level=1 --raid-devices=1 --bitmap=none /dev/mapper/slow
fill $array
quietly mdadm $array --add "$(member 1)"
freeze_sync $array
quietly mdadm $array --replace /dev/mapper/slow --with "$(member 1)"
sync_up_to $array 32768
# The superblocks tell that there are writes, and have no more to tell until the end.
stay_active $array
dd if=/dev/zero of=$array bs=4k count=1 oflag=direct conv=notrunc status=none
dd if=/dev/urandom of=/run/data bs=64k count=1 status=none
# Data is held up, and flushes are not: superblocks have to be written.
device=$(member 0) offset=$(<$md/rd0/offset) size=$(blockdev --getsz "$(member 0)")
gate_table slow "0 $offset linear $device 0
$offset $((size - offset)) delay $device $offset 0 $device $offset 3600000 $device $offset 0"
dd if=/run/data of=$array bs=64k count=1 oflag=direct conv=notrunc status=none &
writer=$!
still_waits $writer
thaw_sync $array
is_taken_over() { grep -q '(F)' <(mdstat $array); }
until_true 30 "the replacement to take over" is_taken_over
release_writes slow
ends_well $writer
cmp -n 65536 $array /run/data || fail "the data is not there"
