# SPDX-License-Identifier: GPL-2.0
# scenario: without memory for the copy of a write, it waits for all legs
# leaks: yes
# row: write-behind
# disks: 2x32M
# timeout: 120
# lanes: debug
# module: both
. /payload/guest/no-memory.sh
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
dd if=/dev/urandom of=/run/data bs=64k count=4 status=none
write() { fail_here dd if=/run/data of=$array bs=64k skip="$1" seek="$1" count=1 oflag=direct conv=notrunc status=none; }
for n in 0 1 2 3; do run write $n; done
hold_writes slow "$(<$md/rd1/offset)"
note "a write ends though one leg doesn't get it"
run write 0
note "every page that the module asks for is refused: it doesn't"
no_memory
write 1 &
writer=$!
still_waits $writer
there_is_memory
note "there is memory again"
run write 2
release_writes slow
ends_well $writer
run cmp -n 196608 $array /run/data
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
