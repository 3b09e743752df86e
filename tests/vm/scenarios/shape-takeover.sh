# SPDX-License-Identifier: GPL-2.0
# scenario: a RAID-5 of two devices becomes a RAID-1, and goes on to RAID-5 and back, and to RAID-0, from which there is no way back
# row: shape
# disks: 2x48M
# timeout: 180
# module: compare
load_module
modprobe raid456
modprobe raid0
sync_speed 1000000
run mdadm --create /dev/md100 --run --level=5 --raid-devices=2 --bitmap=none "$(member 0)" "$(member 1)"
wait_idle /dev/md100
quietly dd if=/dev/urandom of=/dev/md100 bs=1M count=20 oflag=direct status=none
before=$(dd if=/dev/md100 bs=1M count=20 iflag=direct status=none | sha256sum)
data_is_there() {
	expect_equal "the data's checksum" "$(dd if=/dev/md100 bs=1M count=20 iflag=direct status=none | sha256sum)" "$before"
	note "the data is as before"
}
level() { echo "$1" >/sys/block/md100/md/level; }
run level raid1
run cat /sys/block/md100/md/level
data_is_there
run mdstat /dev/md100
quietly dd if=/dev/zero of=/dev/md100 bs=1M count=4 seek=20 oflag=direct status=none
run level raid5
data_is_there
run level raid1
data_is_there
run mdadm /dev/md100 --fail "$(member 1)"
remove_leg /dev/md100 "$(member 1)"
run level raid0
data_is_there
run_fails level raid1 2>/dev/null
run cat /sys/block/md100/md/level
data_is_there
run mdadm --stop /dev/md100
unload_module
