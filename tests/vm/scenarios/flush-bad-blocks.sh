# SPDX-License-Identifier: GPL-2.0
# scenario: a write that asks for a flush has every leg flushed, one with bad blocks there as well, which isn't written to
# row: operations errors
# disks: 2x48M 2x192M 1x32M
# timeout: 200
# module: compare
. /payload/guest/logged.sh
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg below "$(member 1)"
logged_leg a "$(member 0)" "$(member 2)"
logged_leg b /dev/mapper/below "$(member 3)"
# Superblocks are written with a flush, and would make safe what nobody has flushed: not while we look.
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
stay_active $array
offset=$(<$md/rd1/offset)
expect_equal "offset of the other leg" "$(<$md/rd0/offset)" "$offset"

note "a leg that can't write in its first 16 MiB, where the journal of a file system will be"
journal=$((16 * 2048))
leg_errors below writes "$offset" $journal
run dd if=/dev/zero of=$array bs=4k count=1 oflag=direct status=none
run cat $md/rd1/bad_blocks
for ((at = 8; at < journal; at += 512)); do echo "$((offset + at)) 512" >$md/rd1/bad_blocks; done
leg_heals below
quietly mke2fs -q -O journal_dev -b 4096 $array 4096
quietly mkfs.ext4 -q -b 4096 -E lazy_itable_init=0 -J device=$array "$(member 4)"
# Nothing is committed by itself meanwhile.
mount -o commit=1000 "$(member 4)" /mnt
sync /mnt

# The commit of a journal is a write with a flush. There is no other flush.
dd if=/dev/urandom of=/run/plain bs=16k count=1 status=none
mark begin a b
run dd if=/run/plain of=$array bs=16k count=1 seek=$((journal / 32 + 10)) oflag=direct status=none
mark written a b
touch /mnt/file
run sync /mnt
mark committed a b
umount /mnt
quietly mdadm --stop $array
end_logs a b

# has MARK LEG: whether the data would have been there after a loss of power.
has() {
	safe_at "$2" "$1" /run/image || fail "no image of leg $2"
	if cmp -s -n 16384 -i $(((offset + journal + 320) * 512)):0 /run/image /run/plain; then echo safe; else echo "not yet"; fi
}
for leg in a b; do
	expect_equal "leg $leg, before the flush" "$(has written $leg)" "not yet"
	expect_equal "leg $leg, after it" "$(has committed $leg)" safe
done
# Only the other leg has been written to.
noted b written committed | grep -v flush || true
