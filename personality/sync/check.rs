// SPDX-License-Identifier: GPL-2.0

//! Check and repair: all copies are compared, block by block.

use super::{
    bios::submit_write,
    unit::{
        Participant,
        Unit,
        UnitRef, //
    }, //
};
use crate::{
    abstractions::{
        cond_resched,
        pool::PoolRef, //
    },
    log_line,
    logic::{
        range::SectorRange,
        sync_plan::{
            Kind,
            Role, //
        },
        vote::{
            elect,
            Copies,
            Ruling,
            Run,
            Runs, //
        },
    },
};

/// The copies that were read; copy `n` is in buffer `n`.
struct Read<'a>(&'a Unit);

impl Read<'_> {
    fn participant(&self, copy: usize) -> Option<&Participant> {
        let (_, participant) = self.0.peers().nth(copy)?;
        self.0.participants().get(participant)
    }
}

impl Copies for Read<'_> {
    fn count(&self) -> usize {
        // `count()` would link in a panic.
        self.0
            .peers()
            .fold(0, |count: usize, _| count.saturating_add(1))
    }

    fn readable(&self, copy: usize, range: SectorRange) -> bool {
        self.participant(copy)
            .is_some_and(|participant| !participant.unread.any(range))
    }

    fn equal(&self, a: usize, b: usize, range: SectorRange) -> bool {
        match (self.0.buffer(a), self.0.buffer(b)) {
            (Some(ours), Some(theirs)) => {
                ours.equal(theirs, self.0.offset_of(range.start()), range.bytes())
            }
            _ => false,
        }
    }
}

/// Compares the copies, counts and reports what differs, and writes what is to be written: copies
/// that could not be read, and in a repair those that lost the vote.
///
/// Context: a worker; may sleep.
pub fn compare(unit: &UnitRef) {
    for (buffer, participant) in unit.peers() {
        if let Some(participant) = unit.participants().get(participant) {
            if !participant.was_read() {
                read_again(unit, participant, buffer);
            }
        }
    }
    let copies = Read(unit);
    for run in Runs::new(&copies, unit.range, unit.block) {
        report(unit, &run);
        if run.verdict.ruling == Ruling::Lost {
            unit.note_failure();
            continue;
        }
        for (copy, participant) in unit.peers() {
            if !run.condemns(&copies, copy) {
                continue;
            }
            if !copies.readable(copy, run.range) {
                repair(unit, participant, copy, &run);
            } else if unit.kind == Kind::Repair {
                submit_write(unit, participant, run.verdict.winner, run.range);
            }
        }
        cond_resched();
    }
    if unit.kind == Kind::Repair {
        write_targets(unit, &copies);
    }
}

/// Finds out which blocks a leg can't read, and reads the others.
fn read_again(unit: &Unit, participant: &Participant, buffer: usize) {
    let leg = &participant.leg;
    let can_read = |range: SectorRange| {
        unit.spot(buffer, range.start())
            .is_some_and(|spot| leg.read_to(range, spot))
    };
    for page in unit.pages_of(unit.range) {
        if can_read(page) {
            continue;
        }
        for block in page.pieces(unit.block.sectors()) {
            if !can_read(block) {
                participant.unread.add(block);
            }
        }
        cond_resched();
    }
}

/// Has a leg write what it could not read.
fn repair(unit: &Unit, participant: usize, buffer: usize, run: &Run) {
    let Some(participant) = unit.participants().get(participant) else {
        return;
    };
    for page in unit.pages_of(run.range) {
        let good = unit.spot(run.verdict.winner, page.start());
        let back = unit.spot(buffer, page.start());
        if let (Some(good), Some(back)) = (good, back) {
            participant.leg.repair(page, unit.block, good, back);
        }
    }
}

/// Legs that were not read get what won.
fn write_targets(unit: &UnitRef, copies: &Read<'_>) {
    if unit.participants_as(Role::Target).next().is_none() {
        return;
    }
    let write = |winner: Option<usize>, range: SectorRange| {
        if let Some(winner) = winner.filter(|_| !range.is_empty()) {
            for target in unit.participants_as(Role::Target) {
                submit_write(unit, target, winner, range);
            }
        }
    };
    let (mut from, mut same) = (None, unit.range.first(0));
    for block in unit.range.pieces(unit.block.sectors()) {
        let verdict = elect(copies, block);
        let winner = (verdict.ruling != Ruling::Lost).then_some(verdict.winner);
        if winner != from {
            write(from, same);
            (from, same) = (winner, block.first(0));
        }
        same = SectorRange::between(same.start(), block.end());
    }
    write(from, same);
}

fn report(unit: &UnitRef, run: &Run) {
    let leg = PoolRef::keeper(unit);
    let conf = leg.conf();
    let mddev = conf.mddev();
    if run.verdict.ruling == Ruling::Lost {
        leg.log_unreadable(run.range.start());
    }
    let mismatches = run.mismatches();
    if mismatches == 0 {
        return;
    }
    mddev.add_resync_mismatches(mismatches);
    if conf.log_limit.allows() {
        log_line!(
            Info,
            "md/raid1:{}: mismatch sector in range {}-{}",
            mddev.name(),
            run.range.start(),
            run.range.end()
        );
    }
}
