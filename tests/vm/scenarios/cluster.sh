# SPDX-License-Identifier: GPL-2.0
# scenario: arrays of a cluster are refused, the log says why, and nothing on their disks is touched
# row: cluster
# disks: 2x24M
# timeout: 150
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module

disk_sums() { for leg in "$first" "$second"; do device_sum "$leg"; done; }

# expect_refused WHAT: what is on the disks is not started, however it is asked for.
expect_refused() {
	local sums
	sums=$(disk_sums)
	dmesg_mark
	run_fails mdadm --assemble $array "$first" "$second"
	mdadm --stop $array >/run/stop.log 2>&1 || true
	run_fails mdadm --assemble --run $array "$first" "$second"
	mdadm --stop $array >/run/stop.log 2>&1 || true
	dmesg_since | grep -E 'md/raid1|cluster' | sort -u || true
	dmesg_since >/run/log
	# Without md-cluster in the kernel raid1.ko can't start them either; md core says so.
	case $MODULE in
	rs) expect_line /run/log 'md/raid1:md100: clustered arrays are not supported by raid1_rs; use raid1.ko' ;;
	c) expect_line /run/log "can't find md-cluster module" ;;
	esac
	expect_equal "what is on the disks ($1)" "$(disk_sums)" "$sums"
}

# patch LEG VERSION NODES: what mdadm writes into a bitmap that several nodes share. It makes none
# without a lock manager.
patch() {
	local start=$((8192)) # metadata 1.2: 4 KiB after the superblock, that is at 4 KiB
	printf %b "\\x$2" | dd of="$1" bs=1 seek=$((start + 4)) conv=notrunc status=none
	printf %b "\\x$3" | dd of="$1" bs=1 seek=$((start + 68)) conv=notrunc status=none
	printf 'alpha' | dd of="$1" bs=1 seek=$((start + 72)) conv=notrunc status=none
	blockdev --flushbufs "$1"
}

# set_features LEG BITS: in the superblock, with the checksum that goes with it.
set_features() {
	python3 - "$1" "$2" <<-'PYTHON'
		import struct, sys
		with open(sys.argv[1], "r+b") as disk:
		    disk.seek(4096)
		    block = bytearray(disk.read(4096))
		    struct.pack_into("<I", block, 8, struct.unpack_from("<I", block, 8)[0] ^ int(sys.argv[2]))
		    struct.pack_into("<I", block, 216, 0)
		    (roles,) = struct.unpack_from("<I", block, 220)
		    size = 256 + 2 * roles
		    words = struct.unpack_from("<%dI" % (size // 4), block)
		    total = sum(words) + (struct.unpack_from("<H", block, size - 2)[0] if size % 4 else 0)
		    struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
		    disk.seek(4096)
		    disk.write(block)
	PYTHON
	blockdev --flushbufs "$1"
}

quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
wait_whole $array
fill $array
sum=$(device_sum $array)
quietly mdadm --stop $array

note "by its bitmap"
for leg in "$first" "$second"; do patch "$leg" 05 04; done
mdadm --examine-bitmap "$first" | grep -E 'Version|Cluster nodes|Cluster name'
expect_refused "by its bitmap"
for leg in "$first" "$second"; do patch "$leg" 04 00; done

# raid1.ko goes by the bitmap alone.
if [[ $MODULE == rs ]]; then
	note "by its superblock"
	for leg in "$first" "$second"; do set_features "$leg" 256; done
	mdadm --examine "$first" | grep -E 'Feature Map|Checksum'
	expect_refused "by its superblock"
	for leg in "$first" "$second"; do set_features "$leg" 256; done
fi

note "as it was before"
quietly mdadm --assemble $array "$first" "$second"
expect_equal "the data" "$(device_sum $array)" "$sum"
wait_whole $array
run mdstat $array
