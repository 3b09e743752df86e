# SPDX-License-Identifier: GPL-2.0
# scenario: a FUA write that a leg fails at first is on the medium when its sender is told, piece by piece
# row: operations errors
# disks: 2x32M 2x128M
# timeout: 90
# module: both
# raid1.ko: fails because it writes the pieces without FUA
# raid1.ko-says: pieces without FUA is .[1-9]
. /payload/guest/logged.sh
array=/dev/md100
load_module
modprobe loop
logged_leg a "$(member 0)" "$(member 2)"
logged_leg b "$(member 1)" "$(member 3)"
# Errors come before what is noted.
faulty_leg x /dev/mapper/a
faulty_leg y /dev/mapper/b
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M \
	/dev/mapper/x /dev/mapper/y
offset=$(cat /sys/block/md100/md/rd1/offset)
# A file system whose direct writes with O_DSYNC are FUA and nothing else, where there is data already.
quietly mkfs.ext4 -q -E nodiscard -O ^has_journal $array
mount -o noatime $array /mnt
dd if=/dev/zero of=/mnt/file bs=64k count=2 conv=fsync status=none
sync
first=$(($(filefrag -v /mnt/file | awk '$1 == "0:" { print $4 + 0 }') * $(stat -f -c %S /mnt) / 512))

# written LEG FROM TO: what there is of the file between the marks.
written() { noted "$1" "$2" "$3" | awk -v first=$((first + offset)) '$1 >= first && $1 < first + 128 { print $1 - first, $2, $3 }'; }

mark begin a b
dd if=/dev/urandom of=/mnt/file bs=64k count=1 conv=notrunc oflag=direct,dsync status=none
mark whole a b
leg_errors y writes $((offset + first + 40)) 8
dd if=/dev/urandom of=/run/data bs=64k count=1 status=none
dd if=/run/data of=/mnt/file conv=notrunc bs=64k count=1 oflag=direct,dsync status=none
mark pieces a b
cp "$(md_sysfs $array)/rd1/bad_blocks" /run/bad
leg_heals y
umount /mnt
quietly mdadm --stop $array
dmsetup remove x y
end_logs a b
note "without an error: $(written b begin whole)"
[[ $(written b begin whole) == *fua ]] || fail "it was no FUA write"
note "with one"
written b whole pieces
expect_equal "pieces without FUA" "$(written b whole pieces | grep -vc 'fua$' || true)" 0
expect_equal "the other leg" "$(written a whole pieces)" "0 128 fua"
# What the leg says is not there isn't; all else has to be.
expect_equal "bad blocks" "$(</run/bad)" "$((offset + first + 40)) 8"
safe_at b pieces /run/image
for part in "0 40" "48 80"; do
	read -r at count <<<"$part"
	cmp -n $((count * 512)) -i $(((offset + first + at) * 512)):$((at * 512)) /run/image /run/data
done
rm /run/image
