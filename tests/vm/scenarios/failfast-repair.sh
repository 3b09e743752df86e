# SPDX-License-Identifier: GPL-2.0
# scenario: a failfast leg that fails a read which was not to fail fast is repaired like any other
# row: errors
# disks: 2x32M
# timeout: 120
# module: both
# raid1.ko: fails because it fails such a leg at once
# raid1.ko-says: 8 sectors of slot 0 to be corrected
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none --failfast /dev/mapper/a "$(member 1)"
expect_line "$(md_sysfs $array)/rd0/state" failfast
fill $array
sum=$(device_sum $array)
first=$(<"$(md_sysfs $array)/rd0/offset")
note "the other leg is write-mostly, and no stand-in"
prefer $array 0
spoil a $((first + 4096)) 8
run read_at $array 4096 8
wait_corrected $array 0 8
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
