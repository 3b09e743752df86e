# SPDX-License-Identifier: GPL-2.0
# scenario: check and repair go on behind a place that can't be read on any leg
# row: sync errors
# disks: 2x24M
# timeout: 120
# module: both
# raid1.ko: fails because it stops there for good, and misses what is behind
# raid1.ko-says: the bad places are none is '0', and not '2'
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
expect_equal "where the data begins" "$(cat /sys/block/md100/md/rd0/offset)" 2048
# Two bad places within 64 KiB, one on each leg; what differs is far behind them.
leg_errors a all $((2048 + 4096)) 8
leg_errors b all $((2048 + 4096 + 32)) 8
dd if=/dev/urandom of="$(member 1)" bs=512 seek=$((2048 + 30000)) count=2 oflag=direct status=none

sync_for() {
	echo "$1" >/sys/block/md100/md/sync_action
	wait_idle $array
	cat /sys/block/md100/md/mismatch_cnt
}
expect_equal "mismatches: the bad places are none" "$(sync_for check)" 2
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
expect_equal "mismatches in repair" "$(sync_for repair)" 2
expect_equal "mismatches after repair" "$(sync_for check)" 0
leg_heals a
leg_heals b
