// SPDX-License-Identifier: GPL-2.0

//! Types for the numbers in a superblock, so that one kind isn't taken for another.

use core::fmt;

/// A position on a member device or in an array, in sectors of 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sector(pub u64);

impl Sector {
    /// md's `MaxSector`: "the end", "all of it", "nothing left to do".
    pub const MAX: Self = Self(u64::MAX);

    /// This position moved by a signed number of sectors; `None` if that leaves the device on
    /// either side.
    pub fn offset_by(self, sectors: i32) -> Option<Self> {
        self.0.checked_add_signed(i64::from(sectors)).map(Self)
    }
}

impl fmt::Display for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A length in sectors of 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sectors(pub u64);

impl fmt::Display for Sectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A range of sectors.
///
/// # Invariants
///
/// `start + len` does not overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    start: Sector,
    len: Sectors,
}

impl Extent {
    /// The range of `len` sectors from `start`; `None` if its end is not a number.
    pub fn new(start: Sector, len: Sectors) -> Option<Self> {
        start.0.checked_add(len.0)?;
        // INVARIANT: just checked.
        Some(Self { start, len })
    }

    /// The first sector.
    pub fn start(self) -> Sector {
        self.start
    }

    /// The number of sectors.
    pub fn len(self) -> Sectors {
        self.len
    }

    /// Whether there is no sector in it.
    pub fn is_empty(self) -> bool {
        self.len.0 == 0
    }

    /// The first sector after it.
    pub fn end(self) -> Sector {
        // Saturation never sets in, by the type's invariant.
        Sector(self.start.0.saturating_add(self.len.0))
    }

    /// Whether `sector` lies in it.
    pub fn contains(self, sector: Sector) -> bool {
        self.start <= sector && sector < self.end()
    }

    /// Whether the two ranges share a sector.
    pub fn overlaps(self, other: Self) -> bool {
        !self.is_empty()
            && !other.is_empty()
            && self.start < other.end()
            && other.start < self.end()
    }
}

impl fmt::Display for Extent {
    /// Writes `start+len`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.start, self.len)
    }
}

/// The count of superblock updates: the leg with the highest one has the newest superblock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Events(pub u64);

impl Events {
    /// How many updates this count misses against `newest`; zero if it misses none.
    pub fn behind(self, newest: Self) -> u64 {
        newest.0.saturating_sub(self.0)
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place for a member device in an array: 0 to `raid_disks - 1`. A replacement has the slot of
/// the device that it is to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u32);

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A device's number in its array (`desc_nr` in md), which indexes the table of roles. With 1.x
/// metadata it stays with the device; with 0.90 md renumbers on each update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DevNumber(pub u32);

impl fmt::Display for DevNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A RAID level as md numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub i32);

impl Level {
    /// RAID-1, the mirror.
    pub const MIRROR: Self = Self(1);
}

impl fmt::Display for Level {
    /// Writes mdadm's name of the level, or the number of one that has none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            -4 => f.write_str("multipath"),
            -1 => f.write_str("linear"),
            level @ (0 | 1 | 4 | 5 | 6 | 10) => write!(f, "raid{level}"),
            level => write!(f, "level {level}"),
        }
    }
}
