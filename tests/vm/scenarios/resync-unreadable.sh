# SPDX-License-Identifier: GPL-2.0
# scenario: a block that no leg can read during a resync: whoever reads it later gets the same each time, or an error
# row: sync errors
# disks: 2x16M
# module: both
. /payload/guest/mending.sh
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
seen() { { dd if=$array bs=4k skip=1000 count=2 iflag=direct status=none 2>/run/dd.log || echo error; } | sha256sum; }
for bitmap in none internal; do
	note "bitmap: $bitmap"
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=$bitmap /dev/mapper/a /dev/mapper/b
	offset=$(<$md/rd0/offset)
	keep_layout $array
	quietly mdadm --stop $array
	for leg in a b; do
		quietly mdadm --zero-superblock /dev/mapper/$leg
		# Different on each leg.
		dd if=/dev/urandom of=/dev/mapper/$leg bs=4k seek=$((offset / 8 + 1000)) count=2 oflag=direct conv=notrunc status=none
		leg_errors $leg reads $((offset + 8000)) 16
	done
	quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=$bitmap /dev/mapper/a /dev/mapper/b
	wait_whole $array
	leg_heals a
	leg_heals b
	first=$(seen)
	for slot in 0 1; do
		prefer $array $slot
		for _ in 1 2 3 4; do expect_equal "what is read" "$(seen)" "$first"; done
	done
	dd if=/dev/urandom of=$array bs=4k seek=1000 count=2 oflag=direct conv=notrunc status=none
	wait_clean $array
	for slot in 0 1; do expect_equal "bad blocks of slot $slot" "$(<$md/rd$slot/bad_blocks)" ""; done
	quietly mdadm --stop $array
	same_data "$(faulty_node a)" "$(faulty_node b)"
	for leg in a b; do quietly mdadm --zero-superblock /dev/mapper/$leg; done
done
