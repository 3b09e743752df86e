# SPDX-License-Identifier: GPL-2.0
# scenario: while legs may differ, what readers were given beside a block that can't be read does not change
# row: errors sync trust
# disks: 2x16M
# timeout: 150
# module: both
# raid1.ko: fails because it takes the whole page from the other leg
# raid1.ko-says: the block before the one that was repaired
. /payload/guest/mending.sh
array=/dev/md100
md=$(md_sysfs $array)
load_module
mending_leg a "$(member 0)"
mending_leg b "$(member 1)"
fill /dev/mapper/a
fill /dev/mapper/b
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
first=$(<"$md/rd0/offset")
freeze_sync $array
echo 0 >"$md/resync_start"
# block N: what a reader gets.
block() { dd if=$array bs=512 skip="$1" count=1 iflag=direct status=none | sha256sum; }
note "a repair, before the resync"
given=$(block 4097)
spoil a $((first + 4098)) 1
read_at $array 4096 8 || fail "the page can't be read"
until_true 30 "a repair" eval '! spoiled a $((first + 4098))'
expect_equal "the block before the one that was repaired" "$(block 4097)" "$given"
note "and the resync itself"
given=$(block 8193)
spoil a $((first + 8194)) 1
thaw_sync $array
wait_whole $array
expect_equal "the block before the one that the source had not" "$(block 8193)" "$given"
for leg in a b; do
	if spoiled $leg $((first + 8194)); then fail "leg $leg can't read the block"; fi
done
stop $array
