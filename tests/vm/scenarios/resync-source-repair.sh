# SPDX-License-Identifier: GPL-2.0
# scenario: what the source of a resync or a recovery can't read comes from another leg, and is written to it again
# row: errors sync
# disks: 3x24M
# timeout: 150
# module: compare
. /payload/guest/mending.sh
array=/dev/md100
load_module
for leg in a b c; do
	case $leg in a) disk=0 ;; b) disk=1 ;; c) disk=2 ;; esac
	mending_leg $leg "$(member "$disk")"
done
first=2048
for leg in a b c; do dd if=/dev/zero of=/dev/mapper/$leg bs=1M count=20 oflag=direct status=none; done
note "resync"
spoil a $((first + 4096)) 8
spoil a $((first + 8000)) 24
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
expect_equal "where the data begins" "$(cat /sys/block/md100/md/rd0/offset)" $first
wait_whole $array
run corrected $array 0
run corrected $array 1
fill $array
sum=$(device_sum $array)
note "recovery of a third leg"
spoil a $((first + 12288)) 8
quietly mdadm $array --add /dev/mapper/c
quietly mdadm --grow $array --raid-devices=3
wait_whole $array
run corrected $array 0
run mdstat $array
for at in 4096 8000 8016 12288; do
	if spoiled a $((first + at)); then fail "sector $at can't be read"; fi
done
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
quietly mdadm --stop $array
all_same "$(faulty_node a)" "$(faulty_node b)" "$(faulty_node c)"
