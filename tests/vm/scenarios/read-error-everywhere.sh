# SPDX-License-Identifier: GPL-2.0
# scenario: sectors that for a while no leg can read are not lost for good
# row: errors
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because it records them as bad on every leg, and refuses to read what is there
# raid1.ko-says: exit 1 from: read_there
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
sum=$(device_sum $array)
first=$(cat /sys/block/md100/md/rd0/offset)
leg_errors a reads $((first + 8192)) 16
leg_errors b reads $((first + 8192)) 16
read_there() { dd if=$array of=/dev/null bs=4k skip=1024 count=1 iflag=direct status=none; }
run_fails read_there
run_fails read_there
# Both at once, for a repair that is still going on: it must not find one well, and the other one not.
dmsetup suspend --noflush --nolockfs b
leg_heals a
leg_heals b
run read_there
for slot in 0 1; do
	expect_equal "bad blocks" "$(cat /sys/block/md100/md/rd$slot/bad_blocks)" ""
done
expect_equal "the checksum" "$(device_sum $array)" "$sum"
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
