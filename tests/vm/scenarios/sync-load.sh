# SPDX-License-Identifier: GPL-2.0
# scenario: I/O during a resync and during a recovery; afterwards all legs are the same
# row: sync
# disks: 3x48M
# timeout: 400
# module: both
array=/dev/md100
second=$(member 1)
third=$(member 2)
load_module
# A sync that reads from here while a write is on its way, and doesn't wait for it, copies old data over
# what the write has already put on the other legs.
slow_leg slow "$(member 0)" 20
first=$(faulty_node slow)

# io_until_whole: writes and verifies all over the array while the sync runs.
io_until_whole() {
	local rounds=0 seen=0
	until is_whole $array; do
		rounds=$((rounds + 1))
		if sync_started $array; then seen=$((seen + 1)); fi
		# Small and large, across the units in which a sync copies.
		quietly fio --name=sync --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite \
			--bsrange=512-256k --io_size=12M --iodepth=16 --verify=crc32c --verify_fatal=1 \
			--randseed=$rounds
		# A sync that foreground I/O could hold up for ever would be a mistake, too.
		((rounds < 40)) || fail "the sync does not come to its end while there is I/O"
		((rounds < 2)) || sync_speed 100000
	done
	((seen >= 2)) || fail "the sync was over too soon to show anything"
	note "the sync ran beside fio"
}

fill "$second"
fill "$third"
sync_speed 500
quietly mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=none "$first" "$second" "$third"
io_until_whole
keep_layout $array
quietly mdadm --stop $array
all_same "$first" "$second" "$third"

quietly mdadm --assemble $array "$first" "$second" "$third"
quietly mdadm $array --fail "$third"
remove_leg $array "$third"
fill "$third"
sync_speed 500
quietly mdadm $array --add "$third"
wait_sync_started $array
io_until_whole
keep_layout $array
quietly mdadm --stop $array
all_same "$first" "$second" "$third"
