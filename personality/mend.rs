// SPDX-License-Identifier: GPL-2.0

//! Good data for a leg that could not read.
//!
//! A disk that can't read a sector mostly can when it was written again: it has another place for
//! it. Who does that has the data from another leg, and a ticket, so that no write comes between.

use kernel::page::PAGE_SIZE;

use super::leg::Leg;
use crate::{
    abstractions::{
        md::{
            MddevFlag,
            RdevFlag, //
        },
        pages::Pages,
        seconds, //
    },
    log_line,
    logic::{
        range::{
            BlockSize,
            SectorRange, //
        },
        read_errors::{
            judge,
            ReadErrors,
            Sentence, //
        },
    },
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

impl Spot<'_> {
    fn behind(self, range: SectorRange) -> Self {
        Self {
            offset: self.offset.saturating_add(range.bytes()),
            ..self
        }
    }
}

impl Leg {
    /// Reads `range` into `spot`, and waits for it; tells whether it could be read.
    ///
    /// Context: may sleep.
    pub fn read_to(&self, range: SectorRange, spot: Spot<'_>) -> bool {
        self.rdev()
            .read_page(range.start(), spot.pages, spot.offset, range.bytes())
    }

    /// Makes `range`, which the leg could not read, readable again, if not as a whole then block by
    /// block. What can't be becomes bad blocks, or fails the leg: `good` comes from another one.
    ///
    /// Context: may sleep.
    pub fn repair(&self, range: SectorRange, block: BlockSize, good: Spot<'_>, back: Spot<'_>) {
        if self.rewrite_and_verify(range, good, back) {
            return;
        }
        if range.len() <= block.sectors() {
            self.record_bad_blocks(range);
            return;
        }
        let mut good = good;
        for part in range.pieces(block.sectors()) {
            if self.rdev().flags().test(RdevFlag::Faulty) {
                return;
            }
            if !self.read_to(part, back) && !self.rewrite_and_verify(part, good, back) {
                self.record_bad_blocks(part);
            }
            good = good.behind(part);
        }
    }

    /// Writes `range` from `good`, and reads it back into `back`; tells whether it's well again.
    fn rewrite_and_verify(&self, range: SectorRange, good: Spot<'_>, back: Spot<'_>) -> bool {
        let rdev = self.rdev();
        if !rdev.write_page(range.start(), good.pages, good.offset, range.bytes()) {
            self.note_write_error();
            return false;
        }
        if !self.read_to(range, back) {
            return false;
        }
        // It's at most a page.
        rdev.add_corrected_errors(i32::try_from(range.len()).unwrap_or(i32::MAX));
        let conf = self.conf();
        if conf.repairs.log.allows() {
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

impl Leg {
    /// Says that no leg could read the block of the array at `sector`; this one was the last that
    /// was asked.
    ///
    /// Context: any.
    pub fn log_unreadable(&self, sector: u64) {
        let conf = self.conf();
        if conf.log_limit.allows() {
            log_line!(
                Critical,
                "md/raid1:{}: {}: unrecoverable I/O read error for block {}",
                conf.mddev().name(),
                self.rdev().block_device(),
                sector
            );
        }
    }

    /// Counts a read error; tells whether it was one too many, so that the leg has failed.
    pub fn count_read_error(&self) -> bool {
        let (conf, rdev) = (self.conf(), self.rdev());
        let mddev = conf.mddev();
        let errors = ReadErrors {
            count: u32::try_from(rdev.read_errors()).unwrap_or(0),
            last: u64::try_from(rdev.last_read_error()).unwrap_or(0),
        }
        .another(seconds());
        rdev.set_read_errors(i32::try_from(errors.count).unwrap_or(i32::MAX));
        rdev.set_last_read_error(i64::try_from(errors.last).unwrap_or(i64::MAX));
        let limit = mddev.max_corrected_read_errors();
        let keep = conf.is_last_working(self) && !mddev.flags().test(MddevFlag::FailLastDevice);
        if judge(errors, limit, keep) == Sentence::Repair {
            return false;
        }
        log_line!(
            Notice,
            "md/raid1:{}: {}: Raid device exceeded read_error threshold [cur {}:max {}]",
            mddev.name(),
            rdev.block_device(),
            errors.count,
            limit
        );
        log_line!(
            Notice,
            "md/raid1:{}: {}: Failing raid device",
            mddev.name(),
            rdev.block_device()
        );
        // As with a write: if another leg fails at the same time, this one stays after all.
        self.report_io_error(|| mddev.error(rdev));
        rdev.flags().test(RdevFlag::Faulty)
    }
}
