# SPDX-License-Identifier: GPL-2.0
# scenario: a request's priority goes along to the legs, also when the daemon sends it
# row: operations
# disks: 2x32M
# timeout: 90
# module: compare
. /payload/guest/traced.sh
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M \
	/dev/mapper/a "$(member 1)"
fill $array
offset=$(cat /sys/block/md100/md/rd0/offset)

# sent WHAT SECTOR COUNT: who got something of these sectors: operation, priority.
sent() {
	local disk
	note "$1"
	for disk in 0 1; do
		traced block_rq_issue "$(member $disk)" | awk -v disk=$disk -v first=$(($2 + offset)) -v count="$3" \
			'$4 >= first && $4 < first + count { print "disk", disk ":", substr($1, 1, 1), $7 }' | sort -u
	done
}

trace block_rq_issue
ionice -c 1 -n 3 dd if=/dev/urandom of=$array bs=16k seek=64 count=1 oflag=direct status=none
sent "a write, real-time 3" 2048 32
trace block_rq_issue
ionice -c 3 dd if=/dev/urandom of=$array bs=16k seek=64 count=1 oflag=direct status=none
sent "a write, idle" 2048 32

# The clone of a request that a leg has failed is made by the daemon, which has a priority of its own.
echo writemostly >/sys/block/md100/md/rd1/state
# Nothing is repaired there, so that this is all.
quietly mdadm --readonly $array
leg_errors a all $((offset + 4096)) 8
trace block_rq_issue
ionice -c 2 -n 6 dd if=$array of=/dev/null bs=4k skip=512 count=1 iflag=direct status=none
sent "a read that goes to the other leg, best effort 6" 4096 8
leg_heals a
quietly mdadm --readwrite $array

note "and a write that a leg fails at first"
leg_errors a writes $((offset + 8200)) 8
trace block_rq_issue
ionice -c 2 -n 1 dd if=/dev/urandom of=$array bs=16k seek=256 count=1 oflag=direct status=none
sent "a write of which the daemon writes a part again, best effort 1" 8192 32
leg_heals a
stop $array
