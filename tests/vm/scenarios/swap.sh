# SPDX-License-Identifier: GPL-2.0
# scenario: swap on the array under memory pressure, while legs fail and are recovered: memory keeps what was written to it
# row: operations trust
# disks: 2x256M
# timeout: 400
# memory: 384
# module: both
array=/dev/md100
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal "$(member 0)" "$(member 1)"
quietly mkswap $array
swapon $array

: >/run/pressure.log
# More than the memory that is left, each page different; it is written once, and looked at over and over.
python3 -u - "$(awk '/^MemAvailable:/ { print $2 * 1024 }' /proc/meminfo)" >/run/pressure.log 2>&1 <<'PYTHON' &
import ctypes, mmap, os, random, sys

PAGE = 4096
# Whatever the machine has, so much is left, and this is what is put there.
left, pages = 112 << 20, (176 << 20) // PAGE
filler = int(sys.argv[1]) - left
if filler > 0:
    locked = mmap.mmap(-1, filler)
    if ctypes.CDLL(None).mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(locked))), ctypes.c_size_t(filler)):
        sys.exit("mlock")
memory = mmap.mmap(-1, pages * PAGE)
seeds = random.Random(1)
secret = seeds.randbytes(PAGE)


def page(number, round):
    head = b"%16d%16d" % (number, round)
    return head + secret[len(head):]


for number in range(pages):
    memory[number * PAGE : (number + 1) * PAGE] = page(number, 0)
rounds = [0] * pages
print("filled")
count = 0
while not os.path.exists("/run/enough"):
    count += 1
    for _ in range(pages // 16):
        number = seeds.randrange(pages)
        if memory[number * PAGE : (number + 1) * PAGE] != page(number, rounds[number]):
            sys.exit(f"page {number} has changed")
        if seeds.randrange(4) == 0:
            rounds[number] = count
            memory[number * PAGE : (number + 1) * PAGE] = page(number, count)
    print("round", count)
for number in range(pages):
    if memory[number * PAGE : (number + 1) * PAGE] != page(number, rounds[number]):
        sys.exit(f"page {number} has changed")
print("all", pages, "pages are as they were written")
PYTHON
pressure=$!
says() { grep -q "$1" /run/pressure.log || { kill -0 $pressure 2>/dev/null || fail "$(tail -n 3 /run/pressure.log)"; false; }; }
until_true 90 "memory to be full" says filled
used=$(awk -v name="$array" '$1 == name { print $4 }' /proc/swaps)
((used > 40960)) || fail "only $used KiB have been swapped out"
rounds() { grep -c ^round /run/pressure.log || true; }
more_rounds() {
	kill -0 $pressure 2>/dev/null || fail "$(tail -n 3 /run/pressure.log)"
	(($(rounds) >= $1))
}
# A leg's failure, two rounds without it, and its recovery under load.
for slot in 1 0 1; do
	quietly mdadm $array --fail "$(member $slot)"
	remove_leg $array "$(member $slot)"
	until_true 60 "memory to be used without the leg" more_rounds $(($(rounds) + 2))
	quietly mdadm $array --add "$(member $slot)"
	wait_whole $array
	note "leg $slot failed, and is back"
done
touch /run/enough
wait $pressure || fail "$(tail -n 3 /run/pressure.log)"
tail -n 1 /run/pressure.log
swapoff $array
keep_layout $array
quietly mdadm --stop $array
same_data "$(member 0)" "$(member 1)"
