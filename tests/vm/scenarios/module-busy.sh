# SPDX-License-Identifier: GPL-2.0
# scenario: the two modules exclude each other with a clear message; none goes while an array runs
# row: registration
# disks: 2x16M
# timeout: 120
# module: rs
array=/dev/md100
modprobe raid1
dmesg_mark
run_fails insmod /payload/raid1_rs.ko
dmesg_since >/run/dmesg.busy
grep -v -e taint /run/dmesg.busy || true
grep -qE 'level 1 .*raid1' /run/dmesg.busy || fail "no line says why"
expect_equal "lines about it" "$(grep -v taint /run/dmesg.busy | grep -c raid1)" 1
[[ ! -d /sys/module/raid1_rs ]] || fail "the module stayed"
if insmod /payload/raid1_rs.ko 2>/run/insmod.log; then fail "the module was loaded"; fi
expect_line /run/insmod.log 'Device or resource busy'
note "raid1.ko goes on as before"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=none "$(member 0)" "$(member 1)"
wait_whole $array
run_fails rmmod raid1
quietly mdadm --stop $array
rmmod raid1

note "the other way round"
run modprobe md-mod
run insmod /payload/raid1_rs.ko
for alias in md-raid1 md-level-1 md-personality-3; do
	modinfo -F alias /payload/raid1_rs.ko | grep -qx "$alias" || fail "the module lacks the alias $alias"
done
run_fails modprobe raid1
quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
run_fails rmmod raid1_rs
fill $array
sum=$(device_sum $array)
quietly mdadm --stop $array
run rmmod raid1_rs
run modprobe raid1
quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
expect_equal "the checksum under raid1.ko" "$(device_sum $array)" "$sum"
