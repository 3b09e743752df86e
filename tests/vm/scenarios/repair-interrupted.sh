# SPDX-License-Identifier: GPL-2.0
# scenario: a repair that is interrupted has ended: nothing is copied over what most legs agree in, now or after a restart
# row: sync
# disks: 3x24M
# module: both
# raid1.ko: fails because md goes on with a resync, which copies the first leg
# raid1.ko-says: the data of /dev/\S+ is
array=/dev/md100
md=/sys/block/md100/md
mapfile -t legs < <(members 0 1 2)
half=16384
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
fill $array
sum=$(device_sum $array)
keep_layout $array
read -r offset _ <"/run/layout.${legs[0]##*/}"

# In each half, the first leg has something else somewhere.
damage() {
	for at in 4096 40000; do
		dd if=/dev/urandom of="${legs[0]}" bs=512 seek=$((offset + at)) count=1 oflag=direct conv=notrunc status=none
	done
}
# begin_repair: one that has done half of the array, and waits.
begin_repair() {
	damage
	echo $half >$md/sync_max
	echo repair >$md/sync_action
	until_true 60 "the repair to come to its half" sync_is_at $array $half
}
# the_others_have_it: a resync, should there be one, has come to its end.
the_others_have_it() {
	wait_idle $array
	for leg in "${legs[@]:1}"; do expect_equal "the data of $leg" "$(data_sum "$leg")" "$sum"; done
}
finish_repair() {
	echo repair >$md/sync_action
	wait_idle $array
	for leg in "${legs[@]}"; do expect_equal "the data of $leg" "$(data_sum "$leg")" "$sum"; done
	echo 0 >$md/sync_min
}

note "a user ends it"
begin_repair
dmesg_mark
echo idle >$md/sync_action
echo max >$md/sync_max
the_others_have_it
dmesg_since | expect_line - "md/raid1:md100: repair ended at sector $half; to go on there, ask for it again"
expect_equal "where the next one begins" "$(<$md/sync_min)" $half
finish_repair

note "a user ends it, and the next one before it has done anything"
begin_repair
echo idle >$md/sync_action
until_true 20 "it to end" is_idle $array
echo repair >$md/sync_action
sleep 1
expect_equal "what goes on" "$(<$md/sync_action)" repair
echo idle >$md/sync_action
echo max >$md/sync_max
the_others_have_it
finish_repair

note "the array is stopped"
begin_repair
stop $array
quietly mdadm --assemble $array "${legs[@]}"
quietly mdadm --readwrite $array
the_others_have_it
finish_repair

note "a leg fails"
begin_repair
echo max >$md/sync_max
quietly mdadm $array --fail "${legs[2]}"
wait_idle $array
expect_equal "the data of ${legs[1]}" "$(data_sum "${legs[1]}")" "$sum"
stop $array
