# SPDX-License-Identifier: GPL-2.0
# scenario: bad blocks by way of sysfs and mdadm: recorded, kept, a full list, and a member without a list
# row: errors metadata
# disks: 2x12M
# timeout: 180
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
sync_speed 1000000
member_dir() { echo "$(md_sysfs $array)/dev-${1##*/}"; }
# The sectors in these files, and in what mdadm prints, are those of the device.
at() { echo $(($(<"$(member_dir "$1")/offset") + $2)); }
bad() { echo "$(at "$1" "$2") $3" >"$(member_dir "$1")/${4:-bad_blocks}"; }
# fill_list LEG: as many as it takes, one sector each.
fill_list() {
	local from file
	from=$(at "$1" 1000)
	file=$(member_dir "$1")/bad_blocks
	count=0
	while ((count < 600)) && echo "$((from + count * 4)) 1" >"$file" 2>/dev/null; do count=$((count + 1)); done
}
show() {
	note "$(wc -l <"$(member_dir "$1")/bad_blocks") bad: $(head -n 3 "$(member_dir "$1")/bad_blocks" | tr '\n' ',')"
	note "$(wc -l <"$(member_dir "$1")/unacknowledged_bad_blocks") of them not acknowledged: $(head -n 3 "$(member_dir "$1")/unacknowledged_bad_blocks" | tr '\n' ',')"
}
unacknowledged_is() { [[ $(wc -l <"$(member_dir "$1")/unacknowledged_bad_blocks") == "$2" ]]; }
legs() { mdstat $array | grep -oE '\[[U_]+\]'; }
legs_are() { [[ $(legs) == "$1" ]]; }
write_at() { dd if=/dev/urandom of=$array bs=512 seek="$1" count="$2" oflag=direct conv=notrunc status=none; }

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
fill $array
sum=$(device_sum $array)

note "recorded by hand: the other leg is read there, and both legs if it's bad on both"
run bad "$first" 100 8
run bad "$first" 104 16
show "$first"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
run bad "$second" 116 2
run_fails dd if=$array of=/dev/null bs=512 skip=116 count=1 iflag=direct status=none
run dd if=$array of=/dev/null bs=512 skip=118 count=8 iflag=direct status=none
run_fails bad "$first" 0 0 2>/dev/null
show "$first"
show "$second"

note "not acknowledged: recorded with the next superblocks"
wait_clean $array
run bad "$first" 8000 8 unacknowledged_bad_blocks
show "$first"
echo write_error >"$(member_dir "$first")/state"
run write_at 8000 16
until_true 20 "the record" unacknowledged_is "$first" 0
show "$first"

note "kept"
wait_clean $array
stop $array
run mdadm --examine-badblocks "$first"
run mdadm --assemble $array "$first" "$second"
show "$first"
show "$second"
run mdadm --readwrite $array

note "mended by a write"
run write_at 96 32
run write_at 8000 16
show "$first"
show "$second"

note "a full list: sysfs says so"
fill_list "$second"
note "$count fitted"
show "$second"
run_fails bad "$second" 9000 1 2>/dev/null
stop $array
quietly mdadm --zero-superblock "$first" "$second"

note "a full list, and one more block that can't be written: the leg fails"
faulty_leg a "$first"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$second"
first=$(faulty_node a)
fill_list "$first"
leg_errors a writes $((2048 + 8000)) 8
run write_at 8000 8
until_true 20 "the leg to fail" legs_are "[_U]"
run dd if=$array of=/dev/null bs=512 skip=8000 count=8 iflag=direct status=none
leg_heals a
stop $array
quietly mdadm --zero-superblock "$first" "$second"

note "without a list: taken away from two members"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a "$second"
run bad "$first" 100 8
write_at 8000 8
wait_clean $array
stop $array
# mdadm keeps a list with blocks in it, unless it's forced.
mdadm --assemble --update=no-bbl $array /dev/mapper/a "$second" 2>&1 || true
if [[ -e $(md_sysfs $array) ]]; then
	show "$first"
	stop $array
fi
run mdadm --assemble --update=force-no-bbl $array /dev/mapper/a "$second"
show "$first"
run_fails bad "$second" 100 8 2>/dev/null
run mdadm --readwrite $array
run write_at 96 32
expect_equal "the legs" "$(legs)" "[UU]"

note "and then a block that can't be written costs the leg"
leg_errors a writes $((2048 + 4096)) 8
run write_at 4096 8
until_true 20 "the leg to fail" legs_are "[_U]"
run dd if=$array of=/dev/null bs=512 skip=4096 count=8 iflag=direct status=none
leg_heals a
stop $array
run mdadm --examine-badblocks "$second"
