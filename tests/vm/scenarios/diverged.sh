# SPDX-License-Identifier: GPL-2.0
# scenario: two members that were each used without the other are not started together, and the way out of it loses nothing
# row: trust
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because it starts the two, and reads from either
# raid1.ko-says: was expected to fail
array=/dev/md100
sysfs=/sys/block/md100/md
first=$(member 0) second=$(member 1)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
fill $array
keep_layout $array
stop $array

# used_alone DEVICE MIB: has something written to it there.
used_alone() {
	quietly mdadm --assemble --run $array "$1"
	dd if=/dev/urandom of=$array bs=1M seek="$2" count=1 oflag=direct conv=notrunc status=none
	wait_clean $array
	sum[$1]=$(device_sum $array)
	stop $array
}
declare -A sum
events() { mdadm --examine "$1" | awk '$1 == "Events" { print $3 }'; }
used_alone "$second" 20
used_alone "$first" 4
# Only with as many events on both can't md tell which one is newer. A start for writing that writes nothing is one
# event; with a write it's two or three, by how long it takes.
for _ in 1 2 3 4 5 6 7 8; do
	behind=$first
	(($(events "$first") < $(events "$second"))) || behind=$second
	if (($(events "$first") != $(events "$second"))); then
		quietly mdadm --assemble --run $array "$behind"
		quietly mdadm --readwrite $array
		stop $array
	fi
done
expect_equal "the event counts" "$(events "$first")" "$(events "$second")"

note "mdadm takes one of them only"
mdadm --assemble $array "$first" "$second" 2>&1 | expect_line - "ignoring .* as it reports .* as failed"
stop $array

note "whoever starts both by sysfs, without asking"
echo md100 >/sys/module/md_mod/parameters/new_array
echo 1.2 >$sysfs/metadata_version
for member in "$first" "$second"; do cat "/sys/block/${member##*/}/dev" >$sysfs/new_dev; done
run_fails sh -c "echo active >$sysfs/array_state"
expect_line <(dmesg) "md/raid1:md100: ${second##*/}: has diverged: "
expect_line <(dmesg) "md/raid1:md100: not started, to lose nothing: "
stop $array

note "the way out, as the user guide has it"
quietly mdadm --assemble --run --readonly $array "$first"
expect_equal "the checksum" "$(device_sum $array)" "${sum[$first]}"
quietly mdadm --readwrite $array
quietly mdadm --zero-superblock "$second"
quietly mdadm $array --add "$second"
wait_whole $array
stop $array
same_data "$first" "$second"
