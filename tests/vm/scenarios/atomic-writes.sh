# SPDX-License-Identifier: GPL-2.0
# scenario: an atomic write reaches each leg in one piece and as such, or is refused with nothing written
# row: operations writes
# disks: 1x32M
# timeout: 240
# module: compare
. /payload/guest/traced.sh
array=/dev/md100
load_module
modprobe sd_mod
modprobe scsi_debug dev_size_mb=32 add_host=3 per_host_store=1 max_luns=1 atomic_wr=1 delay=0
until_true 30 "the SCSI disks" test -b /dev/sdc
legs=(/dev/sda /dev/sdb)

limits() {
	local limit
	for limit in max_bytes unit_min_bytes unit_max_bytes boundary_bytes; do
		echo "$limit $(<"/sys/block/md100/queue/atomic_write_$limit")"
	done
}

# atomic SECTOR BYTES: one such write (RWF_ATOMIC) of random data; says how it ends.
atomic() {
	python3 - "$array" "$1" "$2" <<-'PYTHON'
		import errno, mmap, os, sys
		name, sector, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		data = mmap.mmap(-1, length)
		data.write(os.urandom(length))
		try:
		    print(os.pwritev(os.open(name, os.O_RDWR | os.O_DIRECT), [data], sector * 512, 0x40), "bytes")
		except OSError as error:
		    print(errno.errorcode[error.errno])
	PYTHON
}

# atomic_traced SECTOR BYTES: what comes of it, and what each leg gets of it: the whole, or nothing.
atomic_traced() {
	local leg got end first=$(($1 + offset))
	trace block_rq_issue
	end=$(atomic "$1" "$2")
	note "$2 bytes at $1: $end"
	for leg in "${legs[@]}"; do
		got=$(traced block_rq_issue "$leg" | awk -v first=$first -v end=$((first + $2 / 512)) \
			'$4 >= first && $4 < end { print $1, $4 - first, "+", $6 }')
		case $end in
		*bytes) expect_equal "what $leg got" "$got" "WSU 0 + $(($2 / 512))" ;;
		*) expect_equal "what $leg got" "$got" "" ;;
		esac
	done
}

run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M "${legs[@]}"
offset=$(cat /sys/block/md100/md/rd0/offset)
fill $array
run limits
atomic_traced 4096 512
atomic_traced 4096 4096
atomic_traced 8192 65536
atomic_traced 16384 "$(</sys/block/md100/queue/atomic_write_unit_max_bytes)"
note "not at a multiple of its size, not a power of two, too large"
atomic_traced 4104 8192
atomic_traced 4096 12288
atomic_traced 0 8388608

note "over a bad block of one leg, which is not written to: it can't be in one piece on both"
echo write_error >/sys/block/md100/md/rd1/state
echo $((offset + 4104)) 8 >/sys/block/md100/md/rd1/bad_blocks
sum=$(device_sum $array)
atomic_traced 4096 16384
expect_equal "the checksum" "$(device_sum $array)" "$sum"
atomic_traced 4096 4096
quietly dd if=/dev/urandom of=$array bs=16k seek=128 count=1 oflag=direct status=none
echo -write_error >/sys/block/md100/md/rd1/state
quietly dd if=/dev/urandom of=$array bs=16k seek=128 count=1 oflag=direct status=none
no_bad_blocks() { [[ -z $(</sys/block/md100/md/rd1/bad_blocks) ]]; }
until_true 20 "the bad block to be written" no_bad_blocks

note "while a leg is recovered, and with one that can't do it"
quietly mdadm $array --fail /dev/sdb
remove_leg $array /dev/sdb
sync_speed 100
quietly mdadm $array --add /dev/sdc
legs=(/dev/sda /dev/sdc)
wait_sync_started $array
until_true 30 "the leg to come in" test -e /sys/block/md100/md/rd1
atomic_traced 40960 16384
sync_speed 1000000
wait_whole $array
quietly mdadm --grow $array --raid-devices=3 --add "$(member 0)"
wait_whole $array
run limits
legs+=("$(member 0)")
atomic_traced 4096 4096
keep_layout $array
quietly mdadm --stop $array
all_same "${legs[@]}"
rmmod scsi_debug
