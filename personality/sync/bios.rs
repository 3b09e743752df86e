// SPDX-License-Identifier: GPL-2.0

//! The bios of a unit: what it reads from the legs and writes to them.

use super::{
    settle,
    unit::{
        advance,
        let_go,
        UnitRef, //
    },
};
use crate::{
    abstractions::{
        bio::opf,
        bio_set::{
            Blank,
            Done,
            EndIo, //
        },
        pool::PoolRef,
        status::Status,
        work::Workable, //
    },
    logic::{
        range::SectorRange,
        sync_plan::Kind, //
    },
    personality::leg::Leg,
};

/// What is known about a bio of a unit.
pub struct SyncBio {
    /// Whose it is.
    pub participant: usize,
    /// Which buffer it reads into, or writes from.
    pub buffer: usize,
    /// The sectors.
    pub range: SectorRange,
}

/// A bio of a unit that has ended.
pub type DoneSync = Done<Workable<SyncBio>, UnitRef>;

/// Reads what is to be copied or compared.
///
/// Context: the sync thread.
pub fn read(unit: &UnitRef) {
    match unit.kind {
        Kind::Resync | Kind::Recovery => submit_read(unit, unit.source, 0, unit.failfast_reads()),
        Kind::Check | Kind::Repair => {
            for (buffer, participant) in unit.peers() {
                // All but one may fail early.
                submit_read(unit, participant, buffer, buffer != 0);
            }
        }
    }
}

fn submit_read(unit: &UnitRef, participant: usize, buffer: usize, failfast: bool) {
    let operation = opf::READ | if failfast { opf::FAILFAST } else { 0 };
    if submit::<ReadEnd>(unit, participant, buffer, unit.range, operation).is_none() {
        unit.note_read(participant, Status::IO_ERROR);
    }
}

/// Writes `range` from buffer `buffer` to a participant.
///
/// Context: a worker; may sleep for memory.
pub fn submit_write(unit: &UnitRef, participant: usize, buffer: usize, range: SectorRange) {
    let operation = opf::WRITE | opf::FAILFAST;
    if submit::<WriteEnd>(unit, participant, buffer, range, operation).is_none() {
        // It does not have what the others get.
        unit.note_failure();
        if let Some(participant) = unit.participants().get(participant) {
            participant.leg.write_failed();
        }
    }
}

/// A leg that isn't to fail fast doesn't get that flag.
///
/// [`None`]: there is no such participant or buffer.
fn submit<H: EndIo<Workable<SyncBio>, UnitRef>>(
    unit: &UnitRef,
    participant: usize,
    buffer: usize,
    range: SectorRange,
    operation: u32,
) -> Option<()> {
    let leg: &Leg = &unit.participants().get(participant)?.leg;
    let blank = Blank::over_pages(
        leg.rdev().block_device(),
        operation,
        unit.offset_of(range.start()),
        range.bytes(),
        unit.clone(),
        |unit: &UnitRef| &PoolRef::keeper(unit).conf().sync_bios,
        |unit: &UnitRef| unit.buffer(buffer),
    )
    .ok()?;
    let mut bio = blank.with(Workable::new(SyncBio {
        participant,
        buffer,
        range,
    }));
    if !leg.is_failfast() {
        bio.clear_flags(opf::FAILFAST);
    }
    // A sector that would be past the highest is past the device's end in any case.
    bio.set_sector(range.start().saturating_add(leg.rdev().data_offset()));
    bio.submit::<H>();
    Some(())
}

/// Gets a unit's reads back.
struct ReadEnd;

impl EndIo<Workable<SyncBio>, UnitRef> for ReadEnd {
    fn ended(done: DoneSync) {
        let status = done.status();
        let (bio, unit) = done.into_context();
        unit.note_read(bio.participant, status);
        advance(unit);
    }
}

/// Gets a unit's writes back.
struct WriteEnd;

impl EndIo<Workable<SyncBio>, UnitRef> for WriteEnd {
    fn ended(done: DoneSync) {
        if settle::has_more(&done) {
            return settle::hand_over(done);
        }
        let (_, unit) = done.into_context();
        let_go(unit);
    }
}
