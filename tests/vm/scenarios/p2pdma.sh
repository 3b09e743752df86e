# SPDX-License-Identifier: GPL-2.0
# scenario: data may stay in the memory of another PCI device (P2PDMA) if all members take it from there
# row: operations run
# disks: 2x16M
# timeout: 150
# module: compare
# lanes: stock
array=/dev/md100
load_module
modprobe sd_mod
modprobe scsi_debug dev_size_mb=16 delay=0
until_true 20 "the SCSI disk" test -e /dev/sda

# (The debug kernel has no type information, by which the limits are looked at.) No file in sysfs tells. So we look at the limits when they are set, in the bit BLK_FEAT_PCI_P2PDMA.
tracing=/sys/kernel/tracing
mount -t tracefs tracefs $tracing
echo 'f:limits/set queue_limits_set disk=q->disk->disk_name:string features=lim->features:u32' >$tracing/dynamic_events
echo 'f:limits/change queue_limits_commit_update disk=q->disk->disk_name:string features=lim->features:u32' >>$tracing/dynamic_events
echo 1 >$tracing/events/limits/enable
p2pdma() {
	local features
	features=$(sed -n "s/.*disk=\"$1\" features=//p" $tracing/trace | tail -n 1)
	[[ -n $features ]] || fail "nobody has set limits of $1"
	expect_equal "P2PDMA of $1" $((features >> 12 & 1)) "$2"
	echo >$tracing/trace
}

note "two NVMe members"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 0)" "$(member 1)"
p2pdma md100 1
note "and one more, which can't"
quietly mdadm $array --add /dev/sda
quietly mdadm --grow $array --raid-devices=3
wait_whole $array
p2pdma md100 0
stop $array
quietly mdadm --zero-superblock "$(member 0)" "$(member 1)" /dev/sda
note "from the start with one that can't"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$(member 0)" /dev/sda
p2pdma md100 0
stop $array
