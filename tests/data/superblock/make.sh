#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes the images in this folder anew: boots the stock kernel with raid1.ko in a
# guest, has mdadm make arrays there, and keeps the metadata of their members as
# bytes, beside what mdadm says of them. See README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../scripts/lib.sh"
become_root "$@"

"$project/scripts/setup"
folder=$project/build/superblock-images
rm -rf "$folder"
mkdir -p "$folder/payload/guest"
install -m 755 "$here/guest.sh" "$folder/payload/guest/init"
tar -cf "$folder/payload.tar" -C "$folder/payload" .

# shellcheck disable=SC2016 # expanded inside
"$project/scripts/enter" bash -c '
	disk() { printf "%s\n" -drive "file=$1,format=raw,if=none,id=$2,$3" -device "nvme,drive=$2,serial=$2"; }
	mapfile -t disks < <(disk "$1/root.img" root snapshot=on; disk "$3/payload.tar" payload readonly=on)
	exec timeout 900 qemu-system-x86_64 -nodefaults -display none -no-reboot -machine q35 \
		-accel tcg,thread=multi -cpu Nehalem,+rdrand -smp 2 -m 2048 \
		-serial "file:$3/console.log" -serial "file:$3/images.base64" \
		-kernel "$2/vmlinuz" "${disks[@]}" \
		-append "console=ttyS0 root=PARTUUID=52443153-01 rw rootwait init=/init oops=panic panic=-1 mitigations=off"
' bash "/cache/$(basename "$(guest_path)")" "/cache/$(basename "$(kernel_path)")" \
	"/src/${folder#"$project"/}"

tr -d '\r' <"$folder/images.base64" | base64 -d >"$folder/images.tar" 2>/dev/null &&
	tar -tf "$folder/images.tar" | grep -x ./complete >/dev/null ||
	die "the guest did not get through" "its console: $folder/console.log"

find "$here" -mindepth 1 -maxdepth 1 -type d -exec rm -r {} +
tar -xf "$folder/images.tar" -C "$here" --no-same-owner --exclude=./complete
say "made $(find "$here" -name '*.sb' | wc -l) images in ${here#"$project"/}"
