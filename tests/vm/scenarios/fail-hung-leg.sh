# SPDX-License-Identifier: GPL-2.0
# scenario: a leg fails while a request is stuck on it: all others go on, and it leaves when that has ended
# row: membership
# disks: 2x32M
# module: compare
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 0)" /dev/mapper/slow
fill $array
stay_active $array
write() { dd if=/dev/urandom of=$array bs=64k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
write 0
device=$(readlink -f $md/rd1)

hold_writes slow "$(<$md/rd1/offset)"
before=$(sectors_written "$(member 0)")
write 16 &
stuck=$!
until_true 20 "the other leg to have it" written_since "$(member 0)" "$before" 128
run mdadm $array --fail /dev/mapper/slow
until_true 20 "the failure to be recorded" grep -qx faulty "$device/state"
# md has the time to take it out.
sleep 2
note "reads and writes go on"
goes_on() {
	for at in 64 128 192; do
		timeout 20 dd if=/dev/urandom of=$array bs=64k seek=$at count=1 oflag=direct conv=notrunc status=none || return 1
		timeout 20 dd if=$array of=/dev/null bs=64k skip=$at count=1 iflag=direct status=none || return 1
	done
}
goes_on || fail "they wait for the leg that has failed"
still_waits $stuck
release_writes slow
ends_well $stuck
remove_leg $array /dev/mapper/slow
run mdstat $array
run mdadm $array --add /dev/mapper/slow
wait_whole $array
keep_layout $array
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
unload_module
