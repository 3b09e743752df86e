# SPDX-License-Identifier: GPL-2.0
# scenario: sectors are repaired while they are written to, and while the array is resynced, and no write is lost
# row: errors sync
# disks: 2x32M
# timeout: 400
# cpus: 2
# module: both
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
# write_and_verify BYTES: until there is a file /run/enough. Blocks of one size, for each of which fio knows the number of
# the write that was the last: older data is wrong data.
write_and_verify() {
	local seed=0
	until [[ -e /run/enough ]]; do
		seed=$((seed + 1))
		fio --name=load --filename=$array --direct=1 --ioengine=io_uring --iodepth=4 --rw=randwrite --bs=4k --offset=4M \
			--size="$1" --loops=50 --randseed=$seed --verify=crc32c --verify_fatal=1 >/run/fio.log 2>&1 || return
	done
}
# load SECTORS: verified writes to so many sectors at 4 MiB, while those of leg a are spoiled and read.
load() {
	local round
	prefer $array 0
	echo 1000000 >/sys/block/md100/md/max_read_errors
	rm -f /run/enough
	write_and_verify $(($1 * 512)) &
	local writer=$!
	for ((round = 0; round < 60; round++)); do
		spoil a $((first + 8192 + 8 * (round * 5 % ($1 / 8)))) 8
		read_at $array 8192 "$1" || fail "a read error was seen"
	done
	touch /run/enough
	wait $writer || fail "fio: $(tail -n 20 /run/fio.log)"
	(($(corrected $array 0) > 0)) || fail "nothing was corrected"
	# What is still spoiled is repaired by this.
	for ((round = 0; round < $1; round += 8)); do quietly read_at $array $((8192 + round)) 8; done
}
healed() {
	local at
	for ((at = 0; at < $1; at += 8)); do
		# What was asked for while a repair was just past it is forgotten: who reads there asks again.
		if spoiled a $((first + 8192 + at)); then
			quietly read_at $array $((8192 + at)) 8
			return 1
		fi
	done
}

note "during writes"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
first=$(cat /sys/block/md100/md/rd0/offset)
load 64
until_true 20 "all sectors to be readable" healed 64
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(member 1)"

note "during a resync"
sync_speed 1000
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
wait_sync_started $array
load 64
thaw_sync $array
wait_whole $array
until_true 20 "all sectors to be readable" healed 64
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(member 1)"
