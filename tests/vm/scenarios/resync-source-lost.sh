# SPDX-License-Identifier: GPL-2.0
# scenario: the source of a resync fails, and the others get by without it: when it's back it gets what it lacks
# leaks: yes
# row: sync errors trust
# disks: 2x24M
# timeout: 150
# module: both
# raid1.ko: fails because it takes the chunk for in sync, and the leg that could not be read has other data
# raid1.ko-says: the chunk on the leg that was lost
array=/dev/md100
md=$(md_sysfs $array)
load_module
faulty_leg source "$(member 0)"
other=$(member 1)
# They differ, everywhere.
fill "$(member 0)"
fill "$other"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
	/dev/mapper/source "$other"
offset=$(<"$md/rd0/offset")
sector=8192
freeze_sync $array
note "one chunk is dirty, as after a crash"
echo $((sector / 128)) >"$md/bitmap_set_bits"
echo 0 >"$md/resync_start"
# md writes its superblocks for this, so that the resync is what meets the first error.
echo -writemostly >"$md/rd1/state"
leg_errors source all 8 16 "$offset" $(($(blockdev --getsz "$(member 0)") - offset))
thaw_sync $array
has_failed() { grep -q faulty "$md/dev-$(basename "$(faulty_node source)")/state" 2>/dev/null || md_is $array degraded 1; }
until_true 60 "the source to fail" has_failed
wait_idle $array
leg_heals source
remove_leg $array /dev/mapper/source
quietly mdadm $array --re-add /dev/mapper/source
wait_whole $array
stop $array
blockdev --flushbufs "$(member 0)" "$other"
chunk() { dd if="$1" bs=64k count=1 iflag=direct,skip_bytes skip=$(((offset + sector) * 512)) status=none | sha256sum; }
expect_equal "the chunk on the leg that was lost" "$(chunk "$(member 0)")" "$(chunk "$other")"
