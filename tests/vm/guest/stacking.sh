# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What scenarios about layers above and below an array are written with, besides lib.sh.

# ---- load ----

# start_load DEVICE FIO-OPTION...: writes at random until stop_load; has begun when this returns.
start_load() {
	local device before
	device=$(readlink -f "$1")
	# Names under /dev/mapper are nodes here, not links.
	[[ $device == /dev/mapper/* ]] && device=$(faulty_node "${device##*/}")
	before=$(sectors_written "$device")
	fio --name=load --thread --filename="$device" --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=4k-64k \
		--iodepth=4 --time_based --runtime=600 "${@:2}" >/run/load.log 2>&1 &
	load=$!
	until_true 60 "the load to write" written_since "$device" "$before" 100
}

# stop_load: nothing of it has failed.
stop_load() {
	kill -0 "$load" || fail "the load has ended: $(</run/load.log)"
	kill -KILL "$load"
	# The shell tells of killed jobs, with their numbers.
	wait "$load" 2>/dev/null || true
}

# ---- logical volumes ----

# use_lvm: LVM as it works where no udevd makes nodes and links; on md and dm devices only.
use_lvm() {
	export DM_DISABLE_UDEV=1 LVM_SUPPRESS_FD_WARNINGS=1
	modprobe dm-mod
	cat >/etc/lvm/lvm.conf <<-CONF
		activation { udev_sync=0 udev_rules=0 verify_udev_operations=0 monitoring=0 }
		devices { use_devicesfile=0 obtain_device_list_from_udev=0 external_device_info_source="none"
			global_filter=[ "a|^/dev/mapper/|", "a|^/dev/md|", "r|.*|" ] }
		backup { backup=0 archive=0 }
		global { use_lvmpolld=0 event_activation=0 }
	CONF
}

# volume_synced VG/LV: a RAID volume's legs are all in sync, and nothing runs.
volume_synced() { looks_synced "$1" && pause 0.2 && looks_synced "$1"; }
looks_synced() {
	local part action
	read -r part action <<<"$(lvs --noheadings -o copy_percent,raid_sync_action "$1" 2>/dev/null)"
	# dm-raid says so before a recovery has begun, too; the letters of the legs tell then.
	[[ $part == 100.00 && $action == idle && $(dmsetup status "${1/\//-}" | awk '{ print $6 }') != *[!A]* ]]
}
wait_volume() { until_true 120 "$1 to be in sync" volume_synced "$1"; }

# volume_legs_alike NAME COUNT: the volumes below vg/NAME are that many, and hold the same.
volume_legs_alike() {
	local leg sums legs=(/dev/mapper/"vg-$1"_rimage_*)
	expect_equal "the number of legs of $1" ${#legs[@]} "$2"
	sums=$(for leg in "${legs[@]}"; do device_sum "$leg"; done | sort -u | wc -l)
	expect_equal "the number of different contents on the legs of $1" "$sums" 1
}

# write_part DEVICE MIB: random data at its beginning, which check_part DEVICE WHEN finds again.
write_part() {
	dd if=/dev/urandom of="$1" bs=64k count="$(($2 * 16))" oflag=direct status=none
	echo "$2" >/run/part.size
	part_sum "$1" >/run/part.sum
}
part_sum() { dd if="$1" bs=1M count="$(</run/part.size)" iflag=direct status=none | sha256sum; }
check_part() {
	expect_equal "the checksum of the data ($2)" "$(part_sum "$1")" "$(</run/part.sum)"
}
