// SPDX-License-Identifier: GPL-2.0

//! The bad-block log of a 1.x member: which of its sectors can't be trusted.
//!
//! Up to 8 sectors of little-endian 64-bit numbers, the start in the upper 54 bits and the length
//! in the lower 10, both in units of `1 << bblog_shift` sectors; the first number with all bits set
//! ends it. Positions are sectors of the device, not of its data. There is no checksum: any number
//! is an entry, so all that can be verified is that it makes a range. Source: `super_1_load()` and
//! `super_1_sync()` in drivers/md/md.c.

use super::{
    error::Error,
    units::{
        Extent,
        Sector,
        Sectors, //
    },
};
use core::fmt;

/// md reads the log into one page.
const MOST_SECTORS: u16 = 8;

const ENTRY_BYTES: usize = 8;
const END: u64 = u64::MAX;
const LENGTH_BITS: u32 = 10;
const LENGTH_MASK: u64 = (1 << LENGTH_BITS) - 1;

/// Where a member's bad-block log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlockLog {
    place: Extent,
    shift: u8,
    in_use: bool,
}

impl BadBlockLog {
    /// Finds the log by the fields of a superblock at sector `at`; `None` if no space is reserved.
    pub(super) fn locate(
        at: Sector,
        offset: i32,
        size: u16,
        shift: u8,
        in_use: bool,
    ) -> Result<Option<Self>, Error> {
        if offset == 0 {
            return match in_use {
                true => Err(Error::BadBlocksNowhere),
                false => Ok(None),
            };
        }

        let len = Sectors(u64::from(size));
        if size > MOST_SECTORS {
            return Err(Error::BadBlocksSize { found: len });
        }
        // md doesn't look at the shift while there are no entries.
        if in_use && u32::from(shift) >= u64::BITS {
            return Err(Error::BadBlocksShift { found: shift });
        }
        let place = at
            .offset_by(offset)
            .and_then(|start| Extent::new(start, len))
            .ok_or(Error::BadBlocksOffset { offset })?;
        Ok(Some(Self {
            place,
            shift,
            in_use,
        }))
    }

    /// The sectors of the device that are reserved for it.
    pub fn place(self) -> Extent {
        self.place
    }

    /// The shift from the log's units to sectors. Meaningful only while it is in use.
    pub fn shift(self) -> u8 {
        self.shift
    }

    /// Whether it has entries. If not, its contents are not to be read.
    pub fn in_use(self) -> bool {
        self.in_use
    }

    /// Reads the entries from `bytes`, the contents of [`place`](Self::place). Bytes past the end
    /// of the log are left alone; a log that isn't [in use](Self::in_use) has no entries.
    pub fn entries(self, bytes: &[u8]) -> Entries<'_> {
        let len = match self.in_use {
            true => usize::try_from(self.place.len().0)
                .unwrap_or(usize::MAX)
                .saturating_mul(512),
            false => 0,
        };
        Entries {
            rest: bytes.get(..len).unwrap_or(bytes),
            index: 0,
            shift: u32::from(self.shift),
        }
    }
}

impl fmt::Display for BadBlockLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.in_use { "in use" } else { "empty" };
        write!(f, "{} ({state})", self.place)
    }
}

/// Iterator over the ranges of a bad-block log, in the order of the log.
///
/// It ends after the first [`Error::BadBlocksEntry`]: md refuses a member with such an entry.
pub struct Entries<'a> {
    rest: &'a [u8],
    index: usize,
    shift: u32,
}

impl Entries<'_> {
    /// The range of an entry: not empty, and of sectors that have a number.
    fn range(&self, entry: u64) -> Option<Extent> {
        let scale = |units: u64| {
            let sectors = units.checked_shl(self.shift)?;
            // What is shifted out is lost; md doesn't notice.
            (sectors.checked_shr(self.shift) == Some(units)).then_some(sectors)
        };
        let len = Sectors(scale(entry & LENGTH_MASK)?);
        let start = Sector(scale(entry >> LENGTH_BITS)?);
        Extent::new(start, len).filter(|range| !range.is_empty())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Extent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (bytes, rest) = self.rest.split_first_chunk::<ENTRY_BYTES>()?;
        let entry = u64::from_le_bytes(*bytes);
        if entry == END {
            self.rest = &[];
            return None;
        }

        let index = self.index;
        self.index = index.wrapping_add(1);
        match self.range(entry) {
            Some(range) => {
                self.rest = rest;
                Some(Ok(range))
            }
            None => {
                self.rest = &[];
                Some(Err(Error::BadBlocksEntry { index }))
            }
        }
    }
}
