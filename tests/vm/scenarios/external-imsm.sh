# SPDX-License-Identifier: GPL-2.0
# scenario: an IMSM container under mdmon: a leg fails while somebody writes, the spare takes over, both modules in turn
# row: metadata membership
# disks: 3x40M
# timeout: 150
# module: compare
. /payload/guest/external.sh
container=/dev/md100
volume=/dev/md101
first=$(member 0)
second=$(member 1)
third=$(member 2)
load_module
sync_speed 1000000
record() { mdadm --examine "$1" | awk -F' : ' '/ (Slots|Failed disk|Migrate State|Map State|Dirty State) :/ { printf "%s ", $2 }'; }
# on_record LEG WHAT: mdmon writes it a moment after md has done something.
on_record() {
	note "on record: $2"
	until_true 30 "the record on $1" record_is "$1" "$2 "
}
record_is() { [[ $(record "$1") == "$2" ]]; }
stop_all() {
	keep_layout $volume
	stop $volume
	stop $container
	mdmon_ends $container
}
assemble() {
	silently mdadm --assemble $container "$@"
	silently mdadm --assemble --run $volume $container
}
reads_only() { until_true 30 "the array to be ready for reading" md_is $volume array_state read-auto; }
data_is_there() { expect_equal "the checksum" "$(device_sum $volume)" "$(sha256sum </run/data | cut -d' ' -f1)"; }
# write_some FIRST COUNT: blocks of 128 KiB.
write_some() {
	local block
	for ((block = $1; block < $1 + $2; block++)); do
		dd if=/run/data of=$volume bs=128k skip=$block seek=$block count=1 oflag=direct conv=notrunc status=none || return
		publish /run/block $block
	done
}
has_written() { [[ -e /run/block ]] && (($(</run/block) >= $1)); }
gone() { [[ ! -e $(member_dir $volume "$1") ]]; }
# mdmon takes the failed leg out before or after the spare has its data.
has_taken_over() { gone "$1" && is_whole $volume; }

note "a resync to the end"
fill "$first"
silently mdadm --create $container --run --metadata=imsm --raid-devices=3 "$first" "$second" "$third"
silently mdadm --create $volume --run --level=1 --raid-devices=2 --size=16M "$first" "$second"
wait_idle $volume
wait_clean $volume
run mdstat $volume
on_record "$first" '[UU] none idle normal clean'
keep_layout $volume
all_same "$first" "$second"

note "a leg fails; mdmon puts that on record, and gives the spare to the array"
dd if=/dev/urandom of=/run/data bs=1M count=16 iflag=fullblock status=none
write_some 0 128 &
writer=$!
until_true 30 "some writes" has_written 20
run mdadm $volume --fail "$second"
until_true 60 "the spare to take over" or_nudge $container has_taken_over "$second"
wait $writer || fail "a write failed"
wait_clean $volume
run mdstat $volume
on_record "$first" '[UU] none idle normal clean'
data_is_there
stop_all
all_same "$first" "$third"

note "the other module: read-only until the first write"
unload_module
load_other
assemble "$first" "$third"
reads_only
data_is_there
run cat "$(md_sysfs $volume)/array_state"
dd if=/dev/urandom of=/run/data bs=1M count=2 seek=3 iflag=fullblock conv=notrunc status=none
write_some 24 16
wait_clean $volume
on_record "$first" '[UU] none idle normal clean'
stop_all
all_same "$first" "$third"
unload_other

note "and back: a leg fails before the first write"
load_module
assemble "$first" "$third"
reads_only
run mdadm $volume --fail "$third"
until_true 30 "the leg to be removed" or_nudge $container gone "$third"
data_is_there
write_some 0 4
wait_clean $volume
run mdstat $volume
on_record "$first" '[U_] 1 idle degraded clean'
stop_all

note "with one leg"
assemble "$first"
data_is_there
stop_all
dmesg_lines md/raid1
