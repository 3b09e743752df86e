# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Allocations that fail, on a kernel with fault injection. For scenarios: . /payload/guest/no-memory.sh

# fail_allocations_in FIRST LAST: only those that code between these addresses makes, or makes others
# make. How many and when: see fail-nth, or write to /sys/kernel/debug/failslab/probability.
fail_allocations_in() {
	local fault
	for fault in /sys/kernel/debug/fail*/; do
		echo 32 >"$fault/stacktrace-depth"
		# Never an empty or a reversed range, whichever comes first.
		echo 0 >"$fault/require-start"
		echo "$2" >"$fault/require-end"
		echo "$1" >"$fault/require-start"
		echo 0 >"$fault/verbose"
		echo 0 >"$fault/probability"
	done
	for fault in failslab fail_page_alloc; do echo N >"/sys/kernel/debug/$fault/ignore-gfp-wait"; done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# symbol_address NAME, address_behind NAME: where a function of the kernel begins and ends.
symbol_address() { awk -v name="$1" '$3 == name { print "0x" $1; exit }' /proc/kallsyms; }
address_behind() {
	# To the end of the list: whoever sorts it must not be cut off.
	sort /proc/kallsyms | awk -v name="$1" '
		found && !next_one && $1 > found { next_one = $1 }
		$3 == name { found = $1 }
		END { print "0x" next_one }'
}

# module_addresses: the first of the module under test and one behind its last.
module_addresses() {
	local first last
	read -r first last < <(awk -v module="[$(module_name)]" '$4 == module && $2 ~ /[tT]/ { print $1 }' /proc/kallsyms | sort |
		awk 'NR == 1 { first = $1 } { last = $1 } END { print first, last }')
	printf '0x%s 0x%x\n' "$first" $((0x$last + 4096))
}

# no_memory, there_is_memory: nothing that tasks of fail_here ask the kernel for by way of the module is there.
no_memory() {
	local from to fault
	read -r from to < <(module_addresses)
	fail_allocations_in "$from" "$to"
	for fault in failslab fail_page_alloc; do
		echo Y >/sys/kernel/debug/$fault/task-filter
		echo -1 >/sys/kernel/debug/$fault/times
		echo 100 >/sys/kernel/debug/$fault/probability
	done
}
there_is_memory() {
	local fault
	for fault in failslab fail_page_alloc; do echo 0 >/sys/kernel/debug/$fault/probability; done
}

# fail_here COMMAND...: runs it as such a task.
fail_here() {
	(
		echo 1 >/proc/self/make-it-fail
		exec "$@"
	)
}
