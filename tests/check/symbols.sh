#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module asks the stock kernel only for symbols that it exports, and a build that
# needs another one fails.
set -uo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/common.bash"
inside_root "$@"

module_object=build/stock/module/raid1_rs.ko
kernel=$(kernel_path)

check() {
	[[ -e $module_object ]] || { echo "no $module_object; build it by: make module" && return; }
	comm -23 <(nm -u "$module_object" | awk '{ print $NF }' | sort -u) \
		<(cut -f 2 "$kernel/build/Module.symvers" | sort -u) |
		sed 's/^/the kernel does not export: /'
}

# builds BODY: builds a module with this in it by the project's own script.
builds() {
	local folder=$work/module
	mkdir -p "$folder/scripts"
	cp scripts/build scripts/lib.sh "$folder/scripts/"
	echo 'obj-m := planted.o' >"$folder/Kbuild"
	cat >"$folder/planted.c" <<-C
		#include <linux/module.h>
		MODULE_DESCRIPTION("planted");
		MODULE_LICENSE("GPL");
		extern void planted_and_missing(void);
		static int __init start(void) { $1 return 0; }
		module_init(start);
	C
	"$folder/scripts/build" "$kernel" "$folder/output" 2>&1
}

the_project_passes
planted=$(object_of_c 'void planted_and_missing(void); void planted(void) { planted_and_missing(); }')
sees_in "$planted" 'the kernel does not export: planted_and_missing'
if ! said=$(builds '') || [[ ! -e $work/module/output/planted.ko ]]; then
	printf 'could not build a module to see whether a build fails that should:\n%s\n' "$said"
	failed=1
fi
rm -rf "$work/module"
if said=$(builds 'planted_and_missing();') || ! grep -q 'planted_and_missing.* undefined' <<<"$said"; then
	printf 'the build of a module succeeds that needs what the kernel does not export:\n%s\n' "$said"
	failed=1
fi
verdict
