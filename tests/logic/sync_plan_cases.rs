// SPDX-License-Identifier: GPL-2.0

//! Cases of [`sync_plan`](super::sync_plan): whole syncs at random, and what happens at the edges.

use crate::{
    config,
    legs::Leg, //
};
use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        BlockSize,
        SectorRange,
        UNIT_SECTORS, //
    },
    read_policy::Slot,
    sync_plan::{
        plan,
        window,
        Decision,
        Kind,
        Step, //
    },
};

use super::sync_plan::{
    arrays,
    Array,
    Member,
    SIZE, //
};

proptest! {
    #![proptest_config(config())]

    /// All that can be read afterwards is what readers were given before.
    #[test]
    fn a_resync_makes_the_legs_alike(array in arrays(), start in 0..SIZE, halt in 0..SIZE) {
        let mut array = array;
        // Where the bitmap is clean the legs are alike already.
        let clean: Vec<bool> = (0..SIZE).map(|sector| array.is_clean(Kind::Resync, sector)).collect();
        for member in &mut array.members {
            for (sector, value) in member.data.iter_mut().enumerate().filter(|(sector, _)| clean[*sector]) {
                let _ = sector;
                *value = 0;
            }
        }
        // But for what legs are to be recovered that it doesn't cover.
        for member in array.members.iter_mut().filter(|member| !member.leg.view.in_sync && member.full_sync) {
            for sector in member.leg.view.recovery_offset.min(SIZE)..SIZE {
                member.data[sector as usize] = 77;
            }
        }
        let before = array.clone();
        if array.sync(Kind::Resync, start, halt)? {
            for start in before.blocks_of(before.all_blocks()).filter(|block| *block >= start) {
                let Some(source) = before.fixed(start) else { continue };
                let seen = before.members[source].data[start as usize];
                for member in &array.members {
                    // md may take all that was passed for recovered.
                    let recovered = !member.leg.view.faulty && !member.leg.view.in_sync && member.leg.bad.is_empty();
                    if recovered || member.leg.good_block(start, array.block) {
                        prop_assert_eq!(member.data[start as usize], seen, "block {}", start);
                    }
                }
            }
        }
    }

    /// Each leg that was not in sync has all that any other has, and was written only where it lacked it.
    #[test]
    fn a_recovery_gives_what_is_lacking(array in arrays(), halt in 0..SIZE) {
        let mut array = array;
        let clean: Vec<bool> = (0..SIZE).map(|sector| array.is_clean(Kind::Recovery, sector)).collect();
        for member in &mut array.members {
            for sector in 0..SIZE {
                let has = member.leg.view.in_sync
                    || sector < member.leg.view.recovery_offset
                    || (clean[sector as usize] && !member.full_sync);
                if has {
                    member.data[sector as usize] = 0;
                }
            }
        }
        let lacking = array.members.iter().filter(|member| !member.leg.view.in_sync && !member.leg.view.faulty);
        let start = lacking.map(|member| member.leg.view.recovery_offset).min().unwrap_or(0);
        let before = array.clone();
        if array.sync(Kind::Recovery, start, halt)? {
            for member in &array.members {
                if member.leg.view.faulty {
                    continue;
                }
                for start in before.blocks_of(before.all_blocks()) {
                    if before.fixed(start).is_some() {
                        prop_assert_eq!(member.data[start as usize], 0, "block {} of {:?}", start, member.leg);
                    }
                }
            }
        }
    }

    /// HAZARDS 18: a check reads on behind what is bad, and changes nothing.
    #[test]
    fn checks_and_repairs_reach_the_end(array in arrays(), start in 0..SIZE, halt in 0..SIZE) {
        let mut checked = array.clone();
        checked.sync(Kind::Check, start, halt)?;
        for (member, before) in checked.members.iter().zip(&array.members) {
            prop_assert_eq!(&member.data, &before.data);
        }
        let mut repaired = array;
        repaired.sync(Kind::Repair, start, halt)?;
    }
}

fn healthy(count: Slot) -> Array {
    let member = |slot| Member {
        leg: Leg::healthy(slot),
        full_sync: true,
        write_error_seen: false,
        data: Vec::new(),
    };
    Array {
        members: (0..count).map(member).collect(),
        raid_disks: count,
        block: BlockSize::SECTOR,
        max: SIZE,
        chunk: 1,
        clean: Vec::new(),
    }
}

fn decide(array: &Array, step: &Step) -> Decision {
    let looked_at = window(step);
    plan(
        step,
        array
            .members
            .iter()
            .map(|member| array.view(member, looked_at)),
    )
}

#[test]
fn windows_at_their_edges() {
    let block = BlockSize::from_bytes(4096).expect("a power of two");
    let step = |at, max, resync_max, bitmap_sectors| Step {
        kind: Kind::Resync,
        at,
        max,
        resync_max,
        bitmap_sectors,
        bitmap_clean: false,
        block,
        raid_disks: 2,
    };
    const MAX: u64 = u64::MAX;
    // at, max, resync_max, bitmap -> start, length
    let table = [
        (0, 4096, MAX, MAX, 0, 2048),
        (0, 1000, MAX, MAX, 0, 1000),
        (0, 1001, MAX, MAX, 0, 1000),
        (3, 4096, MAX, MAX, 0, 2048),
        (2047, 4096, MAX, MAX, 2040, 8),
        (2048, 4096, MAX, MAX, 2048, 2048),
        (0, 4096, 100, MAX, 0, 104),
        (0, 4096, MAX, 100, 0, 104),
        (0, 4096, MAX, 0, 0, 8),
        (100, 4096, 100, MAX, 96, 0),
        (1000, 1001, MAX, MAX, 1000, 0),
        (4096, 4096, MAX, MAX, 4096, 0),
        (MAX - 1, MAX, MAX, MAX, MAX - 7, 0),
    ];
    for (at, max, resync_max, bitmap, start, len) in table {
        let step = step(at, max, resync_max, bitmap);
        assert_eq!(window(&step), SectorRange::new(start, len), "{step:?}");
    }
}

#[test]
fn a_healthy_pair() {
    let array = healthy(2);
    let step = array.step(Kind::Resync, 0, u64::MAX);
    let Decision::Sync(plan) = decide(&array, &step) else {
        panic!("not synced");
    };
    assert_eq!(
        (plan.range, plan.source, plan.readers),
        (SectorRange::new(0, UNIT_SECTORS), 0, 2)
    );
    assert!(!plan.still_degraded);
    let step = array.step(Kind::Recovery, 0, u64::MAX);
    assert_eq!(decide(&array, &step), Decision::Skip { sectors: SIZE });
}

#[test]
fn one_leg_has_nothing_to_sync_with() {
    let mut array = healthy(2);
    array.members[1].leg.view.faulty = true;
    for kind in [Kind::Resync, Kind::Recovery, Kind::Check, Kind::Repair] {
        let step = array.step(kind, 8, u64::MAX);
        assert_eq!(decide(&array, &step), Decision::Skip { sectors: SIZE - 8 });
    }
}

/// A recovery that lost its last source must not end as if it were complete.
#[test]
fn a_recovery_without_a_source_is_aborted() {
    let mut array = healthy(2);
    array.members[0].leg.view.faulty = true;
    array.members[1].leg.view.in_sync = false;
    let step = array.step(Kind::Recovery, 0, u64::MAX);
    assert_eq!(decide(&array, &step), Decision::Abort);
}

/// HAZARDS 20 and 1: the source of a resync is the leg that readers are given.
#[test]
fn the_source_is_what_readers_saw() {
    let source = |array: &Array, at| match decide(array, &array.step(Kind::Resync, at, u64::MAX)) {
        Decision::Sync(plan) => (plan.source, plan.range.len()),
        other => panic!("{other:?}"),
    };
    let mut array = healthy(3);
    array.members[0].leg.view.write_mostly = true;
    assert_eq!(source(&array, 0), (1, UNIT_SECTORS));
    let mut array = healthy(3);
    array.members[0].leg.view.in_sync = false;
    array.members[0].leg.view.recovery_offset = 100;
    assert_eq!(source(&array, 0), (0, 100));
    assert_eq!(source(&array, 100), (1, UNIT_SECTORS - 100));
}

/// HAZARDS 18: a bad sector on each leg costs just that sector.
#[test]
fn bad_on_every_leg() {
    let mut array = healthy(2);
    for member in &mut array.members {
        member.leg.bad = vec![SectorRange::new(200, 8)];
    }
    let decide = |at| decide(&array, &array.step(Kind::Check, at, u64::MAX));
    assert!(matches!(decide(0), Decision::Sync(plan) if plan.range == SectorRange::new(0, 200)));
    assert!(matches!(decide(200), Decision::Lost(plan) if plan.range == SectorRange::new(200, 8)));
    assert!(matches!(decide(208), Decision::Sync(plan) if plan.range.start() == 208));
}
