#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Ways into a panic, which is the end of the machine: each function of the linked
# object that refers to one has to be in panics.allowed, with a reason. Panics inside
# of the kernel's own Rust code are not seen.
set -uo pipefail
. "$(dirname "$0")/common.bash"
inside_root "$@"

# The symbols of core and C that don't come back.
entries='panic|_fail(ed)?(_rt)?$|::(unwrap|expect)_|handle_error|len_mismatch|rust_begin_unwind|__ubsan|BUG'

# Prints "SYMBOL <- FUNCTION" for each.
references() {
	local symbols
	symbols=$(nm -u -C "$1" | sed 's/^ *[A-Za-z] //' | grep -E "$entries" | grep -vxF __stack_chk_fail)
	[[ -n $symbols ]] || return
	{
		printf '%s\n' "$symbols"
		echo
		objdump -dr -C --no-show-raw-insn "$1"
		# Tables of function pointers.
		for section in .rodata .data .init.data .data..ro_after_init; do
			objdump -r -C -j "$section" "$1" 2>/dev/null | sed "s/^RELOCATION.*/0 <section $section>:/"
		done
	} | awk '
		!read_symbols { if ($0 == "") read_symbols = 1; else symbols[$0] = 1; next }
		/^[0-9a-f]+ <.*>:$/ { where = $0; sub(/^[0-9a-f]+ </, "", where); sub(/>:$/, "", where); next }
		/ R_X86_64_/ || /\tR_X86_64_/ {
			symbol = $0
			sub(/.*R_X86_64_[A-Z0-9]+[ \t]+/, "", symbol)
			sub(/[-+]0x[0-9a-f]+$/, "", symbol)
			if (symbol in symbols) { seen[symbol] = 1; print symbol " <- " where }
		}
		END { for (symbol in symbols) if (!(symbol in seen)) print symbol " <- unknown" }' |
		sort -u
}

# Without comments; each entry has to come after one.
allowed() { sed -e '/^#/d' -e '/^$/d' tests/check/panics.allowed; }

check() {
	[[ -e $module_object ]] || { echo "no $module_object; build it by: make module" && return; }
	local found
	found=$(references "$module_object")
	comm -23 <(sort -u <<<"$found") <(allowed | sort -u) | sed '/^$/d; s/^/new way into a panic: /'
	comm -13 <(sort -u <<<"$found") <(allowed | sort -u) | sed 's/^/no more there, so take it out of panics.allowed: /'
	awk '/^$/ { reason = 0; next } /^#/ { reason = 1; next } !reason { print "panics.allowed: without a reason: " $0 }' \
		tests/check/panics.allowed
}

the_project_passes
planted=$(object_of_rust 'pub fn planted(a: &[u8], i: usize) -> u8 { a[i] }')
sees_in "$planted" 'new way into a panic: core::panicking::panic_bounds_check <- planted::planted'
planted=$(object_of_rust 'pub fn planted(a: u32) -> u32 { a + 1 }')
sees_in "$planted" 'panic_const_add_overflow <- planted::planted'
planted=$(object_of_rust 'pub fn planted(a: Option<u32>) -> u32 { a.unwrap() }')
sees_in "$planted" 'unwrap_failed <- planted::planted'
planted=$(object_of_rust 'pub fn planted(a: &mut [u8], b: &[u8]) { a.copy_from_slice(b) }')
sees_in "$planted" 'len_mismatch_fail'
verdict
