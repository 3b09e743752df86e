// SPDX-License-Identifier: GPL-2.0

//! The choice of a leg against oracles that look at single sectors, and at sorted lists.

use crate::{
    config,
    legs::{
        blocks,
        legs,
        Leg, //
    },
};
use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        BlockSize,
        SectorRange, //
    },
    read_policy::{
        can_serve,
        choose,
        fixed_leg,
        next_after,
        Choice,
        LegView,
        ReadState,
        Serve,
        Slot, //
    },
};

const SIZE: u64 = 96;

/// A range of whole blocks, not empty.
fn ranges() -> impl Strategy<Value = (SectorRange, BlockSize)> {
    (blocks(), 0..SIZE, 1..SIZE).prop_map(|(block, start, len)| {
        let start = block.round_down(start);
        let len = block.round_up(len).min(SIZE - start);
        (SectorRange::new(start, len), block)
    })
}

fn seen(legs: &[Leg], range: SectorRange) -> impl Iterator<Item = LegView> + Clone + '_ {
    legs.iter().map(move |leg| leg.seen(range))
}

fn serve(leg: &Leg, range: SectorRange, block: BlockSize) -> Serve {
    match leg.good_sectors(range, block) {
        0 => Serve::No,
        all if all == range.len() => Serve::Whole,
        sectors => Serve::Prefix(sectors),
    }
}

/// The choice in a synced part, by the letter of the documentation: classes first, then lists that
/// get shorter.
fn oracle(legs: &[Leg], range: SectorRange, state: &ReadState) -> Option<(Slot, u64)> {
    let sectors = |leg: &Leg| leg.good_sectors(range, state.block);
    for slow in [false, true] {
        let class: Vec<&Leg> = legs
            .iter()
            .filter(|leg| leg.view.write_mostly == slow)
            .collect();
        let whole: Vec<&Leg> = class
            .iter()
            .filter(|leg| sectors(leg) == range.len())
            .copied()
            .collect();
        if !whole.is_empty() {
            let away = |leg: &&Leg| {
                leg.view.next_sequential != range.start() && leg.view.head_position != range.start()
            };
            let turn = |leg: &Leg| (leg.view.slot < state.turn, leg.view.slot);
            let distance = |leg: &Leg| leg.view.head_position.abs_diff(range.start());
            let best = if state.solid_state {
                let least = whole.iter().map(|leg| leg.view.pending).min()?;
                let idle: Vec<&Leg> = whole
                    .into_iter()
                    .filter(|leg| leg.view.pending == least)
                    .collect();
                let next = idle.iter().any(|leg| !away(leg));
                idle.into_iter()
                    .filter(|leg| !next || !away(leg))
                    .min_by_key(|leg| turn(leg))?
            } else {
                let next: Vec<&Leg> = whole.iter().filter(|leg| !away(leg)).copied().collect();
                let idle: Vec<&Leg> = whole
                    .iter()
                    .filter(|leg| leg.view.pending == 0)
                    .copied()
                    .collect();
                let among = if !next.is_empty() {
                    next
                } else if !idle.is_empty() {
                    idle
                } else {
                    whole
                };
                among
                    .into_iter()
                    .min_by_key(|leg| (distance(leg), turn(leg)))?
            };
            return Some((best.view.slot, range.len()));
        }
        let most = class.iter().map(|leg| sectors(leg)).max().unwrap_or(0);
        if most > 0 {
            let best = class.into_iter().filter(|leg| sectors(leg) == most);
            return best
                .min_by_key(|leg| (leg.view.slot < state.turn, leg.view.slot))
                .map(|leg| (leg.view.slot, most));
        }
    }
    None
}

/// The fixed leg of one block.
fn fixed_of_block(legs: &[Leg], start: u64, block: BlockSize) -> Option<Slot> {
    let mut order: Vec<&Leg> = legs.iter().collect();
    order.sort_by_key(|leg| (leg.view.write_mostly, leg.view.slot));
    order
        .into_iter()
        .find(|leg| leg.good_block(start, block))
        .map(|leg| leg.view.slot)
}

fn states() -> impl Strategy<Value = (bool, Slot)> {
    (any::<bool>(), 0..7u16)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_leg_serves_its_good_blocks((range, block) in ranges(), legs in legs(SIZE)) {
        for leg in &legs {
            prop_assert_eq!(can_serve(&leg.seen(range), range, block), serve(leg, range, block));
        }
    }

    #[test]
    fn the_choice_is_the_documented_one(
        (range, block) in ranges(),
        legs in legs(SIZE),
        (solid_state, turn) in states(),
    ) {
        let state = ReadState { unsynced: false, solid_state, block, turn };
        let choice = choose(seen(&legs, range), range, &state);
        prop_assert_eq!(choice.map(|c| (c.slot, c.sectors)), oracle(&legs, range, &state));
        let able = legs.iter().filter(|leg| !leg.view.write_mostly)
            .filter(|leg| leg.good_sectors(range, block) == range.len()).count();
        prop_assert_eq!(choice.is_some_and(|c| c.spare), able > 1);
    }

    #[test]
    fn unsynced_blocks_have_one_leg_each(
        (range, block) in ranges(),
        legs in legs(SIZE),
        (solid_state, turn) in states(),
    ) {
        let state = ReadState { unsynced: true, solid_state, block, turn };
        let choice = choose(seen(&legs, range), range, &state);
        prop_assert_eq!(choice, fixed_leg(seen(&legs, range), range, block));
        match choice {
            None => prop_assert_eq!(fixed_of_block(&legs, range.start(), block), None),
            Some(Choice { slot, sectors, spare }) => {
                prop_assert!(!spare && sectors > 0 && sectors <= range.len());
                prop_assert_eq!(sectors % block.sectors(), 0);
                let got = range.first(sectors);
                for start in (got.start()..got.end()).step_by(block.sectors() as usize) {
                    prop_assert_eq!(fixed_of_block(&legs, start, block), Some(slot));
                }
            }
        }
    }

    #[test]
    fn a_retry_visits_each_able_leg_once(
        (range, block) in ranges(),
        legs in legs(SIZE),
        first in 0..6u16,
    ) {
        let mut visited = vec![first];
        let mut failed = first;
        while let Some(choice) = next_after(seen(&legs, range), range, block, first, failed) {
            let leg = legs.iter().find(|leg| leg.view.slot == choice.slot).expect("a leg");
            prop_assert_eq!(leg.good_sectors(range, block), choice.sectors);
            prop_assert!(choice.sectors > 0);
            // This one and others that are still to come, from `first` round to it.
            let after = |slot: Slot| slot.wrapping_sub(first) > failed.wrapping_sub(first);
            let able = legs.iter().filter(|leg| after(leg.view.slot) && !leg.view.write_mostly)
                .filter(|leg| leg.good_sectors(range, block) == range.len()).count();
            prop_assert_eq!(choice.spare, able > 1);
            visited.push(choice.slot);
            prop_assert!(visited.len() <= 7);
            failed = choice.slot;
        }
        let able = |leg: &&Leg| leg.view.slot != first && leg.good_sectors(range, block) > 0;
        let mut expected: Vec<Slot> = legs.iter().filter(able).map(|leg| leg.view.slot).collect();
        expected.sort_by_key(|slot| (*slot < first, *slot));
        expected.insert(0, first);
        prop_assert_eq!(visited, expected);
    }
}

#[test]
fn can_serve_at_the_edges() {
    let block = BlockSize::from_bytes(4096).expect("a power of two");
    let range = SectorRange::new(80, 16);
    let bad = |start, len| Some(SectorRange::new(start, len));
    // in sync, recovery offset, first bad -> answer
    let table = [
        (true, 0, None, Serve::Whole),
        (false, 0, None, Serve::No),
        (false, 80, None, Serve::No),
        (false, 87, None, Serve::No),
        (false, 88, None, Serve::Prefix(8)),
        (false, 95, None, Serve::Prefix(8)),
        (false, 96, None, Serve::Whole),
        (false, u64::MAX, None, Serve::Whole),
        (true, 0, bad(79, 1), Serve::Whole),
        (true, 0, bad(79, 2), Serve::No),
        (true, 0, bad(80, 1), Serve::No),
        (true, 0, bad(87, 1), Serve::No),
        (true, 0, bad(88, 1), Serve::Prefix(8)),
        (true, 0, bad(95, 1), Serve::Prefix(8)),
        (true, 0, bad(96, 1), Serve::Whole),
        (true, 0, bad(0, u64::MAX), Serve::No),
        (false, 88, bad(95, 1), Serve::Prefix(8)),
        (false, 95, bad(87, 9), Serve::No),
    ];
    for (in_sync, recovery_offset, first_bad, answer) in table {
        let leg = LegView {
            in_sync,
            recovery_offset,
            first_bad,
            ..Leg::healthy(0).view
        };
        let failed = LegView {
            faulty: true,
            ..leg
        };
        let case = (in_sync, recovery_offset, first_bad);
        assert_eq!(can_serve(&leg, range, block), answer, "{case:?}");
        assert_eq!(can_serve(&failed, range, block), Serve::No, "{case:?}");
    }
}

/// HAZARDS 1: a dirty array whose slot 0 was being rebuilt.
#[test]
fn an_unrecovered_leg_is_not_the_fixed_one() {
    let mut legs = [Leg::healthy(0), Leg::healthy(1), Leg::healthy(2)];
    legs[0].view.in_sync = false;
    legs[0].view.recovery_offset = 64;
    let fixed = |start| {
        let range = SectorRange::new(start, 16);
        fixed_leg(seen(&legs, range), range, BlockSize::SECTOR).map(|c| (c.slot, c.sectors))
    };
    assert_eq!(fixed(0), Some((0, 16)));
    assert_eq!(fixed(56), Some((0, 8)));
    assert_eq!(fixed(64), Some((1, 16)));
}

/// HAZARDS 16 and 20: a write-mostly leg in slot 0.
#[test]
fn a_write_mostly_leg_is_the_fixed_one_only_if_alone() {
    let mut legs = [Leg::healthy(0), Leg::healthy(1)];
    legs[0].view.write_mostly = true;
    let range = SectorRange::new(0, 16);
    let fixed = |legs: &[Leg]| fixed_leg(seen(legs, range), range, BlockSize::SECTOR);
    assert_eq!(fixed(&legs).map(|c| c.slot), Some(1));
    legs[1].view.faulty = true;
    assert_eq!(fixed(&legs).map(|c| c.slot), Some(0));
}

/// One stream with several reads in flight uses both solid-state legs; a single reader stays.
#[test]
fn streams_on_solid_state_legs() {
    let mut legs = [Leg::healthy(0), Leg::healthy(1)];
    let state = ReadState {
        unsynced: false,
        solid_state: true,
        block: BlockSize::SECTOR,
        turn: 0,
    };
    let range = SectorRange::new(64, 64);
    legs[1].view.next_sequential = 64;
    let slot = |legs: &[Leg]| choose(seen(legs, range), range, &state).map(|c| c.slot);
    assert_eq!(slot(&legs), Some(1));
    legs[1].view.pending = 1;
    assert_eq!(slot(&legs), Some(0));
    legs[0].view.pending = 1;
    assert_eq!(slot(&legs), Some(1));
}
