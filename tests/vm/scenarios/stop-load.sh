# SPDX-License-Identifier: GPL-2.0
# scenario: stopping: refused while in use; at once after load, and in the middle of a resync
# leaks: yes
# row: quiesce
# disks: 2x48M
# timeout: 240
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"

for round in 1 2 3 4; do
	if ((round == 3)); then
		# From here on without a bitmap, and with a resync that takes a while.
		quietly mdadm --stop $array
		quietly mdadm --zero-superblock "$first" "$second"
		sync_speed 1000
		quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
		wait_sync_started $array
	fi
	# As a thread: its process is what is killed.
	fio --name=load --thread --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-256k \
		--iodepth=32 --time_based --runtime=60 >/run/fio.log 2>&1 &
	load=$!
	until_true 30 "fio to write" written_since $array 0 2000
	run_fails mdadm --stop $array
	expect_equal "the state after a refused stop" "$(mdstat $array | grep -oE '\[2/2\]')" "[2/2]"
	kill -KILL $load
	wait $load || true
	started=$SECONDS
	stop $array
	((SECONDS - started < 20)) || fail "the stop took $((SECONDS - started)) s"
	[[ ! -e /sys/block/md100/md/sync_action ]] || fail "the array is still there"
	quietly mdadm --assemble $array "$first" "$second"
done

note "buffered writes that have not been written back"
dd if=/dev/urandom of=$array bs=1M count=16 conv=notrunc status=none
sum=$(dd if=$array bs=1M count=16 status=none | sha256sum)
stop $array
quietly mdadm --assemble $array "$first" "$second"
expect_equal "the checksum after the stop" "$(dd if=$array bs=1M count=16 status=none | sha256sum)" "$sum"
sync_speed 1000000
quietly mdadm --readwrite $array
wait_whole $array
keep_layout $array
quietly mdadm --stop $array
same_data "$first" "$second"
