#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The layers: who may name whom, and where unsafe code is.
set -uo pipefail
. "$(dirname "$0")/common.bash"

check() {
	project_files_like '\.rs$' | xargs perl -w -0777 -ne '
		# What a layer may name of the crate.
		my %may_name = (
			bindings => "bindings",
			abstractions => "abstractions|bindings|log_line",
			logic => "logic",
			superblock => "superblock",
			personality => "personality|abstractions|logic|superblock|log_line",
		);
		my $file = $ARGV;
		my ($layer) = $file =~ m{^([^/]*)/} ? $1 : "";
		my $original = $_;
		s{//[^\n]*}{}g;

		# each(REGEX, WHAT): says WHAT of each line in which REGEX is found.
		sub each_line {
			my ($regex, $what) = @_;
			while (/$regex/g) {
				my $line = 1 + (substr($_, 0, $-[0]) =~ tr/\n//);
				print "$ARGV:$line: $what\n";
			}
		}
		each_line(qr/\bunsafe\b/, "unsafe code outside of bindings/ and abstractions/")
			unless $layer =~ /^(bindings|abstractions)$/;
		next unless $may_name{$layer};

		my @names;
		while (/(?<![\w\$])crate::(\w+|\{)/g) {
			if ($1 ne "{") { push @names, $1; next }
			# The first part of each path of a group.
			my ($rest, $depth) = (substr($_, pos), 1);
			while ($depth > 0 && $rest =~ /\G\s*(?:(\w+)|(.))/gs) {
				my ($name, $other, $before) = ($1, $2, substr($rest, 0, $-[0]));
				if (defined $name) { push @names, $name if $depth == 1 && $before =~ /(^|,)\s*$/ }
				elsif ($other eq "{") { $depth++ }
				elsif ($other eq "}") { $depth-- }
			}
		}
		for my $name (@names) {
			print "$file: $layer/ names crate::$name\n" unless $name =~ /^($may_name{$layer})$/;
		}
		each_line(qr/\bsuper::super::/, "write crate::, not super::super::");
		each_line(qr/\bbindings\b/, "personality/ names bindings") if $layer eq "personality";
		if ($layer =~ /^(logic|superblock)$/) {
			each_line(qr/\b(kernel|alloc|std)::|\buse (kernel|alloc|std)\b|\bextern crate\b/, "only core may be used here");
			each_line(qr/\bcfg(_attr)?!?\(/, "has to be the same in the module and on the host");
		}
		each_line(qr/\b(allow|expect|warn)\([^)]*unsafe_code/, "switches off a lint that is there for a reason")
			unless $layer =~ /^(bindings|abstractions)$/;
		if ($file =~ m{^abstractions/md/}) {
			$_ = $original =~ s/raid1_?rs//gir;
			each_line(qr/raid-?1\b|mirror/i, "knows of RAID-1");
		}
	'
	# Before the first item, or it is not the whole module that it is for.
	sed '/^\(pub \)\?mod \|^use /,$d' personality/mod.rs | grep -qxF '#![deny(unsafe_code)]' ||
		echo "personality/mod.rs: lacks #![deny(unsafe_code)]"
	grep -qxF '#![forbid(unsafe_code)]' host.rs || echo "host.rs: lacks #![forbid(unsafe_code)]"
}

the_project_passes
notices ': unsafe code' append personality/read.rs 'fn planted() { unsafe { } }'
notices ': unsafe code' append logic/vote.rs 'unsafe fn planted() {}'
notices ': unsafe code' append raid1.rs 'unsafe impl Send for Planted {}'
notices 'personality/ names bindings' append personality/leg.rs 'use kernel::bindings::bio;'
notices 'personality/ names crate::bindings' append personality/leg.rs 'use crate::{abstractions::bio::{a, b}, bindings};'
notices 'logic/ names crate::personality' append logic/range.rs 'use crate::personality::Raid1;'
notices 'logic/ names crate::superblock' append logic/range.rs 'use crate::{logic::vote::{Run, Runs}, superblock::Slot};'
notices 'superblock/ names crate::abstractions' append superblock/role.rs 'fn f() { crate::abstractions::cond_resched() }'
notices 'only core may be used' append superblock/role.rs 'use kernel::prelude::*;'
notices 'only core may be used' append logic/vote.rs 'type Planted = std::vec::Vec<u8>;'
notices 'only core may be used' append logic/vote.rs 'extern crate alloc;'
notices 'the same in the module' append logic/vote.rs '#[cfg(MODULE)]'
notices 'abstractions/ names crate::logic' append abstractions/pool.rs 'use crate::logic::range;'
notices 'abstractions/ names crate::personality' append abstractions/md/io.rs 'use crate::{
    bindings::{self, bio},
    personality::Raid1, //
};'
notices 'write crate::' append abstractions/md/io.rs 'use super::super::super::logic;'
notices 'knows of RAID-1' append abstractions/md/io.rs '// As RAID-1 does it.'
notices 'lacks #![deny' sed -i '/deny(unsafe_code)/d' personality/mod.rs
notices 'lacks #![forbid' sed -i '/forbid(unsafe_code)/d' host.rs
notices 'switches off a lint' append personality/read.rs '#[allow(unsafe_code)]'
verdict
