# SPDX-License-Identifier: GPL-2.0
# scenario: the machine reboots, and is reset, in the middle of each kind of sync
# row: sync trust
# disks: 11x24M
# timeout: 600
# cpus: 1
# restarts: yes
# module: compare
. /payload/guest/booting.sh
half=16384
kinds=(resync recovery check repair mirrors)

array_of() {
	case $1 in
	resync) array=/dev/md100 legs=("$(member 0)" "$(member 1)") ;;
	recovery) array=/dev/md101 legs=("$(member 2)" "$(member 3)") ;;
	check) array=/dev/md102 legs=("$(member 4)" "$(member 5)") ;;
	repair) array=/dev/md103 legs=("$(member 6)" "$(member 7)") ;;
	mirrors) array=/dev/md104 legs=("$(member 8)" "$(member 9)" "$(member 10)") ;;
	esac
}

create() { quietly mdadm --create "$array" --run --level=1 --raid-devices=2 --bitmap=none "$@"; }

# begin KIND reboot|reset: its array syncs, and has done half.
begin() {
	array_of "$1"
	sync_speed 1
	case $1 in
	resync)
		fill "${legs[0]}"
		create "${legs[@]}"
		freeze_sync "$array"
		;;
	recovery)
		create --assume-clean "${legs[0]}" missing
		fill "$array"
		freeze_sync "$array"
		quietly mdadm "$array" --add "${legs[1]}"
		;;
	check | repair)
		create --assume-clean "${legs[0]}" "${legs[1]}"
		fill "$array"
		;;
	mirrors)
		create --assume-clean "${legs[0]}" "${legs[1]}"
		fill "$array"
		freeze_sync "$array"
		quietly mdadm "$array" --add "${legs[2]}"
		# mdadm thaws what it finds frozen.
		echo $half >"$(md_sysfs "$array")/sync_max"
		quietly mdadm --grow "$array" --raid-devices=3
		;;
	esac
	case $1 in
	check | repair)
		sum=$(device_sum "$array")
		# In each half, the second leg has something else somewhere.
		for at in 4096 40960; do
			dd if=/dev/urandom of="${legs[1]}" bs=512 count=8 oflag=direct conv=notrunc status=none \
				seek=$(($(<"$(md_sysfs "$array")/dev-${legs[1]##*/}/offset") + at))
		done
		sync_speed 1000000
		echo $half >"$(md_sysfs "$array")/sync_max"
		echo "$1" >"$(md_sysfs "$array")/sync_action"
		until_true 60 "the $1 to come to its half" sync_is_at "$array" $half
		;;
	*)
		sync_up_to "$array" $half
		sum=$(device_sum "$array")
		;;
	esac
	# A write, of what is there already. Before a reset, the array stays dirty.
	if [[ $2 == reset ]]; then echo 0 >"$(md_sysfs "$array")/safe_mode_delay"; fi
	dd if="$array" of=/run/block bs=4k count=1 iflag=direct status=none
	dd if=/run/block of="$array" bs=4k count=1 oflag=direct conv=notrunc status=none
	[[ $(<"$(md_sysfs "$array")/sync_action") =~ ^(resync|recover|check|repair)$ ]] || fail "no $1 runs"
	echo "$sum" >"/root/sum.$1"
	note "$1: half of it is done"
}

# go_on KIND reboot|reset: the array is assembled after the restart.
go_on() {
	array_of "$1"
	local before written last=${legs[-1]} sum
	sum=$(<"/root/sum.$1")
	quietly mdadm --assemble --readonly "$array" "${legs[@]}"
	case $1 in
	resync | recovery | mirrors) expect_equal "the checksum of the $1 array" "$(device_sum "$array")" "$sum" ;;
	esac
	before=$(sectors_written "$last")
	quietly mdadm --readwrite "$array"
	wait_whole "$array"
	written=$(($(sectors_written "$last") - before))
	case $1-$2 in
	check-reboot | repair-reboot)
		((written < 1000)) || fail "$written sectors were written after a $1: it goes on by itself"
		note "$1: it does not go on"
		echo check >"$(md_sysfs "$array")/sync_action"
		wait_idle "$array"
		md_is "$array" mismatch_cnt 0 && fail "the check finds no mismatch"
		echo repair >"$(md_sysfs "$array")/sync_action"
		wait_idle "$array"
		;;
	*-reboot)
		((written > 24000 && written < 34000)) || fail "$written sectors were written: not the half of the $1 that was left"
		note "$1: it went on where it was"
		;;
	resync-reset | check-reset | repair-reset)
		((written > 44000)) || fail "$written sectors were written: not all of the dirty array was synced"
		note "$1: the dirty array was synced from its beginning"
		;;
	*)
		((written > 24000)) || fail "$written sectors were written: not even the half of the $1 that was left"
		note "$1: it went on"
		;;
	esac
	expect_equal "the checksum of the $1 array after all" "$(device_sum "$array")" "$sum"
	keep_layout "$array"
	stop "$array"
	all_same "${legs[@]}"
	quietly mdadm --zero-superblock "${legs[@]}"
}

load_module
case $boot in
0)
	for kind in "${kinds[@]}"; do begin "$kind" reboot; done
	restart_machine reboot
	;;
1)
	for kind in "${kinds[@]}"; do go_on "$kind" reboot; done
	for kind in "${kinds[@]}"; do begin "$kind" reset; done
	restart_machine reset
	;;
2)
	for kind in "${kinds[@]}"; do go_on "$kind" reset; done
	;;
esac
