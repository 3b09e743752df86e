# SPDX-License-Identifier: GPL-2.0
# scenario: who reads from a write-mostly leg waits for what is behind, and reads what was said to be written
# row: write-behind
# disks: 2x32M
# timeout: 180
# module: compare
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg fast "$(member 0)"
gated_leg slow "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --write-behind=64 \
	/dev/mapper/fast --write-mostly /dev/mapper/slow
keep_layout $array
fill $array
echo 100 >$md/safe_mode_delay
echo 100 >$md/bitmap/time_base
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
run mdadm $array --remove /dev/mapper/fast
run mdadm $array --re-add /dev/mapper/fast
wait_whole $array

note "every leg is write-mostly"
run sh -c "echo writemostly >$md/rd0/state"
for _ in 1 2 3 4; do
	dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
	dd if=/run/data of=$array bs=64k count=16 oflag=direct status=none
	cmp -n 1048576 $array /run/data || fail "a read has overtaken a write"
	echo 1 >/proc/sys/vm/drop_caches
done
run mdstat $array
run mdadm --stop $array
same_data "$(faulty_node fast)" "$(faulty_node slow)"
unload_module
