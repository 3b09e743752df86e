# SPDX-License-Identifier: GPL-2.0
# scenario: a write doesn't wait for a write-mostly leg though the other has it before both were asked
# row: write-behind
# disks: 2x32M
# timeout: 60
# module: both
# raid1.ko: hangs because the end of the other leg's write is taken for one of several still to come, and never looked at again
# raid1.ko-says: raid1d overtakes the writer
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
dd if=/dev/urandom of=/run/data bs=64k count=16 status=none
dd if=/run/data of=$array bs=64k count=1 oflag=direct status=none

hold_writes slow "$(<$md/rd1/offset)"
# On one processor, the thread that hands the writes to the legs comes first whenever it has something to do.
thread=$(pgrep --exact md100_raid1)
quietly taskset --cpu-list --pid 0 "$thread"
quietly taskset --cpu-list --pid 0 "$BASHPID"
quietly chrt --fifo --pid 50 "$thread"
note "raid1d overtakes the writer"
run dd if=/run/data of=$array bs=64k count=16 oflag=direct status=none
note "a read sees what was written"
run cmp -n 1048576 $array /run/data
release_writes slow
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
