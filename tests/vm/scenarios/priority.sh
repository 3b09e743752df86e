# SPDX-License-Identifier: GPL-2.0
# scenario: a request's priority goes along to the legs, also when the daemon sends it
# row: operations
# disks: 2x32M
# timeout: 180
# module: compare
. /payload/guest/traced.sh
array=/dev/md100
load_module
faulty_leg a "$(member 0)"
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M \
	/dev/mapper/a "$(member 1)"
fill $array
offset=$(cat /sys/block/md100/md/rd0/offset)

# sent WHAT SECTOR COUNT PRIORITY DISK...: these got something of the sectors, all of it with the priority.
sent() {
	local disk got
	note "$1"
	for disk in "${@:5}"; do
		got=$(traced block_rq_issue "$(member "$disk")" | awk -v disk="$disk" -v first=$(($2 + offset)) -v count="$3" \
			'$4 >= first && $4 < first + count { print "disk", disk ":", substr($1, 1, 1), $7 }' | sort -u)
		[[ -n $got ]] || fail "disk $disk got nothing"
		echo "$got"
		if awk '{ print $4 }' <<<"$got" | grep -qvxE "$4"; then fail "another priority than $4"; fi
	done
}

trace block_rq_issue
ionice -c 1 -n 3 dd if=/dev/urandom of=$array bs=16k seek=64 count=1 oflag=direct status=none
sent "a write, real-time 3" 2048 32 rt,0,3 0 1
trace block_rq_issue
ionice -c 3 dd if=/dev/urandom of=$array bs=16k seek=64 count=1 oflag=direct status=none
sent "a write, idle" 2048 32 idle,0,. 0 1

# The clone of a request that a leg has failed is made by the daemon, which has a priority of its own.
echo writemostly >/sys/block/md100/md/rd1/state
# Nothing is repaired there, so that this is all.
quietly mdadm --readonly $array
leg_errors a all $((offset + 4096)) 8
trace block_rq_issue
ionice -c 2 -n 6 dd if=$array of=/dev/null bs=4k skip=512 count=1 iflag=direct status=none
sent "a read that goes to the other leg, best effort 6" 4096 8 be,0,6 1
leg_heals a
quietly mdadm --readwrite $array

note "and a write that a leg fails at first"
leg_errors a writes $((offset + 8200)) 8
trace block_rq_issue
ionice -c 2 -n 1 dd if=/dev/urandom of=$array bs=16k seek=256 count=1 oflag=direct status=none
sent "a write of which the daemon writes a part again, best effort 1" 8192 32 be,0,1 0 1
leg_heals a
stop $array
