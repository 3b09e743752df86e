# SPDX-License-Identifier: GPL-2.0
# scenario: every attribute of the array's queue is what raid1.ko makes it, over several kinds of legs
# row: run operations
# disks: 2x16M
# timeout: 240
# module: compare
array=/dev/md100

show_queue() {
	local attribute
	for attribute in $(cd /sys/block/md100/queue && find . -type f | sort); do
		# Some can only be written.
		echo "${attribute#./} = $(cat "/sys/block/md100/queue/$attribute" 2>/dev/null || true)"
	done
	echo "size = $(cat /sys/block/md100/size)"
	echo "alignment_offset = $(cat /sys/block/md100/alignment_offset) discard_alignment = $(cat /sys/block/md100/discard_alignment)"
}

# over WHAT LEG...
over() {
	note "over $1"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=$(($# - 1)) --bitmap=none "${@:2}"
	show_queue
	quietly mdadm --stop $array
	quietly mdadm --zero-superblock "${@:2}"
}

load_module
over "two NVMe disks" "$(member 0)" "$(member 1)"

# What differs from leg to leg is where stacking can go wrong: a loop device with 4096-byte blocks,
# one that is not discarded, and a SCSI disk with atomic writes and protection information.
modprobe loop
truncate -s 32M /run/a.img /run/b.img
large=$(losetup --show --find --sector-size 4096 /run/a.img)
small=$(losetup --show --find /run/b.img)
over "an NVMe disk and a loop device" "$(member 0)" "$small"
over "blocks of 512 and of 4096 bytes" "$(member 0)" "$large"
modprobe sd_mod
modprobe scsi_debug dev_size_mb=32 add_host=2 per_host_store=1 max_luns=1 lbpu=1 lbpws=1 atomic_wr=1 delay=0 physblk_exp=3
until_true 20 "the SCSI disks" test -b /dev/sdb
over "two SCSI disks with atomic writes" /dev/sda /dev/sdb
over "a SCSI disk and an NVMe disk" /dev/sda "$(member 0)"
losetup -d "$large" "$small"
rmmod scsi_debug
