# SPDX-License-Identifier: GPL-2.0
# scenario: a recovery from a leg with bad blocks, of one that has no room to record them, or no list at all: it fails, and the array goes on
# leaks: yes
# row: errors sync
# disks: 3x16M
# timeout: 150
# module: compare
array=/dev/md100
load_module
sync_speed 1000000
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$(member 0)" missing
fill $array
offset=$(<"$(md_sysfs $array)/rd0/offset")
# In the array, sectors 4096 to 4103.
echo "$((offset + 4096)) 8" >"$(md_sysfs $array)/rd0/bad_blocks"
run_fails dd if=$array of=/dev/null bs=4k skip=512 count=1 iflag=direct status=none
# mdadm 4.4 copies from the other leg that there are bad blocks on record, and then writes no record: an empty one.
head -c 1M /dev/zero | tr '\0' '\377' >/run/none
for n in 1 2; do dd if=/run/none of="$(member $n)" bs=1M oflag=direct status=none; done
# Which sectors, says raid1_rs only.
log() { dmesg_since | grep md/raid1 | grep -v 'bad on every leg'; }
is_faulty() { mdstat $array | grep -qF '(F)'; }

note "the list is full; what is in it comes later"
freeze_sync $array
quietly mdadm $array --add "$(member 1)"
spare=$(member 1)
list="$(md_sysfs $array)/dev-${spare##*/}/bad_blocks"
for ((count = 0; count < 600; count++)); do
	echo "$((offset + 8192 + count * 4)) 1" >"$list" 2>/dev/null || break
done
note "$count fitted"
dmesg_mark
thaw_sync $array
until_true 60 "the leg to fail" is_faulty
wait_idle $array
run mdstat $array
log
remove_leg $array "$spare"

note "there is no list"
freeze_sync $array
spare=$(member 2)
quietly mdadm $array --add "$spare"
wait_clean $array
stop $array
# mdadm takes the list of this one away, and then has nothing to start.
mdadm --assemble --update=no-bbl $array "$spare" >/run/update.log 2>&1 || true
if [[ -e $(md_sysfs $array) ]]; then stop $array; fi
dmesg_mark
quietly mdadm --assemble --run $array "$(member 0)" "$spare"
run_fails sh -c "echo '$((offset + 16384)) 8' >$(md_sysfs $array)/dev-${spare##*/}/bad_blocks" 2>/dev/null
quietly mdadm --readwrite $array
until_true 60 "the leg to fail" is_faulty
wait_idle $array
run mdstat $array
log

note "all the rest is there, and can be written"
run dd if=/dev/urandom of=$array bs=4k seek=512 count=1 oflag=direct conv=notrunc status=none
run dd if=$array of=/dev/null bs=4k skip=512 count=1 iflag=direct status=none
run test -z "$(<"$(md_sysfs $array)/rd0/bad_blocks")"
