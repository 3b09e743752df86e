# SPDX-License-Identifier: GPL-2.0
# scenario: mdstat, sysfs, mdadm --detail and the kernel's messages are what raid1.ko shows, state by state
# row: status
# disks: 4x16M
# timeout: 300
# module: compare
array=/dev/md100
mapfile -t legs < <(members 0 1 2 3)

show() {
	local leg attribute
	mdstat $array
	mdadm --detail $array
	for attribute in $(cd /sys/block/md100/md && find . -maxdepth 1 -type f | sort); do
		case $attribute in
		# Speed, and numbers that tell one run from the next.
		./sync_speed | ./uuid | ./new_dev) continue ;;
		esac
		echo "${attribute#./} = $(cat "/sys/block/md100/md/$attribute" 2>&1 || true)"
	done
	# recovery_start: when it was last written to the superblock is a matter of time.
	for leg in "${legs[@]}"; do
		[[ -d /sys/block/md100/md/dev-${leg##*/} ]] || continue
		for attribute in $(cd "/sys/block/md100/md/dev-${leg##*/}" && find . -maxdepth 1 -type f ! -name recovery_start | sort); do
			echo "${leg##*/}/${attribute#./} = $(cat "/sys/block/md100/md/dev-${leg##*/}/$attribute" 2>&1 || true)"
		done
	done
	for attribute in /sys/block/md100/md/rd*; do
		echo "${attribute##*/} -> $(readlink "$attribute")"
	done
}

# step WHAT COMMAND...
step() {
	dmesg_mark
	note "$1"
	shift
	"$@"
	show
	dmesg_since | grep -E 'md/raid1|^md:' | grep -v 'async del_gendisk' || true
}
create() {
	run mdadm --create $array --run --level=1 --raid-devices=3 --bitmap=internal "${legs[@]:0:3}"
	wait_whole $array
	wait_clean $array
}
is_out() { [[ $(<"/sys/block/md100/md/dev-${legs[1]##*/}/slot") == none ]]; }
fail_one() {
	run mdadm $array --fail "${legs[1]}"
	# The daemon takes it out, a moment later.
	until_true 30 "the failed leg to leave its slot" is_out
}
remove_one() { run mdadm $array --remove "${legs[1]}"; }
add_frozen() {
	freeze_sync $array
	run mdadm $array --add "${legs[3]}"
}
held_half_way() { sync_up_to $array 16384; }
let_go() {
	thaw_sync $array
	wait_whole $array
	wait_clean $array
}
write_mostly() { echo writemostly >"/sys/block/md100/md/dev-${legs[0]##*/}/state"; }
checked() {
	echo check >/sys/block/md100/md/sync_action
	wait_idle $array
}
read_only() { run mdadm --readonly $array; }
assembled() {
	run mdadm --stop $array
	run mdadm --assemble $array "${legs[@]}"
}

load_module
step "created" create
step "a leg failed" fail_one
step "it was removed" remove_one
step "another added, with the recovery frozen" add_frozen
step "the recovery held half-way" held_half_way
step "the recovery is done" let_go
step "a leg is write-mostly" write_mostly
step "checked" checked
step "read-only" read_only
step "assembled again" assembled
dmesg_mark
run mdadm --stop $array
run mdadm --examine "${legs[0]}"
dmesg_since | grep -E 'md/raid1|^md:' || true
