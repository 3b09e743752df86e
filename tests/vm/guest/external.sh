# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Arrays whose metadata is kept in user space: by mdmon, or by the scenario itself.
# For scenarios: . /payload/guest/external.sh

# Any controller will do, disks need no serial numbers, and mdadm itself starts mdmon.
export IMSM_NO_PLATFORM=1 IMSM_DEVNAME_AS_SERIAL=1 MDADM_NO_SYSTEMCTL=1

# member_dir ARRAY LEG: its folder in sysfs.
member_dir() { echo "$(md_sysfs "$1")/dev-${2##*/}"; }

# leg_is ARRAY LEG ATTRIBUTE VALUE
leg_is() { [[ $(<"$(member_dir "$1" "$2")/$3") == "$4" ]]; }

# ---- by mdmon ----

# silently COMMAND...: like quietly, for what leaves a process behind, which would keep a pipe open.
silently() { "$@" >/run/silently.log 2>&1 || fail "exit $? from: $*"$'\n'"$(</run/silently.log)"; }

# pause_mdmon, resume_mdmon CONTAINER: it does nothing for a while.
pause_mdmon() { kill -STOP "$(<"/run/mdadm/${1##*/}.pid")"; }
resume_mdmon() { kill -CONT "$(<"/run/mdadm/${1##*/}.pid")"; }

# mdmon_ends CONTAINER: waits until it's gone; it has written the last of the metadata then.
mdmon_ends() { until_true 30 "mdmon to end" mdmon_gone "$1"; }
mdmon_gone() { ! pgrep -f "mdmon ${1##*/}" >/run/pgrep.log; }

# or_nudge CONTAINER CONDITION...: for until_true. mdmon may look after a failed leg when md has not let go of it yet. It
# looks again when something happens, but nothing need happen: then we wake it, as its other thread would.
or_nudge() {
	"${@:2}" && return
	kill -USR1 "$(<"/run/mdadm/${1##*/}.pid")"
	return 1
}

# ---- by the scenario ----

# external_array ARRAY KIB LEG...: starts one; all legs have the same data.
external_array() {
	local array=$1 size=$2 sysfs leg slot=0 writer
	shift 2
	echo "${array##*/}" >/sys/module/md_mod/parameters/new_array
	sysfs=$(md_sysfs "$array")
	echo external:scenario >"$sysfs/metadata_version"
	echo raid1 >"$sysfs/level"
	echo $# >"$sysfs/raid_disks"
	echo "$size" >"$sysfs/component_size"
	for leg in "$@"; do
		external_leg "$array" "$size" "$leg"
		echo $slot >"$(member_dir "$array" "$leg")/slot"
		slot=$((slot + 1))
	done
	echo none >"$sysfs/resync_start"
	echo active >"$sysfs/array_state"
	# It has started as a clean one.
	dd if=/dev/zero of="$array" bs=4k count=1 oflag=direct conv=notrunc status=none &
	writer=$!
	let_write "$array"
	wait $writer || fail "the first write failed"
}

# external_leg ARRAY KIB LEG: makes it a spare of the array, with a list of bad blocks that we keep.
external_leg() {
	local dir
	echo "$(<"/sys/class/block/${3##*/}/dev")" >"$(md_sysfs "$1")/new_dev"
	dir=$(member_dir "$1" "$3")
	echo 0 >"$dir/offset"
	echo "$2" >"$dir/size"
	echo external_bbl >"$dir/state"
}

# let_write ARRAY: says that the metadata tells what md waits for.
let_write() {
	until_true 20 "the array to wait for its metadata" md_is "$1" array_state write-pending
	echo active >"$(md_sysfs "$1")/array_state"
}
