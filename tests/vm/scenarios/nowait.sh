# SPDX-License-Identifier: GPL-2.0
# scenario: requests that must not wait are served at once or refused without any effect
# row: reads writes quiesce
# disks: 2x32M
# timeout: 240
# module: both
# raid1.ko: fails because it refuses all requests that must not wait
# raid1.ko-says: Operation not supported
array=/dev/md100
nowait=/payload/guest/nowait
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none \
	"$(member 0)" "$(member 1)"
fill $array
wait_clean $array

note "reads, and writes where no bitmap and no superblock has to be written first"
$nowait $array read 300 >/run/reads 2>&1 || fail "$(tail -n 1 /run/reads)"
read -r served again </run/reads
note "reads: $served with data, $again with EAGAIN"
((served >= 290)) || fail "only $served of 300 reads got data"
# The first write makes the array dirty, which has to be on disk before it; and so it stays.
stay_active $array
dd if=/dev/zero of=$array bs=4k count=1 oflag=direct status=none
$nowait $array write 300 >/run/writes 2>&1 || fail "$(tail -n 1 /run/writes)"
read -r served again </run/writes
note "writes: $served done, $again with EAGAIN"
((served >= 290)) || fail "only $served of 300 writes were done"

# uring_workers RW BLOCKSIZE: how many workers the kernel makes for fio.
uring_workers() {
	local load most=0 now
	fio --name=uring --filename=$array --ioengine=io_uring --direct=1 --rw="$1" --bs="$2" --iodepth=16 \
		--time_based --runtime=4 --thread >/run/fio.log 2>&1 &
	load=$!
	while kill -0 $load 2>/dev/null; do
		now=$(cat /proc/[0-9]*/task/*/comm 2>/dev/null | grep -c ^iou-wrk || true)
		((now <= most)) || most=$now
		sleep 0.2
	done
	wait $load || fail "fio: $(tail -n 5 /run/fio.log)"
	echo "$most"
}
expect_equal "workers for io_uring reads" "$(uring_workers randread 4k)" 0
expect_equal "workers for large io_uring reads" "$(uring_workers randread 128k)" 0
expect_equal "workers for io_uring writes" "$(uring_workers randwrite 4k)" 0

note "a range is suspended: a write there would wait, and so gets EAGAIN; reads go on"
echo 2048 >/sys/block/md100/md/suspend_hi
expect_equal "a write in the range" "$($nowait $array one write 4096)" EAGAIN
expect_equal "a write outside" "$($nowait $array one write 8388608)" data
expect_equal "a read in the range" "$($nowait $array one read 4096)" data
dd if=/dev/zero of=$array bs=4k seek=1 count=1 oflag=direct status=none &
waiting=$!
sleep 0.5
kill -0 $waiting || fail "a write into the suspended range did not wait"
echo 0 >/sys/block/md100/md/suspend_hi
wait $waiting

note "EAGAIN has no effect, while legs come and go, a check runs, and the bitmap changes"
echo 0.2 >/sys/block/md100/md/safe_mode_delay
$nowait $array mix /run/enough >/run/mix.log 2>&1 &
mix=$!
end=$((SECONDS + 12 * ${PATIENCE:-1}))
round=0
while kill -0 $mix 2>/dev/null; do
	case $((round % 3)) in
	0)
		change_bitmap $array internal
		change_bitmap $array none
		;;
	1) echo check >/sys/block/md100/md/sync_action ;;
	2)
		wait_idle $array
		quietly mdadm $array --fail "$(member 1)"
		remove_leg $array "$(member 1)"
		quietly mdadm $array --add "$(member 1)"
		;;
	esac
	wait_whole $array
	round=$((round + 1))
	((SECONDS < end || round < 3)) || touch /run/enough
done
wait $mix || fail "$(</run/mix.log)"
read -r served again </run/mix.log
note "$served served, $again with EAGAIN, in $round rounds of changes"
((round >= 3)) || fail "only $round rounds"
wait_whole $array
keep_layout $array
quietly mdadm --stop $array
same_data "$(member 0)" "$(member 1)"
