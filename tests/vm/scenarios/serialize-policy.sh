# SPDX-License-Identifier: GPL-2.0
# scenario: serialize_policy keeps each of three overlapping writes in order, on every leg
# leaks: yes
# row: write-behind
# disks: 2x32M
# timeout: 90
# module: both
# raid1.ko: hangs because a waiter is let go when one overlapping write ends, though another still overlaps
# raid1.ko-says: three overlapping writes
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg a "$(member 0)"
gated_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
keep_layout $array
echo 1 >$md/serialize_policy
expect_equal "the policy" "$(<$md/serialize_policy)" 1
stay_active $array
dd if=/dev/zero of=$array bs=512 seek=1000 count=1 oflag=direct status=none
# All three have to be sent before the first has ended, and a guest can stand still for seconds.
delay=6000
((PATIENCE == 1)) || delay=15000
for leg in a b; do hold_writes $leg "$(<$md/rd0/offset)" $delay; done

# write LETTER FIRST SECTORS
write() {
	head -c $(($3 * 512)) /dev/zero | tr '\0' "$1" >"/run/$1"
	dd if="/run/$1" of=$array bs=$(($3 * 512)) count=1 seek=$(($2 * 512)) oflag=direct,seek_bytes conv=notrunc status=none
}
under_way() { (($(awk '{ print $2 }' /sys/block/md100/inflight) == $1)); }
writers=()
write a 8 8 &
writers+=($!)
until_true 10 "the first write to be under way" under_way 1
write b 4 8 &
writers+=($!)
until_true 10 "the second write to be under way" under_way 2
write c 0 6 &
writers+=($!)
note "three overlapping writes are under way"
for writer in "${writers[@]}"; do ends_well "$writer"; done
content() { dd if="$1" bs=512 count=16 iflag=direct status=none | fold -w 512 | cut -c1 | tr -d '\n'; }
expect_equal "what the array has" "$(content $array)" ccccccbbbbbbaaaa
echo 0 >$md/serialize_policy
expect_equal "the policy" "$(<$md/serialize_policy)" 0
quietly mdadm --stop $array
same_data "$(faulty_node a)" "$(faulty_node b)"
