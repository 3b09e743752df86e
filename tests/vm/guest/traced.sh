# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the block layer sends to which device. For scenarios: . /payload/guest/traced.sh

tracing=/sys/kernel/tracing

# trace EVENT...: from now on, these of the block layer.
trace() {
	local event
	mountpoint -q $tracing || mount -t tracefs tracefs $tracing
	echo 0 >$tracing/tracing_on
	echo >$tracing/trace
	echo 0 >$tracing/events/block/enable
	for event in "$@"; do echo 1 >"$tracing/events/block/$event/enable"; done
	echo 1 >$tracing/tracing_on
}

# traced EVENT DEVICE: what was sent there, without names and times: operation, sector, "+", sectors, ...
traced() {
	local number
	number=$(lsblk -ndo MAJ:MIN "$2" | tr -d ' ')
	echo 0 >$tracing/tracing_on
	sed -n "s/^.* $1: ${number/:/,} \(.*\) \[[^]]*\]$/\1/p" $tracing/trace
}
