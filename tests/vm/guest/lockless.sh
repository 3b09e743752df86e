# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Arrays with a lockless bitmap. For scenarios: . /payload/guest/lockless.sh

# lockless_array DEVICE LEG LEG: a running array of these. mdadm knows this kind of bitmap only from version 4.5 on.
# So: one of the other kind, as yet unused.
lockless_array() {
	local array=$1 leg
	shift
	quietly mdadm --create "$array" --run --assume-clean --level=1 --raid-devices=$# --bitmap=internal "$@"
	fill "$array"
	wait_clean "$array"
	stop "$array"
	for leg in "$@"; do
		python3 - "$leg" <<'PYTHON'
import struct, sys
SUPERBLOCK, VERSION, STATE, FIRST_USE, CLEAN = 4096, 6, 48, 1 << 3, 1 << 4
with open(sys.argv[1], "r+b", buffering=0) as leg:
    leg.seek(SUPERBLOCK)
    start, = struct.unpack_from("<i", leg.read(256), 96)
    bitmap = SUPERBLOCK + start * 512
    leg.seek(bitmap)
    assert leg.read(4) == b"bitm"
    leg.write(struct.pack("<I", VERSION))
    leg.seek(bitmap + STATE)
    leg.write(struct.pack("<I", FIRST_USE | CLEAN))
PYTHON
		blockdev --flushbufs "$leg"
	done
	quietly mdadm --assemble "$array" "$@"
}

# bits STATE: of the running array /dev/md100, how many are in this state. Not before a minute is over is anything
# marked as clean again, unless it's told to be: see clean_soon.
bits() { sed -nE "s/^$1 ([0-9]+)$/\1/p" /sys/block/md100/md/llbitmap/bits; }
bits_are() { (($(bits "$1") == $2)); }
clean_soon() {
	echo 1 >/sys/block/md100/md/llbitmap/daemon_sleep
	echo 1 >/sys/block/md100/md/llbitmap/barrier_idle
}
