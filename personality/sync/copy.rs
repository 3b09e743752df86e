// SPDX-License-Identifier: GPL-2.0

//! Resync and recovery: what the source has is written to the others.

use super::{
    bios::submit_write,
    unit::{
        Participant,
        UnitRef, //
    }, //
};
use crate::{
    abstractions::{
        cond_resched,
        md::RdevFlag,
        pool::PoolRef, //
    },
    logic::{
        range::SectorRange,
        sync_plan::{
            Kind,
            Role, //
        },
    },
};

/// Writes what was read from the source.
///
/// Context: a worker; may sleep.
pub fn write(unit: &UnitRef) {
    let source = unit.participants().get(unit.source);
    if source.is_some_and(Participant::was_read) {
        write_range(unit, unit.range);
    } else {
        if let Some(source) = source.filter(|source| source.leg.is_failfast()) {
            if unit.failfast_reads() {
                source.leg.gave_up();
            }
        }
        rescue(unit);
    }
}

/// Writes a range of the buffer to those that should have it.
fn write_range(unit: &UnitRef, range: SectorRange) {
    for target in unit.participants_as(Role::Target) {
        submit_write(unit, target, 0, range);
    }
    // Those that are read for a recovery are called readers, so these are a resync's.
    for peer in unit.participants_as(Role::Peer) {
        if peer != unit.source {
            submit_write(unit, peer, 0, range);
        }
    }
}

/// The source could not be read as a whole: reads page by page, and where that fails block by
/// block, from whichever leg can, and writes what was found. What is found at once is written
/// together.
fn rescue(unit: &UnitRef) {
    let mut found = unit.range.first(0);
    let mut note = |part: SectorRange, is_found: bool| {
        if is_found && found.end() == part.start() {
            found = SectorRange::between(found.start(), part.end());
        } else {
            write_found(unit, found);
            found = if is_found {
                part
            } else {
                part.without_first(part.len())
            };
        }
    };
    for page in unit.pages_of(unit.range) {
        if fetch(unit, page) {
            note(page, true);
            continue;
        }
        for block in page.pieces(unit.block.sectors()) {
            let is_found = fetch(unit, block);
            if !is_found {
                lost(unit, block);
            }
            note(block, is_found);
        }
        cond_resched();
    }
    write_found(unit, found);
}

fn write_found(unit: &UnitRef, found: SectorRange) {
    if !found.is_empty() {
        write_range(unit, found);
    }
}

/// Reads `range`, which lies within a page, into the buffer, from the source or whichever leg has
/// it. Those that could not read it get it.
fn fetch(unit: &UnitRef, range: SectorRange) -> bool {
    let Some(spot) = unit.spot(0, range.start()) else {
        return false;
    };
    // `enumerate()` would link in a panic.
    let others = (0..unit.participants().len()).filter(|other| *other != unit.source);
    let source = unit.participants().get(unit.source);
    let source_failed =
        source.is_some_and(|source| source.leg.rdev().flags().test(RdevFlag::Faulty));
    if source_failed {
        unit.note_failure();
    }
    let readers = (!source_failed)
        .then_some(unit.source)
        .into_iter()
        .chain(others)
        .filter_map(|reader| unit.participants().get(reader))
        .filter(|reader| matches!(reader.role, Role::Reader | Role::Peer));
    // In a resync the legs may differ, and readers were given what the source has: blocks next to a
    // bad one must not come from another leg.
    let only_source =
        !source_failed && matches!(unit.kind, Kind::Resync) && range.len() > unit.block.sectors();
    let asked = if only_source { 1 } else { usize::MAX };
    let mut failed: usize = 0;
    for reader in readers.clone().take(asked) {
        if reader.leg.read_to(range, spot) {
            for reader in readers.take(failed) {
                reader.leg.repair(range, unit.block, spot, unit.scratch());
                if reader.leg.lacks(range) {
                    // Nor would it get this by coming back, if the bitmap forgot the range.
                    unit.note_failure();
                }
            }
            return true;
        }
        failed = failed.saturating_add(1);
    }
    false
}

/// No leg can read a block. Legs that are only written don't have it, and it's recorded that they
/// don't: a sync that comes by later may take what the bitmap says for all that they lack.
///
/// Nor do those that a resync would have written: they may have something else than the source,
/// which is what readers were given, and md takes the array for synced all the same. The source, or
/// who is in its place, is spared: it may be able to read the block another time.
fn lost(unit: &UnitRef, block: SectorRange) {
    let leg = PoolRef::keeper(unit);
    leg.log_unreadable(block.start());
    let failed = |peer: &Participant| peer.leg.rdev().flags().test(RdevFlag::Faulty);
    let participants = unit.participants();
    let source = participants.get(unit.source).filter(|peer| !failed(peer));
    let peers = participants.iter().filter(|peer| peer.role == Role::Peer);
    let mut peers = peers.filter(|peer| !failed(peer));
    // The one that readers are given it from next.
    let next = peers.clone().find(|peer| !peer.leg.is_write_mostly());
    let spared = source.or(next).or_else(|| peers.next());
    for target in participants {
        let due = match target.role {
            Role::Target => true,
            // Of a resync, see `write_range`.
            Role::Peer => !spared.is_some_and(|spared| core::ptr::eq(spared, target)),
            Role::Reader | Role::Idle => false,
        };
        if !due {
            continue;
        }
        // md says yes to one that has failed, and records nothing.
        let recorded = target.leg.rdev().set_bad_blocks(block.start(), block.len());
        if !recorded {
            leg.conf().mddev().sync_error();
        }
        if !recorded || failed(target) {
            unit.note_failure();
        }
    }
}
