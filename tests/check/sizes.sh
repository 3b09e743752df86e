#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A file is at most 420 lines, so that it can hold one idea; raid1.rs is under 60.
set -uo pipefail
. "$(dirname "$0")/common.bash"

check() {
	{
		project_files_like '\.(rs|c|h|sh|bash|py)$'
		programs
	} | sort -u | xargs wc -l -- | awk '
		$2 == "total" { next }
		$1 > 420 { print $2 ": " $1 " lines, and 420 is the most" }
		$2 == "raid1.rs" && $1 >= 60 { print $2 ": " $1 " lines, and it has to be under 60" }'
}

# lines NUMBER FILE
# shellcheck disable=SC2317 # called by notices
lines() { awk -v left="$1" 'BEGIN { for (; left > 0; left--) print "//" }' >>"$2"; }

the_project_passes
notices 'logic/planted.rs: 421 lines' lines 421 logic/planted.rs
notices 'bindings/planted.c: 421 lines' lines 421 bindings/planted.c
notices 'scripts/setup: ' lines 421 scripts/setup
notices 'raid1.rs: 7' lines 30 raid1.rs
verdict
