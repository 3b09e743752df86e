// SPDX-License-Identifier: GPL-2.0

//! The feature map of 1.x superblocks (`MD_FEATURE_*` in include/uapi/linux/raid/md_p.h).

use core::fmt;

/// Feature bits of a superblock. 0.90 has no such field and reads as none.
///
/// Unknown bits are kept and can be asked for. md core refuses to load a superblock with a bit
/// that it doesn't know, so one that is unknown here comes from an md core newer than this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(u32);

impl Features {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// `bitmap_offset` is meaningful: there is an internal bitmap.
    pub const BITMAP: Self = Self(1);
    /// `recovery_offset` is meaningful: this device is in sync only below it.
    pub const RECOVERY_OFFSET: Self = Self(2);
    /// The array is being reshaped.
    pub const RESHAPE: Self = Self(4);
    /// The bad-block log has entries.
    pub const BAD_BLOCKS: Self = Self(8);
    /// This device is replacing the one in the same slot.
    pub const REPLACEMENT: Self = Self(16);
    /// The reshape runs from the end to the start.
    pub const RESHAPE_BACKWARDS: Self = Self(32);
    /// `new_offset` must be honoured.
    pub const NEW_OFFSET: Self = Self(64);
    /// The recovery is guided by the bitmap.
    pub const RECOVERY_BITMAP: Self = Self(128);
    /// The array is shared by a cluster.
    pub const CLUSTERED: Self = Self(256);
    /// The array has a write journal (RAID-4/5/6).
    pub const JOURNAL: Self = Self(512);
    /// The array has a partial parity log (RAID-5).
    pub const PPL: Self = Self(1024);
    /// Several partial parity logs (RAID-5).
    pub const MULTIPLE_PPLS: Self = Self(2048);
    /// `layout` is meaningful for RAID-0.
    pub const RAID0_LAYOUT: Self = Self(4096);

    /// The bits that say nothing to a mirror; a superblock of one has none of them set.
    pub const NOT_FOR_MIRRORS: Self =
        Self(Self::JOURNAL.0 | Self::PPL.0 | Self::MULTIPLE_PPLS.0 | Self::RAID0_LAYOUT.0);

    /// The known bits and their names.
    const NAMES: [(Self, &'static str); 13] = [
        (Self::BITMAP, "bitmap"),
        (Self::RECOVERY_OFFSET, "recovery-offset"),
        (Self::RESHAPE, "reshape"),
        (Self::BAD_BLOCKS, "bad-blocks"),
        (Self::REPLACEMENT, "replacement"),
        (Self::RESHAPE_BACKWARDS, "reshape-backwards"),
        (Self::NEW_OFFSET, "new-offset"),
        (Self::RECOVERY_BITMAP, "recovery-bitmap"),
        (Self::CLUSTERED, "clustered"),
        (Self::JOURNAL, "journal"),
        (Self::PPL, "ppl"),
        (Self::MULTIPLE_PPLS, "multiple-ppls"),
        (Self::RAID0_LAYOUT, "raid0-layout"),
    ];

    /// The features in a `feature_map` field.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits as in the `feature_map` field.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether no bit is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits that are set in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The bits that have no meaning known here.
    pub fn unknown(self) -> Self {
        Self(
            Self::NAMES
                .iter()
                .fold(self.0, |bits, (known, _)| bits & !known.0),
        )
    }

    /// The names of the known bits that are set, lowest bit first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .filter(move |(bit, _)| self.contains(*bit))
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Features {
    /// Writes the names with commas between, unknown bits as one hexadecimal number, and `none`
    /// for no bit at all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }

        let mut separator = "";
        for name in self.names() {
            write!(f, "{separator}{name}")?;
            separator = ",";
        }
        let unknown = self.unknown();
        if !unknown.is_empty() {
            write!(f, "{separator}unknown {:#x}", unknown.0)?;
        }
        Ok(())
    }
}
