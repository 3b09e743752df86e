# SPDX-License-Identifier: GPL-2.0
# scenario: a raid0 of two mirrors, and a mirror of two raid0 arrays, with a disk lost under load in each
# row: stacking
# disks: 4x40M
# timeout: 400
# module: compare
load_module
modprobe raid0
sync_speed 1000000
mapfile -t disks < <(members 0 1 2 3)

# use TOP FAILING-ARRAY LEG: verified I/O on the top while a leg goes and comes back.
use() {
	quietly fio --name=before --filename="$1" --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-1m \
		--size=24M --iodepth=8 --verify=crc32c --verify_fatal=1
	write_part "$1" 24
	start_load "$1" --offset=24M --size=8M
	quietly mdadm "$2" --fail "$3"
	remove_leg "$2" "$3"
	check_part "$1" "degraded"
	write_part "$1" 24
	quietly mdadm "$2" --re-add "$3"
	wait_whole "$2"
	quietly blkdiscard --offset $((32 << 20)) --length $((2 << 20)) "$1"
	stop_load
	check_part "$1" "whole again"
	run mdstat "$1"
	run mdstat "$2"
}

note "raid0 over mirrors"
quietly mdadm --create /dev/md101 --run --level=1 --raid-devices=2 --bitmap=internal "${disks[@]:0:2}"
quietly mdadm --create /dev/md102 --run --level=1 --raid-devices=2 --bitmap=internal "${disks[@]:2:2}"
wait_whole /dev/md101
wait_whole /dev/md102
quietly mdadm --create /dev/md100 --run --level=0 --raid-devices=2 --chunk=64 /dev/md101 /dev/md102
use /dev/md100 /dev/md102 "${disks[3]}"
quietly mdadm --stop /dev/md100
keep_layout /dev/md101
keep_layout /dev/md102
quietly mdadm --stop /dev/md101
quietly mdadm --stop /dev/md102
same_data "${disks[0]}" "${disks[1]}"
same_data "${disks[2]}" "${disks[3]}"

note "the whole stack, taken up from one leg each"
quietly mdadm --assemble --run /dev/md101 "${disks[1]}"
quietly mdadm --assemble --run /dev/md102 "${disks[3]}"
quietly mdadm --assemble /dev/md100 /dev/md101 /dev/md102
check_part /dev/md100 "from one leg each"
for array in 100 101 102; do quietly mdadm --stop /dev/md$array; done
for disk in "${disks[@]}"; do
	quietly mdadm --zero-superblock "$disk"
	wipefs --quiet --all "$disk"
	# The raid0's superblock is inside.
	dd if=/dev/zero of="$disk" bs=1M count=8 oflag=direct status=none
done

note "a mirror of raid0 arrays"
quietly mdadm --create /dev/md101 --run --level=0 --raid-devices=2 --chunk=64 "${disks[@]:0:2}"
quietly mdadm --create /dev/md102 --run --level=0 --raid-devices=2 --chunk=64 "${disks[@]:2:2}"
quietly mdadm --create /dev/md100 --run --level=1 --raid-devices=2 --bitmap=internal /dev/md101 /dev/md102
wait_whole /dev/md100
use /dev/md100 /dev/md100 /dev/md102
keep_layout /dev/md100
quietly mdadm --stop /dev/md100
same_data /dev/md101 /dev/md102
