#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What doesn't belong into the project's files: places on one machine, hosts of package
# registries (the machine's own configuration knows them), traces of how the files were
# made, notes to oneself, leftovers of a merge, blanks at the ends of lines.
set -uo pipefail
. "$(dirname "$0")/common.bash"

# Written so that none of these finds itself.
registries='(crates|docs)[.]io\b|pypi[.]|python''hosted|npm''js|registry[.][a-z]|rubygems[.]|proxy[.]golang|docker[.]io|gh''cr[.]io|quay[.]io|(deb|ftp|security|snapshot|archive)([.][a-z]+)?[.]debian[.]org'
machine='(^|[^A-Za-z0-9_.$})/-])/(root|home|work|tmp)(/|\b)'
tooling='\b(cl''aude|anth''ropic|open''ai|chat''gpt|co''pilot|l''lm)\b|\bissues (show|close|comment)\b|KERNEL-''FACTS|HAZ''ARDS[.]md|work/sha''red'
notes='\b(TO''DO|FIX''ME|X''XX|HA''CK)\b'

# In a guest, and in the toolchain root, these places are always the same. What mdadm and
# the kernel wrote is data.
inside_a_root='^(tests/vm/(guest|scenarios)/|tests/(bench|debug)/.*\.sh:|tests/data/superblock/guest\.sh:|scripts/enter:[0-9]+:.*HOME=/t''mp )'

# look WHAT REGEX GREP-OPTION...
look() {
	local what=$1 regex=$2
	shift 2
	project_files_like "$files" | xargs grep -InE "$@" -- "$regex" | sed "s~\$~    ($what)~"
}

check() {
	local files='^'
	look 'a registry that the machine may not use' "$registries" -i
	look 'a place on one machine' "$machine" | grep -vE "$inside_a_root"
	look 'how it was made is of no use to a reader' "$tooling" -i
	files='^(tests/data/superblock/[^/]*$|[^t]|t[^e]|tests/[^d]|tests/debug)'
	look 'a note to oneself' "$notes"
	look 'left from a merge' '^(<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)( |$)|^=======$'
	files='^(tests/data/superblock/[^/]*$|[^t]|t[^e]|tests/[^d]|tests/debug/.*[^h]$)'
	look 'a blank at the end of the line' '[[:blank:]]+$'
	look 'a carriage return' $'\r$'
}

the_project_passes
notices 'a registry' append README.md 'See https://index.crates''.io/.'
notices 'a registry' append scripts/setup 'mirror=http://deb.debian''.org/debian'
notices 'a place on one machine' append scripts/setup 'cache=/ho''me/someone/.cache'
notices 'a place on one machine' append Documentation/locking.md 'It is in /wo''rk/main.'
notices 'a place on one machine' append rust-project.json '"sysroot": "x", (/ro''ot/.rustup)'
notices 'how it was made' append README.md 'Written with Cl''aude.'
notices 'how it was made' append logic/vote.rs '// See KERNEL-''FACTS.md.'
notices 'a note to oneself' append logic/vote.rs '// TO''DO: decide.'
notices 'left from a merge' append logic/vote.rs '<<<<<''<< HEAD'
notices 'left from a merge' append Makefile '====''==='
notices 'a blank at the end' append personality/read.rs 'fn planted() {} '
notices 'a carriage return' append personality/read.rs $'fn planted() {}\r'
verdict
