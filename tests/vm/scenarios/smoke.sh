# SPDX-License-Identifier: GPL-2.0
# scenario: an array is made, syncs, carries data on both legs alike, and stops
# leaks: yes
# row: run
# disks: 2x64M
# timeout: 60
# module: compare
load_module
run mdadm --create /dev/md100 --run --level=1 --raid-devices=2 --bitmap=internal \
	"$(member 0)" "$(member 1)"
wait_idle /dev/md100
run mdstat /dev/md100
run dd if=/dev/urandom of=/dev/md100 bs=64k count=64 oflag=direct status=none
keep_layout /dev/md100
run mdadm --stop /dev/md100
same_data "$(member 0)" "$(member 1)"
dmesg_lines md/raid1
unload_module
