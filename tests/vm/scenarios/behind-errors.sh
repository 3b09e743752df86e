# SPDX-License-Identifier: GPL-2.0
# scenario: a write that is behind is in the bitmap until it has ended, and fails as any other; if the legs fail that were waited for, it decides
# row: write-behind
# disks: 2x32M
# timeout: 180
# raid1.ko now and then makes such a write wait for the slow leg as well: see behind-quick-leg.
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg fast "$(member 0)"
faulty_leg bad "$(member 1)"
gated_leg slow /dev/mapper/bad
behind_array $array /dev/mapper/fast /dev/mapper/slow
offset=$(<$md/rd1/offset)
dirty() { mdadm --examine-bitmap "$(member 0)" | grep -o '[0-9]* dirty'; }
is_dirty() { [[ $(dirty) == "$1 dirty" ]]; }

# bad_are SLOT LIST
bad_are() { [[ $(<"$md/rd$1/bad_blocks") == "$2" ]]; }

# settled: nothing is behind any more, and the bitmap says so.
settled() {
	echo 0.1 >$md/safe_mode_delay
	echo 1 >$md/bitmap/time_base
	dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct status=none
	until_true 20 "the bitmap to be clean" is_dirty 0
}

# held_up: the array is active, the bitmap dirty, and both stay so; what's written from now on is behind.
held_up() {
	stay_active $array
	echo 100 >$md/bitmap/time_base
	dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct status=none
	hold_writes slow "$offset"
}

note "the bitmap has it until the leg has it"
settled
held_up
run dd if=/dev/urandom of=$array bs=64k count=1 oflag=direct status=none
echo 1 >$md/bitmap/time_base
sleep 5
run dirty
release_writes slow
settled

note "the leg fails to get it: bad blocks, as ever"
held_up
run dd if=/dev/urandom of=/run/data bs=64k count=4 status=none
run dd if=/run/data of=$array bs=64k count=4 oflag=direct status=none
leg_errors bad writes $((offset + 128)) 8
release_writes slow
until_true 20 "bad blocks to be recorded" bad_are 1 "$((offset + 128)) 8"
run cat $md/rd0/bad_blocks
run cat $md/rd1/bad_blocks
run cmp -n 262144 $array /run/data
leg_heals bad
run mdadm --stop $array
run mdadm --assemble $array /dev/mapper/fast /dev/mapper/slow
run cat $md/rd1/bad_blocks
fill $array
until_true 20 "bad blocks to be cleared" is_empty $md/rd1/bad_blocks

note "the other leg fails to get it: the sender is told when this one has it"
held_up
leg_errors fast writes $((offset + 128)) 8
dd if=/run/data of=$array bs=64k count=4 oflag=direct status=none &
writer=$!
still_waits $writer
release_writes slow
wait $writer || fail "the write failed"
until_true 20 "bad blocks to be recorded" bad_are 0 "$((offset + 128)) 8"
run cat $md/rd0/bad_blocks
leg_heals fast
echo 1 >/proc/sys/vm/drop_caches
run cmp -n 262144 $array /run/data
run mdstat $array
run mdadm --stop $array
run cmp -n 262144 -i "$((offset * 512)):0" /dev/mapper/slow /run/data
unload_module
