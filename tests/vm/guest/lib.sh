# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What scenarios are written with. A scenario's output is its transcript, and in
# compare mode the transcripts of both modules must be equal: print what is the
# same on every run. See tests/vm/README.md.

# To make a process takes a kernel with all checkers a tenth of a second: what is asked often, or polled, makes none.

# member N: the device of member disk N.
member() { echo "${member_devices[$1]}"; }
member_links=()
while [[ -L /dev/member/${#member_links[@]} ]]; do member_links+=("/dev/member/${#member_links[@]}"); done
member_devices=()
if ((${#member_links[@]} > 0)); then mapfile -t member_devices < <(readlink "${member_links[@]}"); fi

# members N...: the devices of several.
members() {
	local n
	for n in "$@"; do member "$n"; done
}

# fail MESSAGE: ends the scenario as failed, with what arrays and tasks are doing at that moment.
fail() {
	sed 's/^/#mdstat /' /proc/mdstat 2>/dev/null || true
	grep -H . /sys/block/md*/md/{array_state,sync_action,degraded} 2>/dev/null | sed 's/^/#state /' || true
	echo w >/proc/sysrq-trigger
	echo "#failed $*"
	trap - ERR
	exit 1
}

# note TEXT: a line for the reader of the transcript.
note() { echo "# $*"; }

# publish FILE TEXT: whoever reads the file meanwhile gets all of the text, or what was there before.
publish() { echo "$2" >"$1.new" && mv "$1.new" "$1"; }

# is_empty FILE: nothing can be read from it.
is_empty() { [[ -z $(<"$1") ]]; }

# run COMMAND...: shows a command, its output, and its exit status if it fails; a
# failure ends the scenario.
run() {
	local status=0
	echo "\$ $*"
	"$@" 2>&1 || status=$?
	((status == 0)) || fail "exit $status from: $*"
}

# run_fails COMMAND...: shows a command that must fail.
run_fails() {
	local status=0
	echo "\$ $*"
	"$@" 2>&1 || status=$?
	((status != 0)) || fail "was expected to fail: $*"
	echo "-> exit $status"
}

# quietly COMMAND...: a command whose output matters only when it fails.
quietly() {
	local output
	output=$("$@" 2>&1) || fail "exit $? from: $*"$'\n'"$output"
}

# expect_line FILE REGEX: the file (or "-") must have a matching line. All of it is read: whoever writes it must
# not be cut off.
expect_line() {
	local text
	text=$(cat -- "$1")
	grep -qE -- "$2" <<<"$text" || fail "no line in $1 matches: $2"
}

# expect_equal WHAT GOT WANTED
expect_equal() {
	[[ $2 == "$3" ]] || fail "$1 is '$2', and not '$3'"
}

# pause SECONDS: like sleep, but without a process.
exec {nothing_to_read}<> <(:)
pause() { read -rt "$1" -u "$nothing_to_read" || true; }

# until_true SECONDS WHAT COMMAND...: polls; time passes slowly in a guest, so
# limits are wide, and wider for a slow kernel. The clock alone proves nothing: a host that stops a
# guest for a while makes it jump. So there have to have been many looks, too.
until_true() {
	local seconds=$(($1 * ${PATIENCE:-1})) what=$2 looks=0 between=0.05
	local limit=$((SECONDS + seconds))
	# Whoever looks takes time from what is looked at.
	if ((${PATIENCE:-1} > 1)); then between=0.25; fi
	shift 2
	until "$@"; do
		looks=$((looks + 1))
		((SECONDS < limit || looks < 4 * seconds)) || fail "waited in vain: $what"
		pause $between
	done
}

# ---- the module ----

# load_module: the personality under test (MODULE is rs or c).
load_module() {
	modprobe md-mod
	case $MODULE in
	rs) insmod /payload/raid1_rs.ko || fail "insmod raid1_rs.ko" ;;
	c) modprobe raid1 || fail "modprobe raid1" ;;
	esac
}

# module_name: what lsmod calls it.
module_name() { if [[ $MODULE == rs ]]; then echo raid1_rs; else echo raid1; fi; }

unload_module() { rmmod "$(module_name)" || fail "rmmod $(module_name)"; }

# load_other / unload_other: the other one, for moving an array between the two.
# shellcheck disable=SC2034
load_other() { swap_module; load_module; swap_module; }
unload_other() { swap_module; unload_module; swap_module; }
swap_module() { if [[ $MODULE == rs ]]; then MODULE=c; else MODULE=rs; fi; }

# memory_used: KiB that are not for user space, where a leak would show. Percpu and
# vmalloc memory are parts of what is not available, too.
memory_used() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.3
	awk '/^(SUnreclaim|Percpu|VmallocUsed|KernelStack):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# memory_is_back BEFORE LIMIT WHAT: fewer than LIMIT KiB more than then. A kernel with kmemleak finds leaks in another
# way, and keeps what was freed, and its books about it.
memory_is_back() {
	local grown _
	[[ ! -e /sys/kernel/debug/kmemleak ]] || return 0
	grown=$(($(memory_used) - $1))
	# Some is freed by workers, or after a grace period. A leak stays.
	for _ in {1..20}; do
		((grown >= $2)) || break
		grown=$(($(memory_used) - $1))
	done
	((grown < $2)) || fail "$grown KiB more: $3"
	note "$3: $grown KiB more"
}

# ---- arrays ----

md_sysfs() { echo "/sys/block/${1##*/}/md"; }

# md_is DEVICE ATTRIBUTE VALUE
md_is() {
	local value=
	# A file can be empty.
	read -r value <"/sys/block/${1##*/}/md/$2" || true
	[[ $value == "$3" ]]
}

# A recovery that was just asked for may not have started yet: what counts is
# that nothing runs and nothing is wanted, several looks in a row.
is_idle() {
	local _
	for _ in 1 2 3 4; do
		md_is "$1" sync_action idle || return 1
		! shows_sync "$1" || return 1
		pause 0.05
	done
}

# mdstat_shows DEVICE PATTERN...: whether one of its lines in /proc/mdstat is like one of these.
mdstat_shows() {
	local lines line pattern ours=no name=${1##*/}
	shift
	mapfile -t lines </proc/mdstat
	for line in "${lines[@]}"; do
		case $line in
		"$name "*) ours=yes ;;
		"") ours=no ;;
		esac
		if [[ $ours == no ]]; then continue; fi
		for pattern in "$@"; do
			# shellcheck disable=SC2053
			if [[ $line == $pattern ]]; then return 0; fi
		done
	done
	return 1
}

# shows_sync DEVICE: whether /proc/mdstat shows a sync of it that runs or waits.
shows_sync() { mdstat_shows "$1" '*resync*' '*recovery*' '*DELAYED*' '*PENDING*'; }

# wait_idle DEVICE [SECONDS]: until no resync, recovery or check runs.
wait_idle() { until_true "${2:-120}" "$1 to become idle" is_idle "$1"; }

is_whole() { is_idle "$1" && md_is "$1" degraded 0; }

# wait_whole DEVICE [SECONDS]: until every leg is back in sync.
wait_whole() { until_true "${2:-120}" "$1 to have all legs" is_whole "$1"; }

# remove_leg ARRAY DEVICE: a failed leg, as soon as nobody uses it; mdadm tries for 50 ms.
remove_leg() { until_true 30 "$2 to be removed" mdadm "$1" --remove "$2" 2>/run/remove.log; }

# change_bitmap DEVICE KIND [OPTION]...: md is busy for a moment after each change.
change_bitmap() { until_true 20 "the bitmap to be changed" mdadm --grow "$1" --bitmap="$2" "${@:3}" >/run/grow.log 2>&1; }

# wait_sync_started DEVICE: until a sync runs, one that takes a while. sync_action tells of it as soon as it's wanted.
sync_started() { mdstat_shows "$1" '*% (*/*)*'; }
wait_sync_started() { until_true 30 "a sync to start on $1" sync_started "$1"; }

is_clean() { md_is "$1" array_state clean; }

# wait_clean DEVICE: until md has marked it clean, a moment after the last write.
wait_clean() {
	looks_for_clean=0
	until_true 30 "$1 to be clean" is_clean_by_now "$1"
}
# On a busy host md forgets to, until the next write: percpu_ref_switch_to_atomic_sync() returns before the count
# that it took itself is given back, and set_in_sync() takes that for a write. A shorter delay is a new request.
is_clean_by_now() {
	local delay
	is_clean "$1" && return
	looks_for_clean=$((looks_for_clean + 1))
	((looks_for_clean % 100 == 0)) || return
	delay=$(<"$(md_sysfs "$1")/safe_mode_delay")
	echo 0.01 >"$(md_sysfs "$1")/safe_mode_delay"
	echo "$delay" >"$(md_sysfs "$1")/safe_mode_delay"
	return 1
}

# stay_active DEVICE: the next write makes it active, and so it stays. Without the wait, the timer of the last write
# might mark it clean behind the next.
stay_active() {
	wait_clean "$1"
	echo 1000 >"$(md_sysfs "$1")/safe_mode_delay"
}

# sync_speed KIB: of every sync from now on. Legs here are small, and many a test
# has to be faster than the sync.
sync_speed() {
	echo "$1" >/proc/sys/dev/raid/speed_limit_min
	echo "$1" >/proc/sys/dev/raid/speed_limit_max
}

# freeze_sync DEVICE: stops a running sync where it is, and lets none start.
freeze_sync() { echo frozen >"$(md_sysfs "$1")/sync_action"; }

# thaw_sync DEVICE: lets a sync that is frozen, or that waits at its sync_max, go on
# to its end.
thaw_sync() {
	sync_speed 1000000
	echo max >"$(md_sysfs "$1")/sync_max"
	# For a sync that only waits, "idle" would be an interruption, or not, if it is
	# through by now.
	if md_is "$1" sync_action frozen; then echo idle >"$(md_sysfs "$1")/sync_action"; fi
}

# sync_up_to DEVICE SECTOR: lets the sync of a frozen array go on, which then waits
# at that sector.
sync_up_to() {
	sync_speed 1000000
	echo "$2" >"$(md_sysfs "$1")/sync_max"
	echo idle >"$(md_sysfs "$1")/sync_action"
	until_true 60 "the sync to come to sector $2" sync_is_at "$1" "$2"
}
sync_is_at() {
	local completed
	read -r completed _ <"/sys/block/${1##*/}/md/sync_completed"
	# Otherwise it says that it waits, or that there is none.
	[[ $completed =~ ^[0-9]+$ ]] && ((completed >= $2))
}

# mdstat DEVICE: its lines in /proc/mdstat.
mdstat() { awk -v name="${1##*/}" '$1 == name { show = 1 } show && NF == 0 { exit } show' /proc/mdstat; }

# stop DEVICE: mdadm --stop; something may still hold it for a moment.
stop() {
	local attempt
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		mdadm --stop "$1" >/run/stop.log 2>&1 && return
		# One that was stopped before goes a moment later.
		[[ -e $(md_sysfs "$1") ]] || return 0
		pause 0.2
	done
	cat /run/stop.log
	fail "can't stop $1 (tried $attempt times)"
}

# Lines for debugging are not for users: raid1.ko's are off, and ours may change.
levels=emerg,alert,crit,err,warn,notice,info

# dmesg_lines TEXT: the kernel's lines that contain it, without times.
dmesg_lines() { dmesg --notime --level=$levels | grep -F -- "$1" || true; }

# dmesg_mark, dmesg_since: the lines since the last mark.
dmesg_mark() { dmesg --level=$levels | wc -l >/run/dmesg.mark; }
dmesg_since() { dmesg --notime --level=$levels | tail -n "+$(($(</run/dmesg.mark) + 1))"; }

# ---- data ----

# keep_layout DEVICE: remembers where on each leg the data is, for same_data after
# the array is stopped.
keep_layout() {
	local leg name
	for leg in "$(md_sysfs "$1")"/dev-*; do
		name=${leg##*/dev-}
		echo "$(<"$leg/offset") $(<"$(md_sysfs "$1")/component_size")" >"/run/layout.$name"
	done
}

# fill DEVICE: all of it with random bytes.
fill() {
	local size
	size=$(blockdev --getsize64 "$1")
	dd if=/dev/urandom of="$1" bs=1M iflag=fullblock,count_bytes count="$size" oflag=direct status=none
}

# device_sum DEVICE: the checksum of all of it, as it is on the disk.
device_sum() { /payload/guest/disk-sum "$1"; }

# sectors_read, sectors_written DEVICE: since boot.
sectors_read() { awk '{ print $3 }' "/sys/block/${1##*/}/stat"; }
sectors_written() { awk '{ print $7 }' "/sys/block/${1##*/}/stat"; }

# written_since DEVICE BEFORE COUNT: that many sectors have been written to it.
written_since() { (($(sectors_written "$1") >= $2 + $3)); }

# same_data A B: the two legs hold the same bytes outside their metadata.
same_data() {
	local a b first_a first_b size
	a=$1 b=$2
	[[ -e /run/layout.${a##*/} && -e /run/layout.${b##*/} ]] || fail "same_data needs keep_layout before"
	read -r first_a size <"/run/layout.${a##*/}"
	read -r first_b size <"/run/layout.${b##*/}"
	sync
	blockdev --flushbufs "$a" "$b"
	local difference
	difference=$(/payload/guest/same-bytes "$a" $((first_a * 512)) "$b" $((first_b * 512)) $((size * 1024)) 2>&1) ||
		fail "$difference"
	note "the data of both legs is the same"
}

# all_same FIRST OTHERS...: every leg holds the data that the first has.
all_same() {
	local other
	for other in "${@:2}"; do same_data "$1" "$other"; done
}

# data_sum LEG: the checksum of a leg's data.
data_sum() {
	local first size
	read -r first size <"/run/layout.${1##*/}"
	blockdev --flushbufs "$1"
	/payload/guest/disk-sum "$1" $((first * 512)) $((size * 1024))
}

# Legs that fail, and such whose writes can be held up.
. /payload/guest/faulty.sh
. /payload/guest/gated.sh

# leave_clean: what every scenario ends with: everything stopped, the module gone,
# and no memory left behind where the kernel can tell.
leave_clean() {
	local array
	cd /
	if mountpoint -q /mnt; then umount /mnt; fi
	for array in /sys/block/md*; do
		[[ -e $array/md ]] && stop "/dev/${array##*/}"
	done
	local module
	for module in raid1_rs raid1; do
		[[ -d /sys/module/$module ]] || continue
		grep -F "[$module]" /proc/kallsyms >>/run/kallsyms
		rmmod $module || fail "rmmod $module"
	done
	if [[ -d /sys/module/dm_mod ]]; then dmsetup remove_all; fi
	if [[ -e /sys/kernel/debug/kmemleak && $(</proc/cmdline) != *kmemleak=off* ]]; then no_leaks; fi
}

# no_leaks: asks kmemleak, for which an object is lost when two scans, some seconds
# after it was made, have not found it.
no_leaks() {
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak >/run/leaks
	[[ -s /run/leaks ]] || return 0
	# Traces of a module that is gone are bare numbers. The last eight digits tell.
	touch /run/kallsyms
	sort /run/kallsyms | awk '
		NR == FNR { at[++n] = strtonum("0x" substr($1, 9)); name[n] = $3 " " $4; next }
		match($0, /0xffffffff[0-9a-f]{8}/) {
			address = strtonum("0x" substr($0, RSTART + 10, 8))
			for (i = n; i > 0 && at[i] > address; i--);
			if (i > 0) $0 = $0 "  " name[i] "+" address - at[i]
		}
		{ print }' - /run/leaks
	fail "kmemleak found $(grep -c '^unreferenced object' /run/leaks) lost objects (see above)"
}

# ---- for scenarios that people watch (SHOW is set in the demo) ----

# stage NUMBER TOTAL TEXT: what comes next. Elapsed time is for people only, since
# transcripts are compared.
stage() {
	case ${SHOW:-} in
	color) printf '\n\e[1m[%2d/%d]  %3d s  %s\e[0m\n' "$1" "$2" "$SECONDS" "$3" ;;
	plain) printf '\n[%2d/%d]  %3d s  %s\n' "$1" "$2" "$SECONDS" "$3" ;;
	*) printf '\n[%d/%d] %s\n' "$1" "$2" "$3" ;;
	esac
}

# watch_sync DEVICE: waits for a running sync to end; shows mdstat while it runs.
watch_sync() {
	if [[ -n ${SHOW:-} ]]; then
		until is_whole "$1"; do
			mdstat "$1" | grep -E 'resync|recovery' || true
			sleep 1
		done
	else
		wait_whole "$1"
	fi
}
