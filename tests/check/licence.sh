#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each source file says its licence in its first or, after #!, second line.
set -uo pipefail
. "$(dirname "$0")/common.bash"

check() {
	{
		project_files_like '\.(rs|c|h|sh|bash|py|pl|toml|yml|yaml)$|(^|/)(Makefile|Kbuild)$|^(scripts|\.ci)/[^.]*$'
		programs
	} | sort -u | xargs awk '
		FNR == 1 { said = 0; first[FILENAME] = $0 }
		FNR <= 2 && /SPDX-License-Identifier: GPL-2\.0/ && (FNR == 1 || first[FILENAME] ~ /^#!/) { said = 1 }
		FNR <= 2 { licensed[FILENAME] = said }
		END { for (file in licensed) if (!licensed[file]) print file ": no licence; it begins with \"" first[file] "\"" }' |
		sort
	# An empty file has no line to say it in, and no reason to be there.
	project_files_like '\.(rs|c|h|sh)$' | while IFS= read -r file; do [[ -s $file ]] || echo "$file: empty"; done
}

the_project_passes
notices 'logic/planted.rs: no licence' make_file logic/planted.rs 'pub struct Planted;'
notices 'personality/read.rs: no licence' sed -i 1d personality/read.rs
notices 'bindings/md_helpers.c: no licence' sed -i 's/GPL-2/BSD-3/' bindings/md_helpers.c
notices 'scripts/setup: no licence' sed -i 2d scripts/setup
notices 'scripts/planted: no licence' make_file scripts/planted '#!/bin/sh'
notices 'logic/planted.rs: empty' touch logic/planted.rs
verdict
