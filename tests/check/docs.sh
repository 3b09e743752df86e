#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The documents say what is there: links lead somewhere, the porting map names every
# function of the kernel's raid1.c, places in the source exist, tunables have the
# values that are written down, log lines are explained, scenarios have their names.
set -uo pipefail
. "$(dirname "$0")/common.bash"
kernel=$(bash -c '. scripts/lib.sh && kernel_path')

# The usual names for headings.
anchors() { sed -n 's/^#\+ \(.*\)/\1/p' "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'; }

check_links() {
	local page=$1 link target anchor
	while IFS= read -r link; do
		case $link in *://*) continue ;; esac
		target=${link%%#*} anchor=
		if [[ $link == *'#'* ]]; then anchor=${link#*#}; fi
		target=${target:+$(dirname "$page")/$target}
		target=${target:-$page}
		if [[ ! -e $target ]]; then
			echo "$page: no such file: $link"
		elif [[ -n $anchor ]] && ! grep -qxF -- "$anchor" <(anchors "$target"); then
			echo "$page: no such heading: $link"
		fi
	done < <(sed '/^    /d' "$page" | grep -oE '\]\([^) ]+\)' | sed 's/^](\(.*\))$/\1/')
}

# Places in the source, as `file` or `file::item`.
check_places() {
	local page=$1 place file item
	while IFS= read -r place; do
		file=${place%%::*} item=
		if [[ $place == *::* ]]; then item=${place##*::}; fi
		if [[ ! -e $file ]]; then
			echo "$page: no such file: $file"
		elif [[ -n $item ]] && ! grep -qE "\b(fn|struct|enum|trait|type|const|impl) $item\b|^    $item$" "$file"; then
			echo "$page: $file has no $item"
		fi
	done < <(grep -oE '`(personality|logic|superblock|abstractions|bindings|scripts|tests|raid1\.rs|host\.rs)[A-Za-z0-9_./-]*(::[A-Za-z0-9_]+)?`' "$page" |
		tr -d '`' | grep -v '^tests/data' | sort -u)
}

functions() { sed -nE '/^[a-z_]/{/;$/d;s/^[a-z_][a-z0-9_ *]*[ *]([a-z0-9_]+)\(.*/\1/p;s/^([a-z0-9_]+)\(.*/\1/p}' "$@"; }

# Against the kernel that was prepared, if it is of the series of the map.
check_porting_map() {
	local map=Documentation/porting-map.md md=$kernel/src/drivers/md function
	if [[ $(cat "$kernel/release" 2>/dev/null) != 7.3.* ]]; then return; fi
	while IFS= read -r function; do echo "$map: says nothing of $function"; done < <(
		comm -23 <(functions "$md/raid1.c" "$md/raid1-10.c" | sort) <(mapped $map | sort))
	while IFS= read -r function; do echo "$map: the kernel has no $function"; done < <(
		comm -13 <(functions "$md/raid1.c" "$md/raid1-10.c" | sort) <(mapped $map | sort))
}
mapped() { sed -nE 's/^\| `([a-z0-9_]+)` \|.*/\1/p' "$1"; }

escaped() { sed 's/[][\.*^$+?(){}|]/\\&/g'; }

# | `NAME` | `file` | `value` | ...
check_tunables() {
	local constant file value
	while IFS='|' read -r _ constant file value _; do
		constant=$(tr -d '` ' <<<"$constant") file=$(tr -d '` ' <<<"$file")
		value=$(sed -e 's/^ *`//' -e 's/` *$//' <<<"$value" | escaped)
		grep -qE "^ *(pub )?const $constant: [^=]*= $value;" "$file" ||
			echo "Documentation/tunables.md: $file has another value for $constant"
	done < <(grep -E '^\| `[A-Z_]+` \| `' Documentation/tunables.md)
}

# Each line that the module can print, names and numbers aside.
check_log_lines() {
	local line pattern
	while IFS= read -r line; do
		pattern=$(escaped <<<"$line" | sed 's/\\{\\}/.+/g')
		grep -qE -- "\`$pattern\`" Documentation/user-guide.md || echo "Documentation/user-guide.md: does not explain: $line"
	done < <(grep -rhoE '"md/raid1:\{\}[^"]*"' personality | tr -d '"' | sort -u)
}

# The last column of the table of what works.
check_scenarios() {
	local scenario
	while IFS= read -r scenario; do
		[[ -e tests/vm/scenarios/$scenario.sh ]] || echo "README.md: no such scenario: $scenario"
	done < <(sed -n '/^| area |/,/^$/s/^|/|/p' README.md | awk -F'|' '{ print $(NF - 1) }' | grep -oE '`[^`]+`' | tr -d '`')
}

check() {
	local page
	while IFS= read -r page; do
		check_links "$page"
		check_places "$page"
	done < <(find README.md Documentation tests -name '*.md' | sort)
	check_porting_map
	check_tunables
	check_log_lines
	check_scenarios
}

the_project_passes
notices 'no such file: nowhere.md' append README.md '[nowhere](nowhere.md)'
notices 'no such heading: #nowhere' append README.md '[nowhere](#nowhere)'
# shellcheck disable=SC2016 # Markdown
notices 'personality/read.rs has no planted' append Documentation/design.md '`personality/read.rs::planted`'
if [[ $(cat "$kernel/release" 2>/dev/null) == 7.3.* ]]; then
	notices 'says nothing of raise_barrier' sed -i '/^| `raise_barrier`/d' Documentation/porting-map.md
	# shellcheck disable=SC2016
	notices 'the kernel has no planted' append Documentation/porting-map.md '| `planted` | here |'
fi
notices 'another value for WINDOW' sed -i 's/^pub const WINDOW: .*/pub const WINDOW: usize = 9;/' personality/sync/mod.rs
notices 'does not explain: md/raid1:{}: Disk failure on {}, but' sed -i 's/Disk failure on {}, .*"/Disk failure on {}, but"/' personality/membership.rs
# shellcheck disable=SC2016
notices 'no such scenario: planted' sed -i 's/`shape-mirrors`/`planted`/' README.md
verdict
