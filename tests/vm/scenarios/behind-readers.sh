# SPDX-License-Identifier: GPL-2.0
# scenario: who reads from a write-mostly leg waits for what is behind, and reads what was said to be written
# row: write-behind
# disks: 2x32M
# timeout: 180
# raid1.ko now and then makes such a write wait for the slow leg as well: see behind-quick-leg.
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg fast "$(member 0)"
gated_leg slow "$(member 1)"
behind_array $array /dev/mapper/fast /dev/mapper/slow
offset=$(<$md/rd1/offset)
dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
dd if=/run/data of=$array bs=64k count=1 oflag=direct status=none

note "the leg that has it can't be read there"
hold_writes slow "$offset"
run dd if=/run/data of=$array bs=64k count=16 oflag=direct status=none
leg_errors fast reads $((offset + 512)) 8
dd if=$array of=/run/read bs=64k skip=4 count=1 iflag=direct status=none &
reader=$!
still_waits $reader
release_writes slow
wait $reader || fail "the read failed"
run cmp -n 65536 -i 262144:0 /run/data /run/read
leg_heals fast

note "the leg that has it fails altogether"
fill $array
hold_writes slow "$offset"
run dd if=/run/data of=$array bs=64k count=16 oflag=direct status=none
run mdadm $array --fail /dev/mapper/fast
dd if=$array of=/run/read bs=64k count=16 iflag=direct status=none &
reader=$!
still_waits $reader
release_writes slow
wait $reader || fail "the read failed"
run cmp -n 1048576 /run/data /run/read
remove_leg $array /dev/mapper/fast
run mdadm $array --re-add /dev/mapper/fast
wait_whole $array

note "every leg is write-mostly"
run sh -c "echo writemostly >$md/rd0/state"
hold_writes slow "$offset" 100
for _ in 1 2 3 4; do
	dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
	dd if=/run/data of=$array bs=64k count=16 oflag=direct status=none
	dd if=$array of=/run/read bs=64k count=16 iflag=direct status=none
	cmp /run/read /run/data || fail "a read has overtaken a write"
done
release_writes slow
run mdstat $array
run mdadm --stop $array
same_data "$(faulty_node fast)" "$(faulty_node slow)"
unload_module
