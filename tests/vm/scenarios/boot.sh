# SPDX-License-Identifier: GPL-2.0
# scenario: the distribution's initramfs starts a system whose root is on a mirror: while it syncs, degraded, and with raid1.ko
# row: boot registration
# disks: 2x640M
# timeout: 1800
# cpus: 1
# lanes: stock
# module: compare
# The debug kernel has neither kexec nor initramfs.
. /payload/guest/booting.sh
array=/dev/md100
half=640000

legs_are() { expect_line <(mdstat $array) "\\[$1\\]"; }

# root_is_on MODULE: the root file system is on the array, the array on that module, which came first.
root_is_on() {
	expect_equal "the root file system's device" "$(findmnt -no SOURCE /)" $array
	[[ -d /sys/module/$1 ]] || fail "the array runs without $1.ko"
	expect_equal "md's use of $1.ko" "$(<"/sys/module/$1/refcnt")" 1
	local other
	for other in raid1 raid1_rs; do
		[[ $other == "$1" || ! -d /sys/module/$other ]] || fail "$other.ko is loaded, too"
	done
	note "the root file system is on the array"
}

# root_works: all files are what they were, as they are on the disks, and new ones can be written.
root_works() {
	local file sum
	file=$(mktemp /root/written.XXXXXX)
	dd if=/dev/urandom of="$file" bs=1M count=8 status=none
	sum=$(md5sum "$file")
	sync
	echo 3 >/proc/sys/vm/drop_caches
	expect_equal "what was written" "$(md5sum "$file")" "$sum"
	(cd / && quietly md5sum --quiet --check /root/sums)
	echo "$sum" >>/root/sums
	note "all files are as they were"
}

# legs_alike: seen from outside.
legs_alike() {
	quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
	wait_whole $array
	quietly fsck.ext4 -fn $array
	keep_layout $array
	quietly mdadm --stop $array
	same_data "$(member 0)" "$(member 1)"
}

note "start $boot"
case $boot in
0)
	install_module
	modprobe md-mod
	sync_speed 1
	quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$(member 0)" "$(member 1)"
	freeze_sync $array
	quietly mkfs.ext4 -U "$root_uuid" $array
	make_initramfs $array
	mount $array /mnt
	cp -ax / /mnt
	(cd /mnt && find . -xdev -type f -print0 | xargs -0 md5sum >/run/sums)
	mv /run/sums /mnt/root/sums
	sync_up_to $array $half
	umount /mnt
	boot_root
	;;
1)
	root_is_on "$(module_name)"
	root_works
	wait_whole $array
	legs_are UU
	written=$(sectors_written "$(member 1)")
	((written < half + half / 2)) || fail "$written sectors were written: the sync did not go on where it was"
	note "the sync went on where it was"
	boot_guest
	;;
2)
	legs_alike
	quietly mdadm --zero-superblock "$(member 1)"
	boot_root
	;;
3)
	root_is_on "$(module_name)"
	legs_are U_
	expect_line <(dmesg) 'md/raid1:md100: active with 1 out of 2 mirrors'
	root_works
	quietly mdadm $array --add "$(member 1)"
	root_works
	wait_whole $array
	legs_are UU
	boot_root module_blacklist=raid1_rs
	;;
4)
	root_is_on raid1
	legs_are UU
	root_works
	boot_guest
	;;
5)
	legs_alike
	;;
esac
