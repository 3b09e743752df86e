// SPDX-License-Identifier: GPL-2.0

//! What is left to do after a unit's write: what could not be written becomes bad blocks, and bad
//! blocks that could be written are none any more.

use super::{
    bios::{
        DoneSync,
        SyncBio, //
    },
    unit::{
        let_go,
        Participant,
        Unit,
        UnitRef, //
    },
};
use crate::{
    abstractions::{
        bio_set::EndIo,
        cond_resched,
        md::RdevFlag,
        work::Workable, //
    },
    logic::range::SectorRange,
    personality::mend::Spot,
};

/// Whether there is more to do about a write that has ended.
///
/// Context: any.
pub fn has_more(done: &DoneSync) -> bool {
    let unit = done.keeper();
    let participant = unit.participants().get(done.context().participant);
    !done.status().is_ok()
        || participant
            .is_some_and(|participant| participant.leg.first_bad(done.context().range).is_some())
}

/// Has a worker do it. The unit goes on until then, and with it its ticket.
///
/// Context: any.
pub fn hand_over(done: DoneSync) {
    done.defer::<Settle>(|unit: &UnitRef| unit.queue());
}

/// Gets it back in a worker.
struct Settle;

impl EndIo<Workable<SyncBio>, UnitRef> for Settle {
    fn ended(done: DoneSync) {
        let succeeded = done.status().is_ok();
        let (bio, unit) = done.into_context();
        let SyncBio {
            participant,
            buffer,
            range,
        } = bio.into_value();
        if let Some(participant) = unit.participants().get(participant) {
            if succeeded {
                let rdev = participant.leg.rdev();
                rdev.clear_bad_blocks(range.start(), range.len());
            } else {
                narrow(&unit, participant, buffer, range);
            }
        }
        let_go(unit);
    }
}

/// Writes page by page, and then block by block, what could not be written at once.
fn narrow(unit: &Unit, participant: &Participant, buffer: usize, range: SectorRange) {
    let leg = &participant.leg;
    leg.note_write_error();
    for page in unit.pages_of(range) {
        let Some(from) = unit.spot(buffer, page.start()) else {
            return unit.note_failure();
        };
        if !write(participant, page, from) && !write_blocks(unit, participant, buffer, page) {
            unit.note_failure();
        }
        if leg.rdev().flags().test(RdevFlag::Faulty) {
            // What is behind isn't there either.
            return unit.note_failure();
        }
        cond_resched();
    }
}

/// Writes block by block; tells whether all succeeded.
fn write_blocks(unit: &Unit, participant: &Participant, buffer: usize, page: SectorRange) -> bool {
    let leg = &participant.leg;
    let mut complete = true;
    for block in page.pieces(unit.block.sectors()) {
        let written = unit
            .spot(buffer, block.start())
            .is_some_and(|from| write(participant, block, from));
        if !written {
            complete = false;
            if !leg.record_bad_blocks(block) {
                return false;
            }
        }
    }
    complete
}

/// Writes what is within one page, and waits. What could be written is no bad block.
fn write(participant: &Participant, range: SectorRange, from: Spot<'_>) -> bool {
    let leg = &participant.leg;
    let rdev = leg.rdev();
    let written = rdev.write_page(range.start(), from.pages, from.offset, range.bytes());
    if written && leg.first_bad(range).is_some() {
        rdev.clear_bad_blocks(range.start(), range.len());
    }
    written
}
