// SPDX-License-Identifier: GPL-2.0

//! Bad blocks of a device: what can't be read there, or wasn't written when it should have been.
//!
//! C header: [`include/linux/badblocks.h`](srctree/include/linux/badblocks.h)

use super::{
    access::read_field,
    rdev::Rdev,
    Sector, //
};
use crate::bindings;

/// What is known of a range of a device's data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BadBlocks {
    /// Nothing bad.
    None,
    /// There are bad blocks.
    Some {
        /// Where the first bad blocks in the range start.
        first: Sector,
        /// How many sectors from there on are bad, counted within the range only; not 0.
        sectors: Sector,
        /// Whether all bad blocks of the range are on record. If not, nothing may be told about
        /// writes to the range, since a crash would leave the old data without a mark.
        acknowledged: bool,
    },
}

impl Rdev {
    /// Whether the device has any bad block. A cheap test to save [`Self::bad_blocks`].
    #[inline]
    pub fn has_bad_blocks(&self) -> bool {
        read_field!(self, badblocks.count) != 0
    }

    /// What is known of `sectors` (not 0) of the device's data from `sector` on.
    ///
    /// Context: any.
    pub fn bad_blocks(&self, sector: Sector, sectors: Sector) -> BadBlocks {
        if !self.has_bad_blocks() || sectors == 0 {
            return BadBlocks::None;
        }
        let offset = self.data_offset();
        let (start, end) = match offset.checked_add(sector) {
            Some(start) => (start, start.saturating_add(sectors)),
            // There is no such sector.
            None => return BadBlocks::None,
        };
        let (mut first, mut bad) = (start, 0);
        // SAFETY: The device is alive, and its list of bad blocks has a lock of its own.
        let found = unsafe {
            bindings::badblocks_check(
                &raw mut (*self.as_ptr()).badblocks,
                start,
                sectors,
                &mut first,
                &mut bad,
            )
        };
        if found == 0 {
            return BadBlocks::None;
        }
        // C reports the whole entry of its list, which may start before the range and end after it.
        let bad_end = first.saturating_add(bad).min(end);
        let first = first.clamp(start, end);
        BadBlocks::Some {
            first: first.saturating_sub(offset),
            sectors: bad_end.saturating_sub(first).max(1),
            acknowledged: found > 0,
        }
    }

    /// Puts `sectors` of the device's data from `sector` on to its bad blocks, and has the record
    /// written soon; until then, they are not acknowledged.
    ///
    /// If there is no room for them the device fails instead, through
    /// [`Personality::error`](super::Personality::error); then, and only then, the result is
    /// `false`. A device that has failed before gets no record.
    ///
    /// Context: any; the caller holds no lock that `Personality::error` takes.
    pub fn set_bad_blocks(&self, sector: Sector, sectors: Sector) -> bool {
        // SAFETY: The device is alive and belongs to an array.
        unsafe { bindings::rdev_set_badblocks(self.as_ptr(), sector, sectors, 0) }
    }

    /// Removes `sectors` of the device's data from `sector` on from its bad blocks.
    ///
    /// Context: interrupts are enabled; C enables them when it lets its lock go.
    pub fn clear_bad_blocks(&self, sector: Sector, sectors: Sector) {
        // SAFETY: The device is alive.
        unsafe { bindings::rdev_clear_badblocks(self.as_ptr(), sector, sectors, 0) };
    }
}
