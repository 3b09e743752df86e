# SPDX-License-Identifier: GPL-2.0
# scenario: the machine is reset while it writes to three regions: just these are resynced, and the legs are equal again
# row: bitmap
# disks: 2x48M
# timeout: 180
# cpus: 1
# restarts: yes
# module: compare
. /payload/guest/booting.sh
array=/dev/md100
first=$(member 0)
second=$(member 1)
is_dirty() { mdadm --examine-bitmap "$first" | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'; }
is_clean_on_disk() { ! is_dirty; }
# What the first leg has, which is what was written last.
first_leg_sum() {
	dd if="$first" bs=64k skip=$((offset * 512)) count="$(blockdev --getsize64 $array)" status=none \
		iflag=direct,skip_bytes,count_bytes | sha256sum
}
write_region() { dd if=/dev/urandom of=$array bs=64k seek=$(($1 * 16)) count=1 oflag=direct conv=notrunc status=none; }

load_module
case $boot in
0)
	gated_leg slow "$second"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
		"$first" /dev/mapper/slow
	offset=$(<"$(md_sysfs $array)/rd0/offset")
	fill $array
	stay_active $array
	until_true 60 "the bitmap to be clean" is_clean_on_disk
	# Nothing is cleaned any more, however slow the machine is.
	echo 100 >"$(md_sysfs $array)/bitmap/time_base"
	for at in 8 9 30; do write_region $at; done
	# The last one has come to the first leg only when the power goes.
	hold_writes slow "$offset"
	before=$(sectors_written "$first")
	write_region 9 &
	until_true 20 "the first leg to have it" written_since "$first" "$before" 128
	echo "$offset $(first_leg_sum)" >/root/before
	note "three regions are dirty, and the legs differ in one"
	restart_machine reset
	;;
1)
	read -r offset sum </root/before
	dmesg_mark
	before=$(sectors_written "$second")
	quietly mdadm --assemble $array "$first" "$second"
	quietly mdadm --readwrite $array
	wait_whole $array
	expect_line <(dmesg_since) 'not clean -- starting background reconstruction'
	written=$((($(sectors_written "$second") - before) / 2))
	# Three regions of 64 KiB, and superblocks and bitmap.
	((written > 190 && written < 600)) || fail "$written KiB were written to the second leg"
	note "no more than the dirty regions was copied"
	expect_equal "what the first leg has" "$(first_leg_sum)" "$sum"
	keep_layout $array
	stop $array
	same_data "$first" "$second"
	;;
esac
