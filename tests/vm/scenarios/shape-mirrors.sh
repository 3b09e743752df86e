# SPDX-License-Identifier: GPL-2.0
# scenario: one mirror becomes two, three, and two again, under load, with every byte checked
# leaks: yes
# row: shape
# disks: 3x48M
# timeout: 240
# module: compare
load_module
sync_speed 1000000
# How many pages of the bitmap are dirty is a matter of time.
mirrors() { mdstat /dev/md100 | grep -v bitmap:; }
is_gone() { ! mdadm --detail /dev/md100 | grep -q faulty; }
run mdadm --create /dev/md100 --run --force --level=1 --raid-devices=1 --bitmap=internal "$(member 0)"
wait_idle /dev/md100
fio --name=load --filename=/dev/md100 --size=24M --rw=randwrite --bs=4k --iodepth=4 --ioengine=io_uring \
	--verify=crc32c --do_verify=0 --verify_state_save=0 --randseed=7 --number_ios=3000 --rate_iops=300 \
	--eta=never --thread --output=/run/fio.log &
writer=$!
# And one that does not end by itself.
start_load /dev/md100 --offset=24M --size=16M
run mdadm /dev/md100 --add "$(member 1)" "$(member 2)"
run mdadm --grow /dev/md100 --raid-devices=2
wait_whole /dev/md100
run mirrors
run mdadm --grow /dev/md100 --raid-devices=3
wait_whole /dev/md100
run mirrors
run mdadm /dev/md100 --fail "$(member 0)"
remove_leg /dev/md100 "$(member 0)"
is_gone || fail "the failed leg is still listed"
run mdadm --grow /dev/md100 --raid-devices=2
run mirrors
for slot in 0 1; do expect_equal "the slot of rd$slot" "$(</sys/block/md100/md/rd$slot/slot)" $slot; done
stop_load
wait "$writer" || fail "fio: $(</run/fio.log)"
# More members than fit are refused, and nothing is lost.
run_fails mdadm --grow /dev/md100 --force --raid-devices=1
keep_layout /dev/md100
quietly fio --name=load --filename=/dev/md100 --size=24M --rw=randwrite --bs=4k --ioengine=psync --verify=crc32c \
	--verify_only=1 --verify_state_save=0 --randseed=7 --number_ios=3000
run mdadm --stop /dev/md100
same_data "$(member 1)" "$(member 2)"
unload_module
