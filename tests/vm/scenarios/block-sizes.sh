# SPDX-License-Identifier: GPL-2.0
# scenario: legs with blocks of 4096 bytes, alone and beside ones of 512: created, synced, checked, repaired, assembled
# row: operations sync run
# disks: 2x32M
# timeout: 240
# module: compare
array=/dev/md100
load_module
modprobe sd_mod
modprobe scsi_debug dev_size_mb=32 sector_size=4096 add_host=2 per_host_store=1 max_luns=1 delay=0
until_true 30 "the SCSI disks" test -b /dev/sdb
modprobe loop
truncate -s 32M /run/large.img
large=$(losetup --show --find --sector-size 4096 /run/large.img)

legs_up() { mdstat $array | grep -oE '\[[U_]+\]'; }
block_of() { cat "/sys/block/${1##*/}/queue/logical_block_size"; }

# takes_blocks BYTES: the array can be read and written in these, and not in smaller ones.
takes_blocks() {
	run block_of $array
	quietly dd if=/dev/urandom of=$array bs="$1" seek=3 count=1 oflag=direct status=none
	quietly dd if=$array of=/dev/null bs="$1" skip=3 count=1 iflag=direct status=none
	if (($1 > 512)); then
		run_fails dd if=/dev/urandom of=$array bs=512 seek=3 count=1 oflag=direct status=none
		run_fails dd if=$array of=/dev/null bs=512 skip=3 count=1 iflag=direct status=none
	fi
}

# check_and_repair LEG: finds and repairs a block of this leg.
check_and_repair() {
	local offset
	offset=$(cat /sys/block/md100/md/rd1/offset)
	dd if=/dev/urandom of="$1" bs=4096 seek=$((offset / 8 + 1500)) count=1 oflag=direct status=none
	echo check >/sys/block/md100/md/sync_action
	wait_idle $array
	((8 <= $(</sys/block/md100/md/mismatch_cnt))) || fail "the check found nothing"
	echo repair >/sys/block/md100/md/sync_action
	wait_idle $array
	echo check >/sys/block/md100/md/sync_action
	wait_idle $array
	expect_equal "mismatches after repair" "$(</sys/block/md100/md/mismatch_cnt)" 0
}

# load_and_compare FIRST SECOND: I/O of all sizes; then both legs hold the same.
load_and_compare() {
	quietly fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=4k-512k \
		--blockalign=4k --size=24M --io_size=24M --iodepth=8 --verify=crc32c --verify_fatal=1
	wait_clean $array
	keep_layout $array
	run mdadm --stop $array
	same_data "$1" "$2"
}

# both_ways FIRST SECOND BLOCK CREATE-OPTION...
both_ways() {
	run mdadm --create $array --run --level=1 --raid-devices=2 --size=28M "${@:4}" "$1" "$2"
	wait_whole $array
	takes_blocks "$3"
	fill $array
	check_and_repair "$2"
	load_and_compare "$1" "$2"
	note "and assembled again"
	run mdadm --assemble $array "$1" "$2"
	takes_blocks "$3"
	load_and_compare "$1" "$2"
}

note "two SCSI disks with blocks of 4096 bytes"
both_ways /dev/sda /dev/sdb 4096 --bitmap=internal
run mdadm --zero-superblock /dev/sda /dev/sdb

note "one of 512 and one of 4096"
both_ways "$(member 0)" "$large" 4096 --bitmap=internal

note "what was made for 4096 stays so without the leg that needs it; the leg comes back by the bitmap"
run mdadm --assemble --run $array "$(member 0)"
takes_blocks 4096
run legs_up
run mdadm $array --re-add "$large"
wait_whole $array
load_and_compare "$(member 0)" "$large"
run mdadm --zero-superblock "$(member 0)" "$large"

note "made for 512: a leg of 4096 can't come in"
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=28M "$(member 0)" "$(member 1)"
fill $array
run mdadm $array --fail "$(member 1)"
remove_leg $array "$(member 1)"
dmesg_mark
run mdadm $array --add "$large"
refused() { dmesg_since | grep -q 'incompatible logical_block_size, can not add'; }
until_true 20 "it to be refused" refused
wait_idle $array
run legs_up
takes_blocks 512
run mdadm $array --remove "$large"
run mdadm $array --add "$(member 1)"
wait_whole $array
load_and_compare "$(member 0)" "$(member 1)"

losetup -d "$large"
rmmod scsi_debug
