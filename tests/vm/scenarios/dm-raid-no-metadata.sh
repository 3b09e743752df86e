# SPDX-License-Identifier: GPL-2.0
# scenario: dm-raid without metadata devices: a leg fails, with nobody to record that, and writes go on
# row: stacking errors
# disks: 2x16M
# timeout: 75
# module: both
# raid1.ko: hangs because it waits until the failure is on record
# raid1.ko-says: a leg fails
load_module
modprobe dm-raid
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
size=$(blockdev --getsz "$(member 0)")
mirror=/dev/mapper/mirror
dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
write() { dd if=/run/data of=$mirror bs=64k seek="$1" oflag=direct conv=notrunc status=none; }
state() { dmsetup status mirror; }
is_checked() { dmesg | grep -q 'md: mdX: check done'; }

for first in nothing check; do
	quietly dmsetup create mirror --table "0 $size raid raid1 2 0 nosync 2 - /dev/mapper/a - /dev/mapper/b"
	run write 0
	if [[ $first == check ]]; then
		# A sync, too, asks for a record when it ends.
		quietly dmsetup message mirror 0 check
		until_true 60 "the check to end" is_checked
	fi
	note "a leg fails"
	leg_errors b all 0 "$size"
	run write 64
	run write 0
	state | expect_line - 'raid raid1 2 AD '
	run cmp -n 1048576 -i $((64 * 65536)):0 $mirror /run/data
	run dmsetup suspend mirror
	run dmsetup resume mirror
	run cmp -n 1048576 $mirror /run/data
	quietly dmsetup remove mirror
	leg_heals b
done
