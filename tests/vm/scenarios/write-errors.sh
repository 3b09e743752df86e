# SPDX-License-Identifier: GPL-2.0
# scenario: a write error fails the leg that has no bad-block log, and all goes on without it
# leaks: yes
# row: errors
# disks: 3x32M
# timeout: 180
# module: compare
array=/dev/md100
load_module
for name in a b c; do
	case $name in a) disk=0 ;; b) disk=1 ;; c) disk=2 ;; esac
	faulty_leg $name "$(member "$disk")"
done
# Format 0.90 has no bad-block log.
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=3 --metadata=0.90 --bitmap=internal \
	/dev/mapper/a /dev/mapper/b /dev/mapper/c
fill $array
dmesg_mark
note "some sectors of the second leg can't be written"
leg_errors b writes 16384 8
fill $array
sum=$(device_sum $array)
until_true 20 "the leg to have failed" md_is $array degraded 1
run mdstat $array
dmesg_since | grep md/raid1 || true

note "the third is gone altogether, while data is written"
dmesg_mark
leg_errors c all 0 "$(blockdev --getsz "$(member 2)")"
quietly fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-64k \
	--io_size=8M --size=16M --iodepth=16 --verify=crc32c --verify_fatal=1
sum=$(device_sum $array)
until_true 20 "the leg to have failed" md_is $array degraded 2
run mdstat $array
dmesg_since | grep md/raid1 || true

note "both come back"
leg_heals b
leg_heals c
run mdadm $array --remove /dev/mapper/b /dev/mapper/c
run mdadm $array --add /dev/mapper/b
run mdadm $array --add /dev/mapper/c
wait_whole $array
run mdstat $array
keep_layout $array
run mdadm --stop $array
all_same "$(faulty_node a)" "$(faulty_node b)" "$(faulty_node c)"
run mdadm --assemble --run --readonly $array /dev/mapper/c
expect_equal "the checksum on the leg that was gone" "$(device_sum $array)" "$sum"
