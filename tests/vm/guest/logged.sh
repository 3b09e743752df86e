# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Legs that note what was on the medium for sure, and when. For scenarios: . /payload/guest/logged.sh

# logged_leg NAME DEVICE LOG: makes /dev/mapper/NAME; what it notes goes to the device LOG.
logged_leg() {
	export DM_DISABLE_UDEV=1
	modprobe dm-mod
	modprobe dm-log-writes
	dmsetup create "$1" --table "0 $(blockdev --getsz "$2") log-writes $2 $3"
	echo "$3" >"/run/log.$1"
	blockdev --getsize64 "$2" >"/run/size.$1"
}

# mark TEXT LEG...: a mark in the log of each.
mark() {
	local leg
	for leg in "${@:2}"; do dmsetup message "$leg" 0 mark "$1"; done
}

# end_logs LEG...: no more is noted, and all that was can be looked at.
end_logs() {
	local leg
	for leg in "$@"; do dmsetup remove "$leg"; done
}

# noted LEG FROM TO: what was between two marks: first sector, count, and flags.
noted() { /payload/guest/log-writes "$(<"/run/log.$1")" flags "$2" "$3"; }

# safe_at LEG MARK FILE: what would have been on the leg after a loss of power at the mark.
safe_at() { /payload/guest/log-writes "$(<"/run/log.$1")" image "$2" "$3" "$(<"/run/size.$1")"; }
