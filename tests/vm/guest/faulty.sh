# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Legs that fail: a dm device over a member. Part of lib.sh.

# faulty_leg NAME DEVICE: makes /dev/mapper/NAME.
faulty_leg() {
	# No udevd runs here.
	export DM_DISABLE_UDEV=1
	modprobe dm-mod
	modprobe dm-flakey
	dmsetup create "$1" --table "0 $(blockdev --getsz "$2") linear $2 0"
	echo "$2" >"/run/faulty.$1"
}

# slow_leg NAME DEVICE MILLISECONDS: the same, and every write comes to the disk late.
slow_leg() {
	export DM_DISABLE_UDEV=1
	modprobe dm-mod
	modprobe dm-delay
	dmsetup create "$1" --table "0 $(blockdev --getsz "$2") delay $2 0 0 $2 0 $3"
}

# faulty_node NAME: the name that md has for it.
faulty_node() { echo "/dev/$(dmsetup info -c --noheadings -o blkdevname "$1")"; }

# leg_errors NAME reads|writes|all [FIRST COUNT]...: these sectors fail from now on.
leg_errors() {
	local name=$1 what=$2 device size at=0 table=
	shift 2
	device=$(<"/run/faulty.$name")
	size=$(blockdev --getsz "$device")
	while (($# > 0)); do
		(($1 == at)) || table+="$at $(($1 - at)) linear $device $at"$'\n'
		case $what in
		reads) table+="$1 $2 flakey $device $1 0 1 1 error_reads"$'\n' ;;
		writes) table+="$1 $2 flakey $device $1 0 1 1 error_writes"$'\n' ;;
		all) table+="$1 $2 error"$'\n' ;;
		esac
		at=$(($1 + $2))
		shift 2
	done
	((at == size)) || table+="$at $((size - at)) linear $device $at"
	dmsetup suspend --noflush --nolockfs "$name"
	dmsetup load "$name" <<<"$table"
	dmsetup resume "$name"
}

# leg_heals NAME: no more errors.
leg_heals() { leg_errors "$1" none; }
