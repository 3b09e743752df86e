# SPDX-License-Identifier: GPL-2.0
# scenario: what a flush or a FUA write promises is on every leg when the sender is told, and not before it has to be
# row: operations writes
# disks: 2x32M 2x128M
# timeout: 300
# module: compare
. /payload/guest/logged.sh
array=/dev/md100
load_module
modprobe loop
logged_leg a "$(member 0)" "$(member 2)"
logged_leg b "$(member 1)" "$(member 3)"
# Superblocks are written with a flush, and would make safe what nobody has flushed: not while we look.
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none /dev/mapper/a /dev/mapper/b
stay_active $array
offset=$(cat /sys/block/md100/md/rd0/offset)
expect_equal "offset of the other leg" "$(cat /sys/block/md100/md/rd1/offset)" "$offset"
dd if=/dev/zero of=$array bs=4k count=1 oflag=direct conv=fsync status=none

# put NAME FLAGS: four pages of data, at a place of its own.
for name in plain fua later; do dd if=/dev/urandom of=/run/$name bs=16k count=1 status=none; done
place() { case $1 in plain) echo 4096 ;; fua) echo 8192 ;; later) echo 16384 ;; esac }
put() {
	dd if="/run/$1" of=$array bs=16k count=1 iflag=fullblock oflag="seek_bytes,direct$2" \
		seek=$(($(place "$1") * 512)) status=none
}

mark begin a b
put plain ""
mark plain-written a b
put fua ,dsync
mark fua-written a b
blockdev --flushbufs $array
python3 -c "import os; os.fsync(os.open('$array', os.O_RDWR))"
mark flushed a b
put later ""
mark end a b
quietly mdadm --stop $array
quietly mdadm --zero-superblock /dev/mapper/a /dev/mapper/b

note "a file system: what was synced is there, on each leg, whenever power is lost after it"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal /dev/mapper/a /dev/mapper/b
fs_offset=$(cat /sys/block/md100/md/rd0/offset)
quietly mkfs.ext4 -q -E nodiscard -J size=4 $array
mount $array /mnt
for round in 1 2 3; do
	dd if=/dev/urandom of="/mnt/file$round" bs=64k count=8 conv=fsync status=none
	sync /mnt
	mark "synced$round" a b
	sha256sum </mnt/file$round >"/run/sum$round"
	# Something that nobody waits for, to be in the way.
	dd if=/dev/urandom of=/mnt/other bs=64k count=8 status=none
done
umount /mnt
quietly mdadm --stop $array
end_logs a b

# has NAME: whether it is in the image.
has() {
	if cmp -s -n 16384 -i $(((offset + $(place "$1")) * 512)):0 /run/image "/run/$1"; then echo safe; else echo "not yet"; fi
}
for leg in a b; do
	note "leg $leg"
	for mark in plain-written fua-written flushed end; do
		safe_at $leg $mark /run/image
		is=$(for name in plain fua later; do echo "$name: $(has $name)"; done)
		note "$mark: ${is//$'\n'/, }"
		case $mark in
		plain-written | end) ;;
		fua-written) grep -q 'fua: safe' <<<"$is" ;;
		flushed) grep -q 'plain: safe' <<<"$is" ;;
		esac || fail "it is not safe"
		[[ $is == *"later: not yet"* ]] || fail "safe without a flush: this shows nothing"
	done
	echo "what the FUA write came to: $(noted $leg plain-written fua-written)"
	for round in 1 2 3; do
		safe_at $leg "synced$round" /run/image
		mount -o loop,offset=$((fs_offset * 512)) /run/image /mnt
		for ((file = 1; file <= round; file++)); do
			expect_equal "file $file after the loss of power at $round" "$(sha256sum </mnt/file$file)" "$(</run/sum$file)"
		done
		umount /mnt
		note "power lost after file $round: all is there"
	done
done
rm /run/image
