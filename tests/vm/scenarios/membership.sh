# SPDX-License-Identifier: GPL-2.0
# scenario: legs fail, go, and come back in a loop under fio
# leaks: yes
# row: membership
# disks: 3x48M
# timeout: 300
# module: both
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
seconds=60
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=internal "${legs[@]}"

# Writes and verifies until there have been rounds enough, however slow the machine is.
write_and_verify() {
	until [[ -e /run/enough ]]; do
		fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randrw --rwmixread=30 \
			--bsrange=512-64k --size=24M --iodepth=8 --verify=crc32c --verify_backlog=64 --verify_fatal=1 \
			--time_based --runtime=10 >/run/fio.log 2>&1 || return
	done
}
write_and_verify &
load=$!

# lose LEG: whichever way the moment is, it fails and can be removed.
lose() {
	quietly mdadm $array --fail "$1"
	# Its last requests may still be on their way.
	remove_leg $array "$1"
}
regain() {
	if (($2 % 2)); then
		quietly mdadm $array --re-add "$1"
	else
		quietly mdadm --zero-superblock "$1"
		quietly mdadm $array --add "$1"
	fi
}

round=0
end=$((SECONDS + seconds))
while ((SECONDS < end || round < 4)) && kill -0 $load 2>/dev/null; do
	leg=${legs[round % 3]}
	lose "$leg"
	regain "$leg" $round
	if ((round % 4 == 2)); then
		# Again, while it is being recovered, just when it has been, or before: then it was never a part
		# of the array, and can't be re-added. --add does what is possible.
		lose "$leg"
		quietly mdadm $array --add "$leg"
	elif ((round % 4 == 3)); then
		# Another one with it: one is left.
		wait_whole $array
		lose "$leg"
		lose "${legs[(round + 1) % 3]}"
		regain "$leg" $round
		regain "${legs[(round + 1) % 3]}" $round
	fi
	wait_whole $array
	round=$((round + 1))
done
touch /run/enough
wait $load || fail "fio found wrong data or an I/O error: $(tail -n 5 /run/fio.log)"
note "$round rounds"
keep_layout $array
quietly mdadm --stop $array
all_same "${legs[@]}"
