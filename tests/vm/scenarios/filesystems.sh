# SPDX-License-Identifier: GPL-2.0
# scenario: ext4, xfs and btrfs: files, fsync, fstrim, a lost leg, and a check of it all
# row: trust
# disks: 2x320M
# timeout: 480
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module

make_files() {
	cp -a /usr/share/python3 /usr/share/keyrings /etc /mnt
	quietly fio --name=sync --directory=/mnt --ioengine=psync --rw=randwrite --bs=4k --size=4M \
		--io_size=1M --fsync=16 --verify=crc32c --verify_fatal=1
	quietly fio --name=map --directory=/mnt --ioengine=mmap --rw=randrw --bs=4k --size=4M --io_size=2M
	rm -r /mnt/keyrings
	(cd /mnt && find . -xdev -type f -print0 | xargs -0 sha256sum) >/run/files.sha256
}
check_files() { (cd /mnt && sha256sum --quiet --check /run/files.sha256) || fail "a file is not what was written"; }

check_system() {
	case $1 in
	ext4) quietly fsck.ext4 -fn $array ;;
	xfs) quietly xfs_repair -n $array ;;
	btrfs) quietly btrfs check --check-data-csum $array ;;
	esac
}

for system in ext4 xfs btrfs; do
	note "$system"
	# New disks are all zeros, so the legs are the same; later they are, if all went well.
	quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal \
		"$first" "$second"
	quietly wipefs -a $array
	modprobe "$system" 2>/dev/null || true
	case $system in
	ext4) quietly mkfs.ext4 -q $array ;;
	*) quietly "mkfs.$system" -q $array ;;
	esac
	mount $array /mnt
	make_files
	quietly mdadm $array --fail "$second"
	cp -a /usr/share/python3 /mnt/again
	quietly fstrim /mnt
	remove_leg $array "$second"
	quietly mdadm $array --re-add "$second"
	cp -a /usr/share/python3 /mnt/thrice
	wait_whole $array
	quietly fstrim /mnt
	umount /mnt
	keep_layout $array
	quietly mdadm --stop $array
	same_data "$first" "$second"
	# The leg that was away has it all.
	quietly mdadm --assemble --run $array "$second"
	check_system $system
	mount $array /mnt
	check_files
	quietly diff -r /usr/share/python3 /mnt/again
	quietly diff -r /usr/share/python3 /mnt/thrice
	umount /mnt
	quietly mdadm --stop $array
	quietly mdadm --zero-superblock "$first" "$second"
done
