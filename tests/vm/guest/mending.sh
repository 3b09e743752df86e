# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Legs with sectors that can't be read until they are written again, as disks have them.
# For scenarios: . /payload/guest/mending.sh

# mending_leg NAME DEVICE: /dev/mapper/NAME, over a member. (It's dm-integrity: what is read
# must match its checksum. The checksums are on a RAM disk, so that sectors keep their place.)
mending_leg() {
	export DM_DISABLE_UDEV=1
	modprobe dm-mod
	modprobe dm-integrity
	[[ -d /sys/module/brd ]] || modprobe brd rd_nr=4 rd_size=16384
	local sums size block
	block=$(blockdev --getss "$2")
	sums=/dev/ram$(find /run -maxdepth 1 -name 'mending.*' | wc -l)
	size=$(blockdev --getsz "$2")
	dd if=/dev/zero of="$sums" bs=64k count=1 status=none
	integrity_table() {
		dmsetup create "$1" --table "0 $3 integrity $2 0 - D 3 meta_device:$4 internal_hash:crc32c block_size:$5"
	}
	# Loading it with one block formats it.
	integrity_table "$1" "$2" $((block / 512)) "$sums" "$block"
	dmsetup remove "$1"
	integrity_table "$1" "$2" "$size" "$sums" "$block"
	# There are no checksums yet.
	dd if=/dev/zero of="/dev/mapper/$1" bs=1M oflag=direct count=$((size * 512)) iflag=count_bytes status=none
	echo "$2" >"/run/mending.$1"
}

# spoil NAME SECTOR COUNT: these can't be read until they are written.
spoil() {
	dd if=/dev/urandom of="$(<"/run/mending.$1")" bs=$(($3 * 512)) count=1 oflag=direct,seek_bytes seek=$(($2 * 512)) status=none
}

# spoiled NAME SECTOR: whether it can't be read.
spoiled() {
	! dd if="/dev/mapper/$1" of=/dev/null bs="$(blockdev --getss "/dev/mapper/$1")" iflag=direct,skip_bytes skip=$(($2 * 512)) \
		count=1 status=none 2>/dev/null
}

# corrected ARRAY SLOT: how many sectors were, on that leg.
corrected() { cat "$(md_sysfs "$1")/rd$2/errors"; }
is_corrected() { [[ $(corrected "$1" "$2") == "$3" ]]; }

# wait_corrected ARRAY SLOT COUNT
wait_corrected() { until_true 30 "$3 sectors of slot $2 to be corrected" is_corrected "$@"; }

# prefer ARRAY SLOT: reads go to this leg of two, as long as it can be read.
prefer() {
	local slot
	for slot in 0 1; do
		if ((slot == $2)); then echo -writemostly; else echo writemostly; fi >"$(md_sysfs "$1")/rd$slot/state"
	done
}

# read_at DEVICE SECTOR COUNT: without the page cache; the status tells.
read_at() { dd if="$1" of=/dev/null bs=$(($3 * 512)) count=1 iflag=direct,skip_bytes skip=$(($2 * 512)) status=none; }
