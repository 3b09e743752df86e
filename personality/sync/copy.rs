// SPDX-License-Identifier: GPL-2.0

//! Resync and recovery: what the source has is written to the others.

use super::unit::{
    submit_write,
    Participant,
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

/// The source could not be read as a whole: reads block by block, from whichever leg can, and writes
/// what was found. Runs of blocks are written together.
fn rescue(unit: &UnitRef) {
    let mut left = unit.range;
    let mut found = left.first(0);
    while !left.is_empty() {
        let (block, behind) = left.split_at(unit.block.sectors());
        if read_block(unit, block) {
            found = SectorRange::between(found.start(), block.end());
        } else {
            write_found(unit, found);
            lost(unit, block);
            found = behind.first(0);
        }
        left = behind;
    }
    write_found(unit, found);
}

fn write_found(unit: &UnitRef, found: SectorRange) {
    if !found.is_empty() {
        write_range(unit, found);
    }
}

/// Reads a block into the buffer, from the source or whichever leg has it.
fn read_block(unit: &UnitRef, block: SectorRange) -> bool {
    let Some(buffer) = unit.buffer(0) else {
        return false;
    };
    let source = unit.participants().get(unit.source).into_iter();
    let others = unit
        .participants()
        .iter()
        .filter(|participant| matches!(participant.role, Role::Reader | Role::Peer));
    source.chain(others).any(|participant| {
        participant.leg.rdev().read_page(
            block.start(),
            buffer,
            unit.offset_of(block.start()),
            block.bytes(),
        )
    })
}

/// No leg can read a block. Legs that are being recovered don't have it, and it's recorded that they
/// don't.
fn lost(unit: &UnitRef, block: SectorRange) {
    let leg = PoolRef::keeper(unit);
    let mddev = leg.conf().mddev();
    if leg.conf().read_log.allows() {
        log_line!(
            Critical,
            "md/raid1:{}: {}: unrecoverable I/O read error for block {}",
            mddev.name(),
            leg.rdev().block_device(),
            block.start()
        );
    }
    unit.note_failure();
    if unit.kind != Kind::Recovery {
        return;
    }
    for target in unit.participants_as(Role::Target) {
        let Some(target) = unit.participants().get(target) else {
            continue;
        };
        if !target.leg.rdev().set_bad_blocks(block.start(), block.len()) {
            mddev.sync_error();
        }
    }
}
