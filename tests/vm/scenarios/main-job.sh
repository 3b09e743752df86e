# SPDX-License-Identifier: GPL-2.0
# scenario: the main job: create, use, lose a leg, rebuild, move between the modules
# row: run status membership
# disks: 2x384M
# timeout: 600
# module: compare
#
# This is what `make demo` shows; there SHOW is set.
array=/dev/md100
first=$(member 0)
second=$(member 1)
stages=11

# Writes and verifies the second partition, again and again, until told to stop.
keep_verifying() {
	local rounds=0
	while [[ ! -e /run/verify.stop ]]; do
		fio --name=verify --filename=${array}p2 --ioengine=io_uring --direct=1 --rw=randwrite \
			--bs=4k-64k --size=16M --iodepth=8 --verify=crc32c --do_verify=1 --verify_fatal=1 \
			--randseed=$((rounds + 1)) >/run/verify.log 2>&1 || return
		rounds=$((rounds + 1))
		publish /run/verify.rounds $rounds
	done
}

# One more full round from now on: proof that I/O goes on in the present state.
expect_io_goes_on() {
	local before
	kill -0 "$verifier" 2>/dev/null || fail "fio found wrong data or an I/O error: $(tail -n 5 /run/verify.log)"
	before=$(<"/run/verify.rounds")
	until_true 60 "fio to write and verify another round" rounds_above "$before"
	note "fio wrote and verified another round meanwhile"
}
rounds_above() { (($(<"/run/verify.rounds") > $1 + 1)); }

check_files() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	(cd /mnt && sha256sum --quiet --check /run/files.sha256) || fail "a file is not what was written"
	note "every one of the files has the checksum that it had before it was copied"
}

# sectors_written DEVICE: since boot.
sectors_written() { awk '{ print $7 }' "/sys/block/${1##*/}/stat"; }

stage 1 $stages "load the module"
note "insmod $(module_name).ko"
load_module

stage 2 $stages "create a mirror of two NVMe disks"
run mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$first" "$second"
dmesg_lines md/raid1: >/run/dmesg.create
cat /run/dmesg.create
expect_line /run/dmesg.create 'md/raid1:md100: not clean -- starting background reconstruction'
expect_line /run/dmesg.create 'md/raid1:md100: active with 2 out of 2 mirrors'

stage 3 $stages "the first resync"
watch_sync $array
run mdstat $array
mdstat $array | expect_line - '\[2/2\] \[UU\]'

stage 4 $stages "an ext4 file system on one partition, the guest's own /usr/share copied in"
printf 'size=288MiB\nsize=48MiB\n' | quietly sfdisk --label=gpt $array
until_true 10 "the partitions to appear" test -b ${array}p2
run mkfs.ext4 -q ${array}p1
run mount ${array}p1 /mnt
run cp -a /usr/share /mnt
(cd / && find usr/share -type f -print0 | sort -z | xargs -0 sha256sum) | sed 's|  usr/|  |' >/run/files.sha256
note "$(wc -l </run/files.sha256) files, $(du -sm /mnt/share | cut -f1) MiB"

stage 5 $stages "fio writes and verifies the other partition from now on; every file is checked"
publish /run/verify.rounds 0
rm -f /run/verify.stop
keep_verifying &
verifier=$!
check_files
expect_io_goes_on

stage 6 $stages "a leg fails under load"
# What was written or looked at before is not to be written while the leg is away.
sync
dmesg_mark
run mdadm $array --fail "$second"
dmesg_since | grep md/raid1: | tee /run/dmesg.fail
expect_line /run/dmesg.fail "md/raid1:md100: Disk failure on ${second##*/}, disabling device."
expect_line /run/dmesg.fail 'md/raid1:md100: Operation continuing on 1 devices.'
run mdstat $array
mdstat $array | expect_line - '\[2/1\] \[U_\]'
run cp -a /usr/share/python3 /mnt/written-while-degraded
expect_io_goes_on

stage 7 $stages "it comes back: only what changed is copied"
before=$(sectors_written "$second")
run mdadm $array --remove "$second"
run mdadm $array --re-add "$second"
watch_sync $array
mdstat $array | expect_line - '\[2/2\] \[UU\]'
copied_mib=$((($(sectors_written "$second") - before) / 2048))
if [[ -n ${SHOW:-} ]]; then note "written to the leg, fio's share included: $copied_mib MiB of 383"; fi
((copied_mib < 300)) || fail "the recovery wrote $copied_mib MiB: that is all of the leg, not what the bitmap says"
expect_io_goes_on

stage 8 $stages "the other leg fails; everything is read from the rebuilt one"
run mdadm $array --fail "$first"
mdstat $array | expect_line - '\[2/1\] \[_U\]'
check_files
run diff -r /usr/share/python3 /mnt/written-while-degraded
expect_io_goes_on
run mdadm $array --remove "$first"
run mdadm $array --re-add "$first"
watch_sync $array
touch /run/verify.stop
wait "$verifier" || fail "fio found wrong data or an I/O error: $(tail -n 5 /run/verify.log)"
if [[ -n ${SHOW:-} ]]; then note "fio wrote and verified $(<"/run/verify.rounds") rounds in all"; fi
run umount /mnt
sync
second_sum=$(sha256sum <${array}p2)
keep_layout $array
run mdadm --stop $array
same_data "$first" "$second"
unload_module

for other in other same; do
	if [[ $other == other ]]; then
		swap_module
		stage 9 $stages "the same disks under $(module_name).ko"
	else
		swap_module
		stage 10 $stages "and back under $(module_name).ko"
	fi
	load_module
	run mdadm --assemble $array "$first" "$second"
	mdstat $array | expect_line - '\[2/2\] \[UU\]'
	until_true 10 "the partitions to appear" test -b ${array}p2
	note "fsck.ext4 -fn"
	quietly fsck.ext4 -fn ${array}p1
	run mount ${array}p1 /mnt
	check_files
	expect_equal "the checksum of fio's partition" "$(sha256sum <${array}p2)" "$second_sum"
	run umount /mnt
	run mdadm --stop $array
	unload_module
done

stage 11 $stages "the verdict"
[[ ! -d /sys/module/raid1_rs && ! -d /sys/module/raid1 ]] || fail "a module is still there"
note "unloaded cleanly; all data was right at every step"
