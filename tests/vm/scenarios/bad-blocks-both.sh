# SPDX-License-Identifier: GPL-2.0
# scenario: a block that both legs could not write is written as soon as they can, though both have it on record as bad
# row: errors
# disks: 2x16M
# timeout: 120
# module: both
# raid1.ko: fails because it sends the write to no leg any more
# raid1.ko-says: write_it
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
offset=$(<"$(md_sysfs $array)/rd0/offset")
bad() { note "bad: leg 0 $(tr '\n' ',' <"$(md_sysfs $array)/rd0/bad_blocks"), leg 1 $(tr '\n' ',' <"$(md_sysfs $array)/rd1/bad_blocks")"; }
write_it() { dd if=/dev/urandom of=$array bs=4k seek=1024 count=1 oflag=direct conv=notrunc status=none; }
for leg in a b; do leg_errors $leg writes $((offset + 8192)) 8; done
run_fails write_it
run_fails write_it
bad
run_fails dd if=$array of=/dev/null bs=4k skip=1024 count=1 iflag=direct status=none
note "one of them can write again"
leg_heals b
run write_it
bad
run dd if=$array of=/dev/null bs=4k skip=1024 count=1 iflag=direct status=none
run write_it
note "and the other one as well: it is left alone until somebody says that it's well, as long as one has the data"
leg_heals a
echo -write_error >"$(md_sysfs $array)/rd0/state"
run write_it
for slot in 0 1; do expect_equal "bad blocks of leg $slot" "$(<"$(md_sysfs $array)/rd$slot/bad_blocks")" ""; done
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
keep_layout $array
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
