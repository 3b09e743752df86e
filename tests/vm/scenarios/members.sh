# SPDX-License-Identifier: GPL-2.0
# scenario: one array over a partition, a loop device, a dm device, an NVMe disk and a SCSI disk
# row: operations membership
# disks: 3x48M
# timeout: 240
# module: compare
array=/dev/md100
load_module
modprobe loop
modprobe dm-mod
modprobe sd_mod
modprobe scsi_debug dev_size_mb=48 max_luns=1 delay=0
until_true 30 "the SCSI disk" test -b /dev/sda
truncate -s 48M /run/loop.img
whole=$(member 0)
declare -A leg=([nvme]=$whole [scsi]=/dev/sda)
leg[loop]=$(losetup --show --find /run/loop.img)
quietly sfdisk "$(member 1)" <<<$'label: gpt\n,40M\n'
leg[partition]=$(member 1)p1
until_true 20 "the partition" test -b "${leg[partition]}"
faulty_leg linear "$(member 2)"
leg[dm]=/dev/mapper/linear
kinds=(partition loop dm nvme scsi)
legs=()
for kind in "${kinds[@]}"; do legs+=("${leg[$kind]}"); done

legs_up() { mdstat $array | grep -oE '\[[U_]+\]'; }

quietly mdadm --create $array --run --level=1 --raid-devices=5 --bitmap=internal --bitmap-chunk=64K --size=32M "${legs[@]}"
wait_whole $array
run legs_up
fill $array

note "each fails, writes go on without it, and it comes back"
for kind in "${kinds[@]}"; do
	quietly mdadm $array --fail "${leg[$kind]}"
	run legs_up
	remove_leg $array "${leg[$kind]}"
	quietly fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-256k \
		--size=32M --io_size=4M --iodepth=8 --verify=crc32c --verify_fatal=1
	quietly mdadm $array --re-add "${leg[$kind]}"
	wait_whole $array
	note "$kind is back"
done

note "each in turn is the only one that is read"
sum=$(device_sum $array)
for slot in 0 1 2 3 4; do
	for other in 0 1 2 3 4; do
		if ((slot == other)); then echo -writemostly; else echo writemostly; fi >"/sys/block/md100/md/rd$other/state"
	done
	expect_equal "what ${kinds[slot]} has" "$(device_sum $array)" "$sum"
done

note "and assembled by another order of names"
run mdadm --stop $array
quietly mdadm --assemble $array "${leg[scsi]}" "${leg[nvme]}" "${leg[dm]}" "${leg[loop]}" "${leg[partition]}"
expect_equal "the checksum" "$(device_sum $array)" "$sum"
keep_layout $array
run mdadm --stop $array
all_same "${leg[partition]}" "${leg[loop]}" "$(faulty_node linear)" "$whole" /dev/sda
losetup -d "${leg[loop]}"
rmmod scsi_debug
