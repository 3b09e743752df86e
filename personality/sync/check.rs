// SPDX-License-Identifier: GPL-2.0

//! Check and repair: all copies are compared, block by block.

use super::unit::{
    submit_write,
    Participant,
    Unit,
    UnitRef, //
};
use crate::{
    abstractions::pool::PoolRef,
    log_line,
    logic::{
        range::SectorRange,
        sync_plan::{
            Kind,
            Role, //
        },
        vote::{
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

    fn readable(&self, copy: usize, _range: SectorRange) -> bool {
        self.participant(copy).is_some_and(Participant::was_read)
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

/// Compares the copies, counts and reports what differs, and writes what is to be written: copies that
/// could not be read, and in a repair those that lost the vote.
///
/// Context: a worker; may sleep.
pub fn compare(unit: &UnitRef) {
    let copies = Read(unit);
    for run in Runs::new(&copies, unit.range, unit.block) {
        report(unit, &run);
        if run.verdict.ruling == Ruling::Lost {
            unit.note_failure();
            continue;
        }
        for (copy, participant) in unit.peers() {
            let heals = !copies.readable(copy, run.range);
            if run.condemns(&copies, copy) && (heals || unit.kind == Kind::Repair) {
                submit_write(unit, participant, run.verdict.winner, run.range);
            }
        }
    }
    if unit.kind == Kind::Repair {
        write_targets(unit, &copies);
    }
}

/// Legs that were not read get what won.
fn write_targets(unit: &UnitRef, copies: &Read<'_>) {
    if unit.participants_as(Role::Target).next().is_none() {
        return;
    }
    let mut left = unit.range;
    while !left.is_empty() {
        let (block, behind) = left.split_at(unit.block.sectors());
        let verdict = crate::logic::vote::elect(copies, block);
        if verdict.ruling != Ruling::Lost {
            for target in unit.participants_as(Role::Target) {
                submit_write(unit, target, verdict.winner, block);
            }
        }
        left = behind;
    }
}

fn report(unit: &UnitRef, run: &Run) {
    let leg = PoolRef::keeper(unit);
    let conf = leg.conf();
    let mddev = conf.mddev();
    let mismatches = run.mismatches();
    if mismatches == 0 {
        return;
    }
    mddev.add_resync_mismatches(mismatches);
    if conf.read_log.allows() {
        log_line!(
            Info,
            "md/raid1:{}: mismatch sector in range {}-{}",
            mddev.name(),
            run.range.start(),
            run.range.end()
        );
    }
}
