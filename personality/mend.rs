// SPDX-License-Identifier: GPL-2.0

//! Good data for a leg that could not read.
//!
//! A disk that can't read a sector mostly can when it was written again: it has another place for it.
//! Who does that has the data from another leg, and a ticket, so that no write comes between.

use kernel::page::PAGE_SIZE;

use super::leg::Leg;
use crate::{
    abstractions::pages::Pages,
    log_line,
    logic::range::SectorRange, //
};

/// How many sectors are mended at once, at most: a page.
pub const STEP: u64 = PAGE_SIZE as u64 / 512;

/// A place in a buffer; what is there is within one page.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    /// The buffer.
    pub pages: &'a Pages,
    /// Where it is in the buffer, in bytes.
    pub offset: usize,
}

impl Leg {
    /// Reads `range` into `spot`, and waits for it; tells whether it could be read.
    ///
    /// Context: may sleep.
    pub fn read_to(&self, range: SectorRange, spot: Spot<'_>) -> bool {
        self.rdev()
            .read_page(range.start(), spot.pages, spot.offset, range.bytes())
    }

    /// Writes `range`, which the leg could not read, from `good`, and reads it back into `back`; tells
    /// whether it's well again.
    ///
    /// Context: may sleep.
    pub fn mend(&self, range: SectorRange, good: Spot<'_>, back: Spot<'_>) -> bool {
        let rdev = self.rdev();
        if !rdev.write_page(range.start(), good.pages, good.offset, range.bytes(), 0) {
            self.note_write_error();
            return false;
        }
        if !self.read_to(range, back) {
            return false;
        }
        // It's at most a page.
        rdev.add_corrected_errors(i32::try_from(range.len()).unwrap_or(i32::MAX));
        let conf = self.conf();
        if conf.read_log.allows() {
            log_line!(
                Info,
                "md/raid1:{}: read error corrected ({} sectors at {} on {})",
                conf.mddev().name(),
                range.len(),
                range.start().saturating_add(rdev.data_offset()),
                rdev.block_device()
            );
        }
        true
    }
}
