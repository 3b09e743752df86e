# SPDX-License-Identifier: GPL-2.0
# scenario: direct, vectored, buffered, mapped and io_uring I/O, 512 bytes to 16 MiB, to the last byte
# row: writes reads
# disks: 3x48M
# timeout: 240
# module: both
array=/dev/md100
mapfile -t legs < <(members 0 1 2)
load_module

# The array ends neither at a page nor at a unit of anything.
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=internal \
	--size=40961 "${legs[@]}"
expect_equal "the array's size" "$(blockdev --getsz $array)" $((40961 * 2))
sum=$(/payload/guest/io-mix $array 1 12) || fail "io-mix found wrong data"
expect_equal "the checksum of the array" "$(device_sum $array)" "$sum"

quietly fio --name=uring --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite \
	--bsrange=512-16m --size=40961k --io_size=96M --iodepth=8 --verify=crc32c --verify_fatal=1
quietly fio --name=registered --filename=$array --ioengine=io_uring --fixedbufs=1 --registerfiles=1 --direct=1 \
	--rw=randwrite --bs=4k --size=32M --io_size=8M --iodepth=64 --verify=crc32c --verify_fatal=1
quietly fio --name=buffered --filename=$array --ioengine=io_uring --rw=randwrite --bsrange=512-1m \
	--bs_unaligned=1 --size=40961k --io_size=32M --iodepth=8 --end_fsync=1
keep_layout $array
quietly mdadm --stop $array
all_same "${legs[@]}"
