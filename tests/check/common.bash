# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the checks share. To be sourced by a check, which
# - defines `check`: prints one line for each violation in the project it's run in;
# - calls `the_project_passes`;
# - calls `notices` for each kind of violation that it's there for: a check that can't
#   fail is none;
# - ends with `verdict`.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the checks
name=$(basename "$0" .sh)
cd "$here/../.." || exit
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The project's files, one a line.
project_files() {
	{
		[[ -e .git ]] && git -c safe.directory='*' ls-files 2>/dev/null ||
			find . \( -path ./.git -o -path ./build -o -path ./target \) -prune -o -type f -printf '%P\n'
	} | while IFS= read -r file; do [[ ! -f $file ]] || printf '%s\n' "$file"; done | sort
}

# project_files_like REGEX
project_files_like() { project_files | grep -E -- "$1"; }

# Those that begin with #!.
programs() { project_files | xargs perl -ne 'print "$ARGV\n" if m{^#!/}; close ARGV'; }

the_project_passes() {
	local violations
	violations=$(check 2>&1)
	if [[ -n $violations ]]; then
		printf '%s\n' "$violations"
		failed=1
	fi
}

# notices TEXT COMMAND...: after COMMAND in a copy of the project the check says TEXT.
notices() {
	local text=$1 said
	shift
	if [[ ! -d $work/project ]]; then
		mkdir "$work/project"
		project_files | tar -cf - --exclude=tests/data -T - | tar -xf - -C "$work/project"
	fi
	cp -a "$work/project" "$work/planted"
	said=$(cd "$work/planted" && "$@" && check 2>&1)
	if ! grep -qF -- "$text" <<<"$said"; then
		printf 'this check has no teeth: it does not say "%s" after: %s\n' "$text" "$*"
		[[ -z $said ]] || printf 'but:\n%s\n' "$said" | head -n 5
		failed=1
	fi
	rm -rf "$work/planted"
}

# Ways to plant something.
append() { printf '%s\n' "$2" >>"$1"; }
make_file() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }

verdict() { exit "$failed"; }

# inside_root ARGS...: goes on inside the toolchain root, where the object's tools are.
inside_root() {
	if [[ ! -d /cache || ! $PWD -ef /src ]]; then
		rm -rf "$work"
		exec scripts/enter bash "tests/check/$name.sh" "$@"
	fi
}

# The linked object of the stock kernel's module, for a check of what the compiler made.
# shellcheck disable=SC2034 # used by the checks
module_object=build/stock/module/raid1_rs.o

# object_of_c TEXT, object_of_rust TEXT: an object with this in it; prints its path.
object_of_c() {
	printf '%s\n' "$1" >"$work/planted.c"
	gcc-14 -O2 -ffreestanding -fno-stack-protector -mno-red-zone -c -o "$work/planted.o" "$work/planted.c" &&
		echo "$work/planted.o"
}
object_of_rust() {
	printf '#![no_std]\n%s\n' "$1" >"$work/planted.rs"
	rustc --edition 2021 --crate-type lib --crate-name planted --emit "obj=$work/planted.o" -O \
		-C panic=abort -C overflow-checks=y -C symbol-mangling-version=v0 "$work/planted.rs" &&
		echo "$work/planted.o"
}
# sees_in OBJECT TEXT: the check says TEXT about another object.
sees_in() {
	# shellcheck disable=SC2034 # that of the check
	local said module_object=$1
	said=$(check 2>&1)
	if ! grep -qF -- "$2" <<<"$said"; then
		printf 'this check has no teeth: it does not say "%s", but "%s"\n' "$2" "$said"
		failed=1
	fi
}
