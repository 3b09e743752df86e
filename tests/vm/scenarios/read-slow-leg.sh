# SPDX-License-Identifier: GPL-2.0
# scenario: a leg that takes long to read is left alone, and one that has become faster is read again
# row: reads
# disks: 3x16M
# timeout: 180
# module: both
# raid1.ko: fails because it reads from a leg that has nothing to do, however slow that one is
# raid1.ko-says: a read took .* on average
array=/dev/md100
load_module
# reads_take NAME MILLISECONDS
reads_take() {
	local device
	device=$(<"/run/faulty.$1")
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup load "$1" --table "0 $(blockdev --getsz "$device") delay $device 0 $2 $device 0 0"
	dmsetup resume "$1"
}
modprobe dm-delay
# Ten times what a read takes at least, on the debug kernel, too.
slow=40
((PATIENCE == 1)) || slow=300
for slot in 0 1; do
	faulty_leg leg$slot "$(member $slot)"
	reads_take leg$slot $slow
done
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none \
	/dev/mapper/leg0 /dev/mapper/leg1 "$(member 2)"
fill $array

# read_some SIZE DEPTH [BLOCK]
read_some() {
	fio --name=read --filename=$array --direct=1 --ioengine=io_uring --iodepth="$2" --rw=randread --norandommap \
		--bs="${3:-4k}" --size=100% --io_size="$1" --output-format=json --output=/run/fio.json >/run/fio.log 2>&1 || fail "fio: $(</run/fio.log)"
}
note "two of three legs are slow"
read_some 1M 4
read_some 1M 1
took=$(python3 -c 'import json; print(json.load(open("/run/fio.json"))["jobs"][0]["read"]["clat_ns"]["mean"] // 1e6)')
((${took%.*} < slow / 2)) || fail "a read took $took ms on average"

note "one of the two takes no longer than the third now"
reads_take leg1 0
leg1=$(faulty_node leg1)
leg1_is_read() {
	local before
	before=$(sectors_read "$leg1")
	read_some 16M 16
	(($(sectors_read "$leg1") - before >= 4096))
}
until_true 20 "leg 1 is read" leg1_is_read

note "the other is still slow, and large reads, which start at every eighth stripe, leave none out but that one"
leg0=$(faulty_node leg0)
before=()
for leg in "$leg0" "$leg1" "$(member 2)"; do before+=("$(sectors_read "$leg")"); done
read_some 128M 4 1M
given=()
for leg in "$leg0" "$leg1" "$(member 2)"; do given+=($(($(sectors_read "$leg") - before[${#given[@]}]))); done
((given[0] < 32768 && given[1] > 65536 && given[2] > 65536)) || fail "sectors of each leg: ${given[*]}"
