# SPDX-License-Identifier: GPL-2.0
# scenario: a write does not pass a leg's bad blocks by while one that was before it may find them good again
# leaks: yes
# row: write-behind errors
# disks: 2x16M
# timeout: 120
# raid1.ko leaves the legs different, as it asks for bad blocks before the write's turn has come. Now and then it makes such
# a write wait for the slow leg as well (behind-quick-leg), and so is not run here.
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
behind_array $array "$(member 0)" /dev/mapper/slow
block=$(($(<$md/rd1/offset) + 8192))
write() { dd if=/dev/urandom of=$array bs=4k seek=1024 count=1 oflag=direct conv=notrunc status=none; }
has_bad_blocks() { [[ -n $(<"$md/rd$1/bad_blocks") ]]; }
all_good() { ! has_bad_blocks 0 && ! has_bad_blocks 1; }

# The metadata tells already that there are writes, which it can't while they are held up.
write
note "as no write to the leg has failed yet, this is sent to its bad block"
echo "$block 8" >$md/rd1/bad_blocks
hold_writes slow "$(<$md/rd1/offset)"
write
note "from now on bad blocks are passed by"
echo write_error >$md/rd1/state
write &
ends_well $!
release_writes slow
until_true 30 "the leg to have no bad blocks" all_good

# raid1.ko sends such a write to nobody: bad-blocks-both.
note "bad on both legs: as nobody has it, both are sent it, and one is good while the other still writes"
echo write_error >$md/rd0/state
for leg in 0 1; do echo "$block 8" >$md/rd$leg/bad_blocks; done
hold_writes slow "$(<$md/rd1/offset)"
write
first_is_good() { ! has_bad_blocks 0; }
until_true 30 "the first leg to have no bad blocks" first_is_good
has_bad_blocks 1 || fail "the leg that writes late has no bad blocks any more"
write &
ends_well $!
release_writes slow
until_true 30 "the leg to have no bad blocks" all_good
stop $array
same_data "$(member 0)" "$(faulty_node slow)"
