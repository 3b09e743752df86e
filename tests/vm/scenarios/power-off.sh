# SPDX-License-Identifier: GPL-2.0
# scenario: the machine powers off while an array syncs and is written to
# row: trust
# disks: 2x2G
# timeout: 60
# module: both
load_module
# Slow enough that it's still going on when fio has come to write.
sync_speed 20000
quietly mdadm --create /dev/md100 --run --level=1 --raid-devices=2 "$(member 0)" "$(member 1)"
fio --name=load --filename=/dev/md100 --ioengine=io_uring --direct=1 --rw=randwrite --bs=16k \
	--iodepth=8 --time_based --runtime=600 >/dev/null 2>&1 &
until_true 30 "fio to write" written_since /dev/md100 0 200
mdstat /dev/md100 | expect_line - resync
# Not the usual end, which stops everything first: this guest is switched off as it is, and if it
# does not go off in time, the runner calls it a hang.
touch /run/has-to-power-off
exit 0
