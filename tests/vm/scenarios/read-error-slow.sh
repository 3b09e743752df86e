# SPDX-License-Identifier: GPL-2.0
# scenario: while a leg takes six seconds to fail a read, other reads and writes go on
# row: errors
# disks: 2x32M
# timeout: 240
# module: both
# raid1.ko: fails because all I/O is frozen while it tries the sector again
# raid1.ko-says: another request took
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
modprobe dm-delay
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$(member 1)"
fill $array
sum=$(dd if=$array bs=1M count=16 iflag=direct status=none | sha256sum)
first=$(cat /sys/block/md100/md/rd0/offset)
size=$(blockdev --getsz "$(member 0)")
# Reads and writes of these 16 sectors fail after six seconds. Flushes are no slower than ever.
dmsetup create bad --table "0 $size error"
at=$((first + 8192))
dmsetup suspend --noflush --nolockfs a
dmsetup load a <<-TABLE
	0 $at linear $(member 0) 0
	$at 16 delay /dev/mapper/bad $at 6000 /dev/mapper/bad $at 6000 $(member 0) $at 0
	$((at + 16)) $((size - at - 16)) linear $(member 0) $((at + 16))
TABLE
dmsetup resume a
echo writemostly >/sys/block/md100/md/rd1/state
# standstill: the longest time, in ms, for which not even this shell got to run. What a request took includes it.
standstill() {
	local before=${EPOCHREALTIME/[.,]/} now longest=0
	until [[ -e /run/enough ]]; do
		pause 0.1
		now=${EPOCHREALTIME/[.,]/}
		if ((now - before > longest)); then longest=$((now - before)); fi
		before=$now
	done
	echo $((longest / 1000)) >/run/standstill
}
standstill &
watch=$!
fio --name=others --filename=$array --direct=1 --ioengine=io_uring --iodepth=4 --rw=randrw --bs=4k --offset=16M --size=8M \
	--time_based --runtime=25 --output-format=json --output=/run/fio.json >/run/fio.log 2>&1 &
load=$!
started=$SECONDS
for page in 0 1; do
	dd if=$array of=/dev/null bs=4k skip=$((1024 + page)) count=1 iflag=direct status=none || fail "a read error was seen"
done
((SECONDS - started >= 6)) || fail "what is slow was not read"
wait $load
touch /run/enough
wait $watch
slowest() {
	python3 - <<-'PY'
		import json
		job = json.load(open("/run/fio.json"))["jobs"][0]
		print(max(job[what]["clat_ns"]["max"] for what in ("read", "write")) // 1000000)
	PY
}
milliseconds=$(($(slowest) - $(</run/standstill)))
((milliseconds < 5000)) || fail "another request took $milliseconds ms"
leg_heals a
expect_equal "the checksum, but for what was written" "$(dd if=$array bs=1M count=16 iflag=direct status=none | sha256sum)" "$sum"
