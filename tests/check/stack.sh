#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stack frames: the kernel's stack has 16 KiB, of which a personality gets what file
# system, block layer and driver leave, and rustc doesn't warn of large frames. At most
# 1024 bytes; up to 2048 for a function in stack.allowed, which gives the reason.
# With --top: prints the largest.
set -uo pipefail
. "$(dirname "$0")/common.bash"
inside_root "$@"

# Prints "BYTES FUNCTION", the largest first. Pushed registers are not counted.
frames() {
	objdump -d -C --no-show-raw-insn "$1" | perl -ne '
		sub done { printf "%s %s\n", $dynamic ? "dynamic" : $most, $function if defined $function }
		if (/^[0-9a-f]+ <(.*)>:$/) { done(); ($function, $most, $dynamic) = ($1, 0, 0); next }
		# gcc has add of a negative number as well.
		if (/\bsub +\$0x([0-9a-f]+),%rsp/) { $bytes = hex $1 }
		elsif (/\badd +\$0xffffffff([0-9a-f]{8}),%rsp/) { $bytes = 2**32 - hex $1 }
		elsif (/\blea +-0x([0-9a-f]+)\(%rsp\),%r(sp|11)/) { $bytes = hex $1 }
		elsif (/\bsub +%r\w+,%rsp/) { $dynamic = 1; next }
		else { next }
		$most = $bytes if $bytes > $most;
		END { done() }' | sort -k1,1nr
}

allowed() { sed -e '/^#/d' -e '/^$/d' tests/check/stack.allowed; }

check() {
	[[ -e $module_object ]] || { echo "no $module_object; build it by: make module" && return; }
	local size function limit
	while read -r size function; do
		limit=1024
		if allowed | grep -qxF -- "$function"; then limit=2048; fi
		if [[ $size == dynamic ]]; then
			echo "$function: a stack frame whose size is known only at run time"
		elif ((size > limit)); then
			echo "$function: a stack frame of $size bytes, and $limit is the most"
		fi
	done < <(frames "$module_object" | awk '$1 == "dynamic" || $1 > 1024')
	comm -13 <(frames "$module_object" | sed 's/^[^ ]* //' | sort -u) <(allowed | sort -u) |
		sed 's/^/no more there, so take it out of stack.allowed: /'
	awk '/^$/ { reason = 0; next } /^#/ { reason = 1; next } !reason { print "stack.allowed: without a reason: " $0 }' \
		tests/check/stack.allowed
}

if [[ ${1:-} == --top ]]; then
	frames "$module_object" | head -n "${2:-15}"
	exit
fi
the_project_passes
planted=$(object_of_c 'void use(char *); void planted(void) { char buffer[1500]; use(buffer); }')
sees_in "$planted" 'planted: a stack frame of 1'
planted=$(object_of_c 'void use(char *); void planted(void) { char buffer[5000]; use(buffer); }')
sees_in "$planted" 'planted: a stack frame of 5'
planted=$(object_of_c 'void use(char *); void planted(unsigned long n) { use(__builtin_alloca(n)); }')
sees_in "$planted" 'planted: a stack frame whose size is known only at run time'
planted=$(object_of_rust 'extern "C" { fn taken(a: *mut u8); }
pub fn planted() { let mut a = [0u8; 3000]; unsafe { taken(a.as_mut_ptr()) } }')
sees_in "$planted" 'planted::planted: a stack frame of 3'
verdict
