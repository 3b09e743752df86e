# SPDX-License-Identifier: GPL-2.0
# scenario: LVM on a mirror: volumes, a snapshot, a larger file system, while a leg goes and comes back
# row: stacking
# disks: 2x160M
# timeout: 400
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
use_lvm
modprobe dm-snapshot
sync_speed 1000000
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
wait_whole $array
fill $array

check_files() { (cd "$1" && sha256sum --quiet --check /run/files.sha256) || fail "a file is not what was written ($2)"; }

run pvcreate $array
run vgcreate -s 4M vg $array
run lvcreate --yes --wipesignatures n --size 24M --name files vg
run lvcreate --yes --wipesignatures n --size 24M --name raw vg
quietly mkfs.ext4 -q /dev/mapper/vg-files
mount /dev/mapper/vg-files /mnt
cp -a /etc /mnt
(cd /mnt && find . -type f -print0 | xargs -0 sha256sum) >/run/files.sha256
start_load /dev/mapper/vg-raw
run lvextend --size 32M vg/files
quietly resize2fs /dev/mapper/vg-files

note "a snapshot, and a leg that goes"
quietly fsfreeze --freeze /mnt
quietly lvcreate --yes --snapshot --size 12M --name before vg/files
quietly fsfreeze --unfreeze /mnt
quietly mdadm $array --fail "$second"
run mdstat $array
cp -a /etc /mnt/again
remove_leg $array "$second"

note "a larger volume, and the leg comes back"
run lvextend --size 40M vg/raw
quietly mdadm $array --re-add "$second"
cp -a /etc /mnt/thrice
wait_whole $array 300
check_files /mnt "after the leg came back"
quietly diff -r --no-dereference /etc /mnt/again
quietly diff -r --no-dereference /etc /mnt/thrice
stop_load

note "the snapshot"
mkdir /run/before
mount -o ro,noload /dev/mapper/vg-before /run/before
check_files /run/before "the snapshot"
[[ ! -e /run/before/again ]] || fail "the snapshot has changed"
umount /run/before
quietly lvremove --yes vg/before
quietly fstrim /mnt
check_files /mnt "after fstrim"
umount /mnt
quietly vgchange --activate n vg
keep_layout $array
quietly mdadm --stop $array
same_data "$first" "$second"

note "everything is on the leg that was away"
quietly mdadm --assemble --run $array "$second"
run vgchange --activate y vg
quietly fsck.ext4 -fn /dev/mapper/vg-files
mount /dev/mapper/vg-files /mnt
check_files /mnt "on one leg"
umount /mnt
quietly vgchange --activate n vg
