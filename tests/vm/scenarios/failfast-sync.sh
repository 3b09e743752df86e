# SPDX-License-Identifier: GPL-2.0
# scenario: failfast legs in a recovery, a resync and a check: one error fails a leg that is copied from, and no leg that is written to
# row: errors sync
# disks: 3x16M
# timeout: 240
# module: both
# raid1.ko: fails because a leg that is recovered gets bad blocks for one error
# raid1.ko-says: bad blocks is
array=/dev/md100
md=/sys/block/md100/md
load_module
# Two disks whose driver tries again what it was not told to give up early.
modprobe sd_mod
modprobe scsi_debug dev_size_mb=12 add_host=2 per_host_store=1
disks() { find /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block -mindepth 1 -maxdepth 1 -printf '/dev/%f\n' 2>/dev/null | sort; }
disks_are_there() { (($(disks | wc -l) == 2)) && [[ -b $(disks | head -n 1) && -b $(disks | tail -n 1) ]]; }
until_true 20 "the SCSI disks" disks_are_there
export DM_DISABLE_UDEV=1
modprobe dm-mod
# leg NAME N DISK: its data is on the disk, and the superblock, which is to meet no error, on member N.
leg() {
	dmsetup create "$1" --table "0 2048 linear $(member "$2") 0
2048 $(($(blockdev --getsz "$3") - 2048)) linear $3 0"
}
a=$(disks | head -n 1)
b=$(disks | tail -n 1)
leg x 0 "$a"
leg y 1 "$b"
z=$(member 2)

# disk_error DEVICE OPCODE: one such command ends with "aborted", for which the driver tries again.
disk_error() {
	local address
	address=$(basename "$(readlink -f "/sys/block/${1##*/}/device")")
	echo "2 -1 $2 0x0 0x0 0x2 0xb 0x0 0x0" >"/sys/kernel/debug/scsi_debug/$address/error"
}
READ=0x28 WRITE=0x2a
legs() { mdstat $array | grep -oE '\[[U_]+\]'; }
# lack LEG: it has to be recovered, as soon as syncs are no longer frozen.
lack() {
	mdadm $array --fail "$1" >/run/fail.log 2>&1 || true
	remove_leg $array "$1"
	quietly mdadm --zero-superblock "$1"
	freeze_sync $array
	quietly mdadm $array --add --failfast "$1"
}
same() { [[ $(dd if="$1" bs=1M skip=1 count=10 iflag=direct status=none | sha256sum) == $(dd if="$2" bs=1M skip=1 count=10 iflag=direct status=none | sha256sum) ]]; }

quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none --failfast \
	/dev/mapper/x "$z" /dev/mapper/y
for n in 0 1 2; do
	expect_line $md/rd$n/state failfast
	expect_equal "where the data of leg $n begins" "$(<$md/rd$n/offset)" 2048
done
fill $array

note "a recovery: the leg that is copied from fails, and another one takes its place"
lack /dev/mapper/y
disk_error "$a" $READ
thaw_sync $array
until_true 60 "the leg to fail, and the other to be recovered" bash -c "grep -qF '[_UU]' /proc/mdstat"
wait_idle $array
expect_equal "the legs" "$(legs)" "[_UU]"
same "$z" /dev/mapper/y || fail "the leg that was recovered has something else"

note "a recovery: a leg that is written to is asked again, and has all"
lack /dev/mapper/x
disk_error "$a" $WRITE
thaw_sync $array
wait_whole $array
expect_equal "bad blocks" "$(cat $md/rd0/bad_blocks)" ""
same "$z" /dev/mapper/x || fail "the leg that was recovered has something else"

note "a check: a leg that is compared is asked again"
echo 0 >$md/sync_min
disk_error "$b" $READ
echo check >$md/sync_action
wait_idle $array
expect_equal "the legs" "$(legs)" "[UUU]"
expect_equal "mismatches" "$(<$md/mismatch_cnt)" 0

note "a resync: as in a recovery"
freeze_sync $array
echo 0 >$md/resync_start
disk_error "$a" $READ
thaw_sync $array
until_true 60 "the leg to fail" bash -c "grep -qF '[_UU]' /proc/mdstat"
wait_idle $array
expect_equal "the rest to be resynced" "$(<$md/resync_start)" none
stop $array
