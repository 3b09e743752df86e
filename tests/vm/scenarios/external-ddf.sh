# SPDX-License-Identifier: GPL-2.0
# scenario: a DDF container under mdmon: a leg that can't write fails, as DDF keeps no bad blocks; the spare; both modules
# row: metadata membership errors
# disks: 3x80M
# timeout: 150
# module: compare
. /payload/guest/external.sh
volume=/dev/md101
load_module
sync_speed 1000000
faulty_leg a "$(member 0)"
first=$(faulty_node a)
second=$(member 1)
third=$(member 2)
# The container has another name each time it's assembled.
container() { echo "/dev/$(grep -oE 'external:/md[0-9]+' /proc/mdstat | cut -d/ -f2)"; }
# on_record LEG WHAT: mdmon writes it a moment after md has done something.
on_record() {
	note "on record: $2"
	until_true 30 "the record on $1" record_is "$1" "$2"
}
record_is() { [[ $(mdadm --examine "$1" | sed -n 's/^ *state\[0\] : //p') == "$2" ]]; }
stop_all() {
	local container
	container=$(container)
	keep_layout $volume
	stop $volume
	stop "$container"
	mdmon_ends "$container"
}
assemble() {
	local leg
	# Naming the container and its members crashes mdadm 4.4, for DDF.
	for leg in "$@"; do silently mdadm --incremental "$leg"; done
	until_true 30 "the array to be ready for reading" md_is $volume array_state read-auto
}
data_is_there() { expect_equal "the checksum" "$(device_sum $volume)" "$(sha256sum </run/data | cut -d' ' -f1)"; }
# write_at BLOCK: something new.
write_at() {
	dd if=/dev/urandom of=/run/data bs=4k count=1 seek="$1" iflag=fullblock conv=notrunc status=none
	dd if=/run/data of=$volume bs=4k skip="$1" seek="$1" count=1 oflag=direct conv=notrunc status=none
}
gone() { [[ ! -e $(member_dir $volume "$1") ]]; }
# mdmon takes the failed leg out before or after the spare has its data.
has_taken_over() { gone "$1" && is_whole $volume; }

fill "$second"
silently mdadm --create /dev/md100 --run --metadata=ddf --raid-devices=3 "$first" "$second" "$third"
silently mdadm --create $volume --run --level=1 --raid-devices=2 --size=16M "$first" "$second"
wait_idle $volume
wait_clean $volume
run mdstat $volume
on_record "$second" 'Optimal, Consistent'
keep_layout $volume
all_same "$first" "$second"
dd if=/dev/urandom of=/run/data bs=1M count=16 iflag=fullblock status=none
quietly dd if=/run/data of=$volume bs=1M oflag=direct

note "a leg that can't write fails, and the spare takes over"
leg_errors a writes 8000 8
write_at 1000
until_true 60 "the spare to take over" or_nudge "$(container)" has_taken_over "$first"
wait_clean $volume
run mdstat $volume
on_record "$second" 'Optimal, Consistent'
data_is_there
stop_all
all_same "$second" "$third"

note "the other module"
unload_module
load_other
assemble "$second" "$third"
data_is_there
write_at 5
wait_clean $volume
on_record "$second" 'Optimal, Consistent'
stop_all
all_same "$second" "$third"
unload_other

note "and back: a leg fails before the first write"
load_module
assemble "$second" "$third"
data_is_there
run mdadm $volume --fail "$second"
until_true 30 "the leg to be removed" or_nudge "$(container)" gone "$second"
write_at 6
data_is_there
wait_clean $volume
run mdstat $volume
on_record "$third" 'Degraded, Consistent'
stop_all
quietly cmp --bytes=16777216 /run/data "$third"
dmesg_lines md/raid1
