# SPDX-License-Identifier: GPL-2.0
# scenario: dm-raid: a leg that fails in its first rebuild gets all it lacks, whichever way it comes back
# row: stacking trust
# disks: 4x16M
# timeout: 180
# module: both
# raid1.ko: fails because it asks the bitmap what a leg lacks that never had the data
# raid1.ko-says: after a new table: the legs differ
load_module
modprobe dm-raid
mirror=/dev/mapper/mirror
for number in 0 1; do
	faulty_leg data$number "$(member $number)"
	faulty_leg meta$number "$(member $((number + 2)))"
done
size=$(blockdev --getsz "$(member 0)")
# Each byte of the bitmap has 8 of them.
region=2048

# mirror_table OPTION...: both legs, each with its metadata.
mirror_table() {
	echo "0 $size raid raid1 $(($# + 5)) 0 daemon_sleep 250 region_size $region $* 2" \
		/dev/mapper/meta0 /dev/mapper/data0 /dev/mapper/meta1 /dev/mapper/data1
}
start_mirror() { quietly dmsetup create mirror --table "$(mirror_table "$@")"; }
stop_mirror() { quietly dmsetup remove mirror; }
# leg_gone NAME: all of it.
leg_gone() { leg_errors "$1" all 0 "$size"; }
# The letters of the legs, and what goes on.
health_is() { [[ $(dmsetup status mirror | awk '{ print $6, $8 }') == "$1" ]]; }
# It says that nothing goes on before a recovery has begun, too; the letters tell then.
is_whole_mirror() { health_is "AA idle" && pause 0.2 && health_is "AA idle"; }
wait_mirror() { until_true 60 "the mirror to be in sync" is_whole_mirror; }
is_rebuilding() { health_is "Aa recover" && (($(sectors_written "$(member 1)") > written)); }

# bitmap_is_clean: on disk it has no bit, behind its superblock of 256 bytes. Those past its end mean nothing.
bitmap_is_clean() {
	local bits
	bits=$(dd if="$(member 2)" bs=4k skip=1 count=1 iflag=direct status=none |
		od -An -v -tx1 -j256 -N$((size / region / 8)))
	[[ $bits =~ ^[\ 0]+$ ]]
}

# legs_alike WHEN
legs_alike() {
	[[ $(device_sum "$(member 0)") == "$sum" ]] || fail "$1: the first leg has changed"
	[[ $(device_sum "$(member 1)") == "$sum" ]] || fail "$1: the legs differ"
	note "$1: the legs are alike"
}

# break_rebuild: the second leg is a new one, and fails in its first rebuild. Nothing is written meanwhile.
break_rebuild() {
	fill "$(member 1)"
	sync_speed 1
	written=$(sectors_written "$(member 1)")
	start_mirror rebuild 1
	until_true 30 "the rebuild to begin" is_rebuilding
	leg_gone data1
	sync_speed 1000000
	until_true 60 "the new leg to fail" health_is "AD idle"
	stop_mirror
	leg_heals data1
	bitmap_is_clean || fail "the bitmap says that something was written"
}

note "two legs in sync, and a bitmap that says so"
fill "$(member 0)"
dd if="$(member 0)" of="$(member 1)" bs=1M oflag=direct status=none
for number in 2 3; do dd if=/dev/zero of="$(member $number)" bs=1M count=1 oflag=direct status=none; done
start_mirror nosync
wait_mirror
until_true 60 "the bitmap to be clean" bitmap_is_clean

note "one that was in sync when it failed gets what the bitmap says"
leg_gone data1
dd if=/dev/urandom of=$mirror bs=64k count=1 oflag=direct status=none
until_true 60 "the leg to fail" health_is "AD idle"
stop_mirror
leg_heals data1
sum=$(device_sum "$(member 0)")
written=$(sectors_written "$(member 1)")
start_mirror
wait_mirror
written=$(($(sectors_written "$(member 1)") - written))
((written < size / 2)) || fail "$written sectors of $size were copied"
until_true 60 "the bitmap to be clean" bitmap_is_clean
stop_mirror
legs_alike "after a failure in sync"

note "one that never was comes back by a new table"
break_rebuild
start_mirror
wait_mirror
stop_mirror
legs_alike "after a new table"

note "... and by a resume, when its metadata could not be read at the start"
break_rebuild
leg_gone meta1
start_mirror
until_true 30 "the mirror to do without it" health_is "AD idle"
leg_heals meta1
quietly dmsetup suspend mirror
quietly dmsetup resume mirror
wait_mirror
stop_mirror
legs_alike "after a resume"
