# SPDX-License-Identifier: GPL-2.0
# scenario: all legs fail the same writes, as when a cable is loose for a moment: these are errors, nothing else is lost, and writes go on
# leaks: yes
# row: errors
# disks: 3x24M
# timeout: 150
# module: both
# log-allow: md: super_written gets error
# raid1.ko: fails because the array is unwritable for good
# raid1.ko-says: exit 1 from: write_to
array=/dev/md100
load_module
legs=()
for n in 0 1 2; do
	faulty_leg leg$n "$(member $n)"
	legs+=("/dev/mapper/leg$n")
done
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --bitmap=none "${legs[@]}"
fill $array
# It stays active.
stay_active $array
run dd if=/dev/urandom of=$array bs=4k count=1 oflag=direct conv=notrunc status=none
dd if=$array of=/run/expected bs=1M iflag=direct status=none
dd if=/dev/urandom of=/run/data bs=4k count=1 status=none
places=(100 1000 2000 3000)
write_to() { dd if=/run/data of=$array bs=4k seek="$1" count=1 oflag=direct conv=notrunc status=none 2>/dev/null; }
under_way() { (($(awk '{ print $2 }' /sys/block/md100/inflight) == $1)); }
legs_left() { mdstat $array | grep -oE '\[[U_]+\]' | tr -cd U | wc -c; }
one_is_left() { (($(legs_left) == 1)); }

dmesg_mark
for n in 0 1 2; do dmsetup suspend --noflush --nolockfs leg$n; done
writers=()
for at in "${places[@]}"; do
	{ write_to "$at" || exit; } &
	writers+=($!)
done
until_true 20 "all writes to be under way" under_way 4
for n in 0 1 2; do dmsetup load leg$n --table "0 $(blockdev --getsz "$(member $n)") error"; done
resumed=()
for n in 0 1 2; do
	dmsetup resume leg$n &
	resumed+=($!)
done
wait "${resumed[@]}"
for writer in "${writers[@]}"; do
	! wait "$writer" || fail "a write that no leg has was a success"
done
until_true 20 "two legs to have failed" one_is_left
expect_equal "degraded" "$(<"$(md_sysfs $array)/degraded")" 2
expect_equal "failed legs in the log" "$(dmesg_since | grep -c 'Disk failure on')" 2
dmesg_since | grep -o 'Operation continuing on .*'
run_fails dd if=$array of=/dev/null bs=4k count=1 iflag=direct status=none
for n in 0 1 2; do leg_heals leg$n; done

note "the leg that is left has all the rest, and can be written to, there as well"
for at in 500 "${places[@]}"; do
	run write_to "$at"
	dd if=/run/data of=/run/expected bs=4k seek="$at" count=1 conv=notrunc status=none
done
is_as_expected() { dd if=$array bs=1M iflag=direct status=none | cmp - /run/expected || fail "the array has something else"; }
is_as_expected

note "and the others can come back"
none_has_failed() {
	mdadm $array --remove failed >/run/remove.log 2>&1 || true
	! mdstat $array | grep -qF '(F)'
}
until_true 20 "the legs to be removed" none_has_failed
for n in 0 1 2; do
	node=$(faulty_node leg$n)
	[[ -e $(md_sysfs $array)/dev-${node##*/} ]] || quietly mdadm $array --add "/dev/mapper/leg$n"
done
wait_whole $array
is_as_expected
keep_layout $array
quietly mdadm --stop $array
all_same "$(faulty_node leg0)" "$(faulty_node leg1)" "$(faulty_node leg2)"
