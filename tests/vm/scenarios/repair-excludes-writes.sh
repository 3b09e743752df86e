# SPDX-License-Identifier: GPL-2.0
# scenario: who writes where a repair has read, and has not written yet, waits for it: old data does not come after new
# row: errors
# disks: 2x24M
# timeout: 150
# cpus: 2
# module: compare
. /payload/guest/mending.sh
array=/dev/md100
load_module
mending_leg a "$(member 0)"
# The other leg has one page on a disk that takes what it reads at once, and hands it over much later.
modprobe null_blk nr_devices=0
late=/sys/kernel/config/nullb/late
mkdir $late
echo 1 >$late/memory_backed
echo 4 >$late/size
echo 2 >$late/irqmode
echo 4000000000 >$late/completion_nsec
echo 1 >$late/power
late_disk=/dev/late
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
first=$(<"$(md_sysfs $array)/rd0/offset")
fill $array
# It stays active.
stay_active $array
at=$((first + 8192))
dd if=/dev/urandom of=$array bs=4k seek=1024 count=1 oflag=direct conv=notrunc status=none
size=$(blockdev --getsz "$(member 1)")
dd if="$(member 1)" of=/run/page bs=512 skip=$at count=8 iflag=direct status=none
dd if=/run/page of="$late_disk" bs=4k count=1 oflag=direct conv=notrunc status=none
head -c 4096 /dev/zero | tr '\0' n >/run/new
dmsetup suspend --nolockfs b
dmsetup load b <<TABLE
0 $at linear $(member 1) 0
$at 8 linear $late_disk 0
$((at + 8)) $((size - at - 8)) linear $(member 1) $((at + 8))
TABLE
dmsetup resume b
prefer $array 0

# Those that have come to the page on the late disk: reads, and writes.
reads_sent() { echo $(($(awk '{ print $1 }' "/sys/block/${late_disk##*/}/stat") + $(awk '{ print $1 }' "/sys/block/${late_disk##*/}/inflight"))); }
have_read() { (($(reads_sent) >= $1)); }
# Or it's over by now: a guest can stand still for as long as that takes.
under_way() { (($(awk '{ print $2 }' /sys/block/md100/inflight) == $1)) || ! kill -0 "$writer" 2>/dev/null; }
sent=$(reads_sent)
spoil a "$at" 8
note "a page that can't be read is about to be repaired"
read_at $array 8192 8 &
reader=$!
# raid1.ko repairs first and reads then; we do both at the same time.
if [[ $MODULE == rs ]]; then have_read_it=2; else have_read_it=1; fi
until_true 30 "the repair to read" have_read $((sent + have_read_it))
dd if=/run/new of=$array bs=4k seek=1024 count=1 oflag=direct conv=notrunc status=none &
writer=$!
until_true 30 "the write to be under way" under_way 1
wait $reader || fail "the read failed"
wait $writer || fail "the write failed"
wait_corrected $array 0 8
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
keep_layout $array
quietly mdadm --stop $array
for leg in a b; do
	dd if=/dev/mapper/$leg of=/run/has bs=512 skip=$at count=8 iflag=direct status=none
	run cmp /run/has /run/new
done
same_data "$(faulty_node a)" "$(faulty_node b)"
