# SPDX-License-Identifier: GPL-2.0
# scenario: dm-crypt (LUKS) on a mirror, and a mirror of two dm-crypt devices; discards, a lost leg
# row: stacking
# disks: 2x64M
# timeout: 600
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
sync_speed 1000000
export DM_DISABLE_UDEV=1
modprobe dm-crypt
echo secret >/run/key

# encrypt DEVICE NAME: a key derivation that asks for little memory and time.
encrypt() {
	quietly cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1" /run/key
	quietly cryptsetup open --allow-discards --key-file /run/key "$1" "$2"
}

# use_and_check DEVICE LEG: verified writes, a leg that goes and comes back, and all of it read again.
use_and_check() {
	quietly fio --name=fill --filename="$1" --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-256k --bs_unaligned=0 \
		--size=16M --iodepth=8 --verify=crc32c --verify_fatal=1
	start_load "$1" --offset=20M --size=8M --rate_iops=50
	quietly mdadm $array --fail "$2"
	quietly fio --name=degraded --filename="$1" --ioengine=psync --direct=1 --fsync=8 --rw=write --bs=64k --size=16M \
		--verify=crc32c --verify_fatal=1
	remove_leg $array "$2"
	quietly mdadm $array --re-add "$2"
	wait_whole $array 300
	quietly blkdiscard --offset $((30 << 20)) --length $((1 << 20)) "$1"
	stop_load
	quietly fio --name=again --filename="$1" --ioengine=psync --direct=1 --rw=read --bs=64k --size=16M --verify=crc32c \
		--verify_only --verify_fatal=1
	run mdstat $array
}

note "dm-crypt on a mirror"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
encrypt $array above
use_and_check /dev/mapper/above "$second"
quietly cryptsetup close above
keep_layout $array
quietly mdadm --stop $array
same_data "$first" "$second"
quietly mdadm --assemble --run $array "$second"
quietly cryptsetup open --key-file /run/key $array above
quietly fio --name=alone --filename=/dev/mapper/above --ioengine=psync --direct=1 --rw=read --bs=64k --size=16M --verify=crc32c \
	--verify_only --verify_fatal=1
quietly cryptsetup close above
quietly mdadm --stop $array
quietly mdadm --zero-superblock "$first" "$second"

note "a mirror of two dm-crypt devices"
encrypt "$first" below0
encrypt "$second" below1
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal /dev/mapper/below0 /dev/mapper/below1
wait_whole $array
use_and_check $array "$(faulty_node below1)"
echo check >/sys/block/md100/md/sync_action
wait_idle $array
run cat /sys/block/md100/md/mismatch_cnt
quietly mdadm --stop $array
quietly cryptsetup close below0
quietly cryptsetup close below1
