# SPDX-License-Identifier: GPL-2.0
# Runs in a guest whose clock counts instructions (see scripts/qemu): a nanosecond is
# an instruction while the processor is busy, and idle time costs nothing. So the
# figures hardly depend on the run or the machine.
#
# Prints "#result MODULE KEY VALUE"; scripts/bench makes the table.
array=/dev/md100
ios=${BENCH_IOS:-50000}
leg_mib=192
drive_mib=1024

# make_leg NAME SETTING=VALUE...: a null_blk device; without more it completes a
# request within its submission and stores nothing.
make_leg() {
	local folder=/sys/kernel/config/nullb/$1 setting
	mkdir "$folder"
	shift
	for setting in size=$leg_mib submit_queues=1 hw_queue_depth=128 "$@"; do
		echo "${setting#*=}" >"$folder/${setting%%=*}"
	done
	echo 1 >"$folder/power"
}
inline=(irqmode=0)
stored=(irqmode=0 memory_backed=1)
# Simulated drives. A check compares what it reads, so it needs ones that store.
drive=(irqmode=2 completion_nsec=80000 mbps=1000)
slow_drive=(irqmode=2 completion_nsec=1000000 mbps=1000)

# result KEY COMMAND...: what the command prints is the value.
result() {
	local value
	value=$("${@:2}") || fail "$1: $value"
	echo "#result $MODULE $1 $value"
}

# scaled FACTOR COMMAND...
scaled() {
	local value
	value=$("${@:2}") || fail "$value"
	awk -v value="$value" -v factor="$1" 'BEGIN { printf "%.6g\n", value * factor }'
}

# fio_value FIELD ARGS...: FIELD is a path in fio's JSON, e.g. read.iops.
fio_value() {
	local field=$1
	shift
	fio --name=bench --ioengine=io_uring --direct=1 --randrepeat=1 --norandommap --gtod_reduce=0 \
		--clat_percentiles=0 --output-format=json "$@" >/run/fio.json || fail "fio $*"
	python3 -c '
import functools, json, sys
job = json.load(open("/run/fio.json"))["jobs"][0]
print(functools.reduce(lambda node, key: node[key], sys.argv[1].split("."), job))' "$field"
}

# nanoseconds_per_io DEVICE read|write [DEPTH]: total time by number, with nothing idle.
nanoseconds_per_io() {
	scaled "$(awk "BEGIN { print 1e6 / $ios }")" fio_value "$2.runtime" --filename="$1" --rw="rand$2" --bs=4k --iodepth="${3:-32}" \
		--number_ios="$ios" --size=${leg_mib}M --io_size=100g --gtod_reduce=1
}

build_array() { quietly mdadm --build $array --level=1 --assume-clean --raid-devices=$# "$@"; }
stop_array() { stop $array; }

per_io_costs() {
	local legs names=()
	for legs in 2 3; do
		names=(/dev/inline0 /dev/inline1 /dev/inline2)
		build_array "${names[@]:0:legs}"
		result "read-$legs" nanoseconds_per_io $array read
		result "write-$legs" nanoseconds_per_io $array write
		result "single-read-$legs" nanoseconds_per_io $array read 1
		result "single-write-$legs" nanoseconds_per_io $array write 1
		stop_array
		names=(/dev/stored0 /dev/stored1 /dev/stored2)
		quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=$legs --bitmap=internal "${names[@]:0:legs}"
		result "bitmap-read-$legs" nanoseconds_per_io $array read
		result "bitmap-write-$legs" nanoseconds_per_io $array write
		stop_array
		mdadm --zero-superblock "${names[@]:0:legs}"
	done
}

# speed_of MIB ACTION: MB/s of a sync over legs of that size.
speed_of() {
	local mib=$1 began ended
	shift
	began=$(date +%s%N)
	"$@"
	# until_true looks so seldom that it would be seen in the result. Looking takes time, too.
	until is_quiet; do sleep 0.02; done
	ended=$(date +%s%N)
	awk -v mib="$mib" -v ns=$((ended - began)) 'BEGIN { print mib * 1048576 / 1e6 / (ns / 1e9) }'
}
is_quiet() { [[ $(<"/sys/block/md100/md/sync_action") == idle && $(<"/sys/block/md100/md/degraded") == 0 ]]; }
start_check() {
	echo check >/sys/block/md100/md/sync_action
	sleep 0.02
}

no_speed_limit() {
	local limit
	for limit in sync_speed_min sync_speed_max; do echo 10000000 >/sys/block/md100/md/$limit; done
}

# A drive lets through what it may in 20 ms as soon as that begins, up to 20 MiB at once: the stream has to be
# long for that not to matter.
sequential() {
	scaled 1e-6 fio_value "$1.bw_bytes" --filename=$array --rw="$1" --bs=1m --iodepth=8 --size=${drive_mib}M --io_size=4g
}

drive_speeds() {
	build_array /dev/drive0 /dev/drive1
	no_speed_limit
	result sequential-read sequential read
	result sequential-write sequential write
	result latency-read scaled 1e-3 fio_value read.lat_ns.mean --filename=$array --rw=randread --bs=4k --iodepth=1 --number_ios=5000 --size=${leg_mib}M
	result latency-write scaled 1e-3 fio_value write.lat_ns.mean --filename=$array --rw=randwrite --bs=4k --iodepth=1 --number_ios=5000 --size=${leg_mib}M
	quietly mdadm $array --fail /dev/drive1
	sleep 0.1
	quietly mdadm $array --remove /dev/drive1
	result recovery speed_of $drive_mib quietly mdadm $array --add /dev/drive1
	stop_array
	build_array /dev/keeper0 /dev/keeper1
	no_speed_limit
	result check speed_of $leg_mib start_check
	stop_array
	uneven_reads uneven-fast-first /dev/drive0 /dev/slow0
	uneven_reads uneven-slow-first /dev/slow0 /dev/drive0
}

free_kib() {
	sync
	# Much is freed late, and sleeping costs nothing here. Then what is only kept for the
	# next one: caches, empty slabs, free pages of each processor.
	sleep 30
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
	echo 1 >/proc/sys/vm/compact_memory
	# What is free and kept for a processor isn't in MemFree.
	awk '/^MemFree:/ { kib += $2 } $1 == "count:" { kib += 4 * $2 } END { print kib }' /proc/meminfo /proc/zoneinfo
}

# uneven_reads KEY LEGS...
uneven_reads() {
	build_array "${@:2}"
	result "$1" fio_value read.iops --filename=$array --rw=randread --bs=4k --iodepth=1 --number_ios=10000 --size=${leg_mib}M
	stop_array
}

arrays=16
build_many() {
	local number
	for ((number = 0; number < arrays; number++)); do
		quietly mdadm --build "/dev/md$((200 + number))" --level=1 --raid-devices=2 \
			"/dev/tiny$((2 * number))" "/dev/tiny$((2 * number + 1))"
	done
}
stop_many() {
	local number
	for ((number = 0; number < arrays; number++)); do stop "/dev/md$((200 + number))"; done
}

stacks_kib() { awk '/^KernelStack:/ { print $2 }' /proc/meminfo; }

# The first round fills what is kept for the next one, in slabs and elsewhere.
idle_memory() {
	local before after stacks
	build_many
	stop_many
	before=$(free_kib)
	stacks=$(stacks_kib)
	build_many
	after=$(free_kib)
	result idle-memory echo $(((before - after) / arrays))
	result idle-stacks echo $((($(stacks_kib) - stacks) / arrays))
	stop_many
}

note "making legs"
modprobe null_blk nr_devices=0
for number in 0 1 2; do
	make_leg inline$number "${inline[@]}"
	make_leg stored$number "${stored[@]}"
done
for number in 0 1; do
	make_leg drive$number "${drive[@]}" size=$drive_mib
	make_leg keeper$number "${drive[@]}" memory_backed=1
done
make_leg slow0 "${slow_drive[@]}"
for number in {0..31}; do make_leg tiny$number irqmode=0 size=64; done

MODULE=raw
note "the raw leg"
# The first run of fio pays for everything that is done only once.
nanoseconds_per_io /dev/inline0 read >/dev/null
result read nanoseconds_per_io /dev/inline0 read
result write nanoseconds_per_io /dev/inline0 write
result single-read nanoseconds_per_io /dev/inline0 read 1
result single-write nanoseconds_per_io /dev/inline0 write 1
result bitmap-read nanoseconds_per_io /dev/stored0 read
result bitmap-write nanoseconds_per_io /dev/stored0 write
for MODULE in ${BENCH_MODULES:-c rs}; do
	load_module
	note "$(module_name).ko: instructions per I/O"
	per_io_costs
	note "$(module_name).ko: simulated drives"
	drive_speeds
	note "$(module_name).ko: memory"
	idle_memory
	unload_module
done
