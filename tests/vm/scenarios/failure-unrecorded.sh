# SPDX-License-Identifier: GPL-2.0
# scenario: if the last leg can't take the record that the other one has failed, no write is acknowledged until it can
# row: errors
# disks: 2x32M
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because the write that met the failure counts as done
# raid1.ko-says: a write was acknowledged
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
stay_active $array
write() { dd if=/dev/urandom of=$array bs=64k seek="$1" count=1 oflag=direct conv=notrunc status=none 2>/run/dd.log; }
write 0
offset=$(</sys/block/md100/md/rd1/offset)

# One fails at its first error.
echo failfast >/sys/block/md100/md/rd0/state
leg_errors a all 0 "$(blockdev --getsz "$(member 0)")"
# Of the other one only the part in front of the data.
leg_errors b writes 0 "$offset"
dmesg_mark
! write 16 || fail "a write was acknowledged, and after a restart the other leg may count"
! write 32 || fail "a later write was acknowledged"
dmesg_since | expect_line - "md/raid1:md100: .*: cannot record that another device has failed, writes fail until it can"
note "reads go on"
device_sum $array >/dev/null
note "and writes do when it can be recorded"
leg_heals b
write 16 || fail "a write failed though the disk is well again"
dmesg_since | expect_line - "md/raid1:md100: recorded; writes go on"
expect_line <(mdadm --examine "$(member 1)") 'Array State : \.A'
leg_heals a
remove_leg $array /dev/mapper/a
quietly mdadm $array --add /dev/mapper/a
wait_whole $array
keep_layout $array
stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
