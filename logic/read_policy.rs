// SPDX-License-Identifier: GPL-2.0

//! Which leg a read goes to.
//!
//! [`can_serve`] is THE predicate: whoever reads from a leg, for whatever purpose, asks it first.
//! (Or a quick look at the leg's flags that says yes only where this would for any range.) The
//! policies below it choose only among legs that passed.
//!
//! All functions make one pass over the legs, keep no list, and expect the legs in ascending order
//! of slots.

use super::range::{
    BlockSize,
    SectorRange, //
};

/// The number of a slot: `0..raid_disks` members, above them the replacements.
pub type Slot = u16;

/// What a policy knows of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegView {
    /// The slot that the leg is in.
    pub slot: Slot,
    /// The leg has failed (`Faulty`).
    pub faulty: bool,
    /// The leg holds the array's data everywhere (`In_sync`).
    pub in_sync: bool,
    /// If it is not in sync: it holds the data below this sector.
    pub recovery_offset: u64,
    /// To be read from only if nothing else serves (`WriteMostly`).
    pub write_mostly: bool,
    /// The first bad blocks that overlap the range in question, as recorded: they may begin before
    /// it and end after it.
    pub first_bad: Option<SectorRange>,
    /// Moving its head costs time.
    pub rotational: bool,
    /// Requests in flight.
    pub pending: u32,
    /// The sector after the last request that completed.
    pub head_position: u64,
    /// The sector after the last read that was sent there.
    pub next_sequential: u64,
}

/// How much of a range a leg can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serve {
    /// Not the first block of it.
    No,
    /// The first so many sectors: less than all, more than none, whole blocks.
    Prefix(u64),
    /// All of it.
    Whole,
}

/// Whether the leg holds good data for `range`.
///
/// It does up to where it is recovered, and up to its first bad block, cut down to whole blocks so
/// that what is left can be read at all.
#[inline]
pub fn can_serve(leg: &LegView, range: SectorRange, block: BlockSize) -> Serve {
    if leg.faulty {
        return Serve::No;
    }
    let mut good = range.len();
    if !leg.in_sync {
        good = good.min(leg.recovery_offset.saturating_sub(range.start()));
    }
    if let Some(bad) = leg.first_bad {
        if bad.overlaps(&range) {
            good = good.min(bad.start().saturating_sub(range.start()));
        }
    }
    if good == range.len() {
        return Serve::Whole;
    }
    match block.round_down(good) {
        0 => Serve::No,
        good => Serve::Prefix(good),
    }
}

/// For a leg that can't serve the start of `range`: for how many sectors that stays so, in whole
/// blocks, and never less than one.
#[inline]
fn unserved(leg: &LegView, range: SectorRange, block: BlockSize) -> u64 {
    let recovered = leg.in_sync
        || range
            .start()
            .saturating_add(block.sectors())
            .min(range.end())
            <= leg.recovery_offset;
    match leg.first_bad {
        // In good standing but for the bad blocks: it serves again behind them.
        Some(bad) if !leg.faulty && recovered => {
            block.round_up(bad.end().saturating_sub(range.start()).max(1))
        }
        _ => u64::MAX,
    }
}

/// A leg, and how much to read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The slot of the leg.
    pub slot: Slot,
    /// So many sectors from the start of the range, at least one.
    pub sectors: u64,
    /// Another leg can stand in for this one: one that is not write-mostly could have served all of
    /// it as well, or in a retry, has its turn after it. So the read may be sent failfast.
    pub spare: bool,
}

/// What [`choose`] has to know beside the legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadState {
    /// The range, or a part of it, lies in a part of the array that is not yet resynced: the legs
    /// may differ there.
    pub unsynced: bool,
    /// Some leg of the array is not rotational.
    pub solid_state: bool,
    /// The array's logical block size.
    pub block: BlockSize,
    /// From which slot on to look among equals; any number does.
    pub turn: Slot,
}

/// The leg to read `range` from; [`None`] if there is none for its first block.
///
/// Where the legs may differ, that is [`fixed_leg`]. Elsewhere, the first class that is not empty:
/// 1. legs that serve all of it;
/// 2. legs that serve the start, and of these the one that serves the most;
/// 3. the same two again for write-mostly legs.
///
/// Within class 1, with a solid-state leg in the array: fewest requests in flight, then the leg on
/// which the read continues a sequence, then the next in turn. (So one stream of reads that are in
/// flight at the same time uses every leg, and one with a single read at a time stays.) With
/// rotational legs only: the leg on which the read continues a sequence, then an idle one, then the
/// one with the closest head.
#[inline]
pub fn choose(
    legs: impl Iterator<Item = LegView>,
    range: SectorRange,
    state: &ReadState,
) -> Option<Choice> {
    if state.unsynced {
        return fixed_leg(legs, range, state.block);
    }
    let mut best: Option<(Rank, Choice)> = None;
    let mut able: u32 = 0;
    for leg in legs {
        let (sectors, rank) = match can_serve(&leg, range, state.block) {
            Serve::No => continue,
            Serve::Whole => {
                able = able.saturating_add(u32::from(!leg.write_mostly));
                (range.len(), Rank::whole(&leg, range, state))
            }
            Serve::Prefix(sectors) => (sectors, Rank::prefix(&leg, sectors, state)),
        };
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            let choice = Choice {
                slot: leg.slot,
                sectors,
                spare: false,
            };
            best = Some((rank, choice));
        }
    }
    best.map(|(_, choice)| Choice {
        // If there is any, the chosen one is one of them.
        spare: able > 1,
        ..choice
    })
}

const WHOLE: u8 = 0;
const PREFIX: u8 = 1;
const SLOW: u8 = 2;

/// Where a leg comes among those that can serve: the least one is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: u8,
    /// In-flight requests, or not sequential and busy, or sectors that are missing.
    first: u64,
    /// Not sequential, or the distance of the head.
    second: u64,
    /// Distance from whose turn it is.
    third: Slot,
}

impl Rank {
    #[inline]
    fn whole(leg: &LegView, range: SectorRange, state: &ReadState) -> Rank {
        let away = leg.next_sequential != range.start() && leg.head_position != range.start();
        let (first, second) = if state.solid_state {
            (u64::from(leg.pending), u64::from(away))
        } else {
            let busy = if away {
                1 + u64::from(leg.pending > 0)
            } else {
                0
            };
            (busy, leg.head_position.abs_diff(range.start()))
        };
        Rank {
            class: class(leg, WHOLE),
            first,
            second,
            third: leg.slot.wrapping_sub(state.turn),
        }
    }

    #[inline]
    fn prefix(leg: &LegView, sectors: u64, state: &ReadState) -> Rank {
        Rank {
            class: class(leg, PREFIX),
            first: u64::MAX - sectors,
            second: 0,
            third: leg.slot.wrapping_sub(state.turn),
        }
    }
}

#[inline]
fn class(leg: &LegView, class: u8) -> u8 {
    if leg.write_mostly {
        class | SLOW
    } else {
        class
    }
}

/// The one leg from which `range` is read while the legs may differ there; also the source from
/// which a resync copies to the others, so that the resync never changes what a reader saw.
///
/// Each block has one such leg, however it is asked for: the first leg that serves the block and is
/// not write-mostly; else the first that serves it. The choice ends where that would be another
/// one.
#[inline]
pub fn fixed_leg(
    legs: impl Iterator<Item = LegView>,
    range: SectorRange,
    block: BlockSize,
) -> Option<Choice> {
    let mut slow: Option<(Slot, u64)> = None;
    // How far it stays true that the legs which come first can't serve.
    let mut unserved_fast = range.len();
    let mut unserved_slow = range.len();
    let choice = |slot, sectors| Choice {
        slot,
        sectors,
        spare: false,
    };
    for leg in legs {
        let served = match can_serve(&leg, range, block) {
            Serve::Whole => range.len(),
            Serve::Prefix(sectors) => sectors,
            Serve::No if leg.write_mostly && slow.is_some() => continue,
            Serve::No if leg.write_mostly => {
                unserved_slow = unserved_slow.min(unserved(&leg, range, block));
                continue;
            }
            Serve::No => {
                unserved_fast = unserved_fast.min(unserved(&leg, range, block));
                continue;
            }
        };
        if !leg.write_mostly {
            return Some(choice(leg.slot, served.min(unserved_fast)));
        }
        if slow.is_none() {
            slow = Some((leg.slot, served.min(unserved_slow)));
        }
    }
    slow.map(|(slot, served)| choice(slot, served.min(unserved_fast)))
}

/// The leg that a read goes to after it failed on `failed`; [`None`] if it was everywhere.
///
/// A retry takes the slots in cyclic order, from `first`, the slot that it failed on first, round
/// to the one before. So each leg is tried once, without a list of those that were. The caller
/// passes those legs of the order that can be asked now; that may change from one call to the next.
#[inline]
pub fn next_after(
    legs: impl Iterator<Item = LegView>,
    range: SectorRange,
    block: BlockSize,
    first: Slot,
    failed: Slot,
) -> Option<Choice> {
    let tried = failed.wrapping_sub(first);
    let mut best: Option<(Slot, Choice)> = None;
    let mut able: u32 = 0;
    for leg in legs {
        let serve = can_serve(&leg, range, block);
        let turn = leg.slot.wrapping_sub(first);
        if turn <= tried {
            continue;
        }
        able = able.saturating_add(u32::from(serve == Serve::Whole && !leg.write_mostly));
        if best.is_some_and(|(least, _)| least < turn) {
            continue;
        }
        let sectors = match serve {
            Serve::No => continue,
            Serve::Prefix(sectors) => sectors,
            Serve::Whole => range.len(),
        };
        let choice = Choice {
            slot: leg.slot,
            sectors,
            spare: false,
        };
        best = Some((turn, choice));
    }
    best.map(|(_, choice)| Choice {
        spare: able > 1,
        ..choice
    })
}
