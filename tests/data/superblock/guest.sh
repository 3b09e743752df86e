#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Process 1 of the guest of make.sh: makes arrays, keeps their metadata, and sends it
# all as a tar file in base64 through the second serial port.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 MDADM_NO_UDEV=1
set -eEuo pipefail

# Whatever goes wrong is said on the console, and the machine goes down.
off() { sync; stty -F /dev/ttyS0 raw; echo o >/proc/sysrq-trigger; sleep infinity; }
trap 'echo "failed: line $LINENO: $BASH_COMMAND"; dmesg | tail -n 30; off' ERR
exec >/dev/ttyS0 2>&1 </dev/null

mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p /run/mdadm /tmp/images
ln -sfn /proc/self/fd /dev/fd
modprobe loop
modprobe md-mod
modprobe raid1
modprobe raid456
modprobe raid0
hostname images

md=/dev/md100
sysfs=/sys/block/md100/md
uuid=01234567:89abcdef:02468ace:13579bdf

# members COUNT: that many new, empty devices of 24 MiB, in the array "member".
members() {
	local n
	losetup -D
	rm -f /tmp/member*
	member=()
	for ((n = 0; n < $1; n++)); do
		truncate -s 24M "/tmp/member$n"
		member[n]=$(losetup --find --show "/tmp/member$n")
	done
}

# create METADATA OPTIONS...: $md; it syncs no further than $limit sectors.
limit=max
create() {
	local metadata=$1
	shift
	mdadm --create $md --run --metadata="$metadata" --uuid=$uuid "$@"
	settle
}

# settle: until what there is to sync is done, or stopped at the limit.
settle() {
	local n
	[[ -e $sysfs/sync_max ]] || return 0
	for ((n = 0; n < 100; n++)); do
		sleep 0.1
		[[ $(<$sysfs/sync_action) == idle ]] && return
		if [[ $limit != max && $(<$sysfs/sync_completed) == "$limit "* ]]; then
			return
		fi
	done
	cat /proc/mdstat
	return 1
}

# hold SECTORS: arrays sync only up to there from now on; "max" for no limit.
hold() {
	limit=$1
	[[ ! -e $sysfs/sync_max ]] || echo "$limit" >$sysfs/sync_max
}

stop() {
	local n
	for ((n = 0; n < 20; n++)); do
		mdadm --stop $md && return
		sleep 0.2
	done
	return 1
}

# bytes DEVICE SECTOR SECTORS FILE
bytes() {
	blockdev --flushbufs "$1"
	dd if="$1" of="$4" bs=512 skip="$2" count="$3" status=none
}

# keep CASE NUMBER...: the metadata of those members as they are now.
keep() {
	local folder=/tmp/images/$1 n before
	shift
	mkdir -p "$folder"
	for n in "$@"; do
		# While an array runs, md may write between two reads.
		while true; do
			before=$(state "${member[n]}")
			keep_one "$folder/$n" "${member[n]}"
			[[ $(state "${member[n]}") != "$before" ]] || break
			sleep 0.1
		done
	done
}

# state DEVICE: what there is outside of the data, as a checksum.
state() {
	blockdev --flushbufs "$1"
	{ head -c 512K "$1"; tail -c 128K "$1"; } | sha256sum
}

# keep_one FILES DEVICE: the places are computed here, or taken from mdadm; the parser
# under test has no part in it.
keep_one() {
	local files=$1 device=$2 size sb offset
	size=$(blockdev --getsz "$device")
	blockdev --flushbufs "$device"
	mdadm --examine "$device" >"$files.examine"
	case $(sed -n 's/^ *Version : //p' "$files.examine") in
	0.9*) sb=$(((size & ~127) - 128)) ;;
	1.0) sb=$(((size - 16) & ~7)) ;;
	1.1) sb=0 ;;
	1.2) sb=8 ;;
	*) return 1 ;;
	esac
	sed -i "1i read from sector $sb" "$files.examine"
	bytes "$device" "$sb" 8 "$files.sb"

	offset=$(sed -n 's/^ *Internal Bitmap : \(-\?[0-9]*\) sectors.*/\1/p' "$files.examine")
	if grep -q 'Internal Bitmap : present' "$files.examine"; then offset=8; fi
	if [[ -n $offset ]]; then
		bytes "$device" $((sb + offset)) 1 "$files.bitmap"
		truncate -s 256 "$files.bitmap"
		mdadm --examine-bitmap "$device" >"$files.bitmap.examine"
	fi
	offset=$(sed -n 's/^ *Bad Block Log :.*at offset \(-\?[0-9]*\) sectors.*bad blocks present.*/\1/p' \
		"$files.examine")
	if [[ -n $offset ]]; then
		bytes "$device" $((sb + offset)) 8 "$files.badblocks"
		mdadm --examine-badblocks "$device" >"$files.badblocks.examine"
	fi
}

mirror=(--level=1 --raid-devices=2)

echo "--- plain mirrors of every version, with a bitmap"
for version in 0.90 1.0 1.1 1.2; do
	members 2
	create $version "${mirror[@]}" --bitmap=internal --name=plain "${member[@]}"
	stop
	keep "plain-$version" 0 1
done

echo "--- as mdadm writes them, before md ever has"
for version in 0.90 1.2; do
	members 3
	mdadm --create $md --run --readonly --metadata=$version --uuid=$uuid "${mirror[@]}" \
		--bitmap=none --spare-devices=1 "${member[@]}"
	keep "created-$version" 0 1 2
	stop
done

echo "--- in use: a write is on its way"
for version in 0.90 1.2; do
	members 2
	create $version "${mirror[@]}" --bitmap=none --assume-clean "${member[@]}"
	echo 60 >$sysfs/safe_mode_delay
	dd if=/dev/urandom of=$md bs=64k count=1 oflag=direct status=none
	keep "in-use-$version" 0
	stop
done

echo "--- a spare"
for version in 0.90 1.2; do
	members 3
	create $version "${mirror[@]}" --bitmap=none --spare-devices=1 "${member[@]}"
	stop
	keep "spare-$version" 0 1 2
done

echo "--- degraded: never had the second leg; and lost it"
for version in 0.90 1.2; do
	members 2
	create $version "${mirror[@]}" --bitmap=none "${member[0]}" missing
	stop
	keep "missing-$version" 0
	members 2
	create $version "${mirror[@]}" --bitmap=internal "${member[@]}"
	mdadm $md --fail "${member[1]}"
	sleep 0.5
	keep "failed-$version" 0 1
	mdadm $md --remove "${member[1]}"
	stop
	keep "removed-$version" 0
done

echo "--- resync and recovery interrupted"
for version in 0.90 1.2; do
	members 3
	create $version "${mirror[@]}" --bitmap=none "${member[0]}" missing
	hold 8192
	mdadm $md --add "${member[1]}"
	settle
	keep "recovering-$version" 0 1
	stop
	keep "recovery-stopped-$version" 0 1
	hold max
	members 2
	# The limit can only be lowered while nothing syncs.
	echo 1000 >/proc/sys/dev/raid/speed_limit_max
	mdadm --create $md --run --metadata=$version --uuid=$uuid "${mirror[@]}" --bitmap=none "${member[@]}"
	echo frozen >$sysfs/sync_action
	hold 8192
	echo idle >$sysfs/sync_action
	echo 200000 >/proc/sys/dev/raid/speed_limit_max
	settle
	stop
	keep "resync-stopped-$version" 0 1
	hold max
done

echo "--- a replacement, half-way"
members 3
create 1.2 "${mirror[@]}" --bitmap=internal --spare-devices=1 "${member[@]}"
hold 8192
mdadm $md --replace "${member[0]}" --with "${member[2]}"
settle
stop
keep replacement 0 1 2
hold max

echo "--- bad blocks"
members 2
create 1.2 "${mirror[@]}" --bitmap=internal "${member[@]}"
for entry in '4096 8' '5000 1' '40000 512' '41000 700'; do
	echo "$entry" >$sysfs/rd1/bad_blocks
done
dd if=/dev/urandom of=$md bs=64k count=1 oflag=direct status=none
# Changes of the membership have every superblock written, this log included.
mdadm $md --grow --bitmap=none
sleep 0.5
stop
keep bad-blocks 0 1

echo "--- flags: write-mostly, failfast, write-behind"
members 2
create 1.2 "${mirror[@]}" --bitmap=internal --write-behind=500 --failfast "${member[0]}" \
	--write-mostly "${member[1]}"
stop
keep flags-1.2 0 1
members 2
create 0.90 "${mirror[@]}" --bitmap=internal "${member[@]}"
# mdadm can't create these with 0.90; md can record them.
echo writemostly >$sysfs/rd1/state
echo failfast >$sysfs/rd0/state
sleep 0.5
stop
keep flags-0.90 0 1

echo "--- the two legs used one without the other"
for version in 0.90 1.2; do
	members 2
	create $version "${mirror[@]}" --bitmap=none --assume-clean "${member[@]}"
	stop
	for n in 0 1; do
		mdadm --assemble --run $md "${member[n]}"
		dd if=/dev/urandom of=$md bs=64k count=1 oflag=direct status=none
		sleep 0.5
		stop
	done
	keep "diverged-$version" 0 1
done

echo "--- three legs, slots and numbers apart"
members 4
create 1.2 --level=1 --raid-devices=3 --bitmap=internal "${member[@]:0:3}"
mdadm $md --fail "${member[0]}" --remove "${member[0]}"
mdadm $md --add "${member[3]}"
settle
stop
keep renumbered 1 2 3

echo "--- other levels, and the one that becomes a mirror"
members 3
create 1.2 --level=5 --raid-devices=2 --bitmap=none "${member[@]:0:2}"
stop
keep level-5 0 1
members 3
create 1.2 --level=5 --raid-devices=2 --bitmap=none --write-journal="${member[2]}" "${member[@]:0:2}"
stop
keep journal 0 2
members 2
create 1.2 --level=5 --raid-devices=2 --bitmap=none --consistency-policy=ppl "${member[@]}" ||
	mdadm --stop $md
keep ppl 0
[[ ! -e $sysfs ]] || stop
members 2
create 1.2 --level=0 --raid-devices=2 "${member[@]}"
stop
keep level-0 0

echo "--- a reshape"
for version in 0.90 1.2; do
	members 4
	create $version --level=5 --raid-devices=3 --bitmap=none "${member[@]:0:3}"
	mdadm $md --add "${member[3]}"
	# Slow enough to be met half-way, also between two writes of the superblock.
	echo 1000 >/proc/sys/dev/raid/speed_limit_max
	mdadm --grow $md --raid-devices=4 --backup-file=/tmp/backup
	sleep 1
	keep "reshape-$version" 0 3
	echo 200000 >/proc/sys/dev/raid/speed_limit_max
	settle
	stop
done

losetup -D
echo "--- sending"
: >/tmp/images/complete
stty -F /dev/ttyS1 raw -echo
tar -cf - --sort=name --mtime=@0 --owner=0 --group=0 -C /tmp/images . | base64 >/dev/ttyS1
stty -F /dev/ttyS1 raw
echo "--- done"
off
