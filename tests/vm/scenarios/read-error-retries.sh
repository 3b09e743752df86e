# SPDX-License-Identifier: GPL-2.0
# scenario: what no leg can read as a whole is found out with few attempts, each of which takes a disk seconds
# row: errors
# disks: 2x32M
# module: compare
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
fill $array
sum=$(dd if=$array bs=1M count=1 skip=8 iflag=direct status=none | sha256sum)
offset=$(</sys/block/md100/md/rd0/offset)
reads() {
	local node total=0 count
	for leg in "$@"; do
		node=$(faulty_node "$leg")
		count=$(awk '{ print $1 }' "/sys/block/${node##*/}/stat")
		total=$((total + count))
	done
	echo "$total"
}
read_all() { dd if=$array of=/run/read bs=1M count=1 skip=8 iflag=direct status=none 2>/run/dd.log; }
# few BEFORE LEG...: attempts since then, of a read of 2048 blocks.
few() {
	local attempts
	attempts=$(($(reads "${@:2}") - $1))
	((attempts < 150)) || fail "$attempts reads were tried"
}

note "each leg has a bad sector in the request, at another place"
leg_errors a reads $((offset + 16384 + 700)) 1
leg_errors b reads $((offset + 16384 + 1900)) 1
before=$(reads a b)
run read_all
expect_equal "what was read" "$(sha256sum </run/read)" "$sum"
few "$before" a b

note "one is left, with a bad sector near the end of the request"
leg_heals a
quietly dd if=/run/read of=$array bs=1M count=1 seek=8 oflag=direct conv=notrunc
run mdadm $array --fail /dev/mapper/b
leg_errors a all $((offset + 16384 + 1900)) 1
before=$(reads a)
run_fails read_all
few "$before" a
run mdstat $array
