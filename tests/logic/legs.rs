// SPDX-License-Identifier: GPL-2.0

//! Legs as a naive oracle sees them: a list of bad sectors in place of the first bad range.

use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        BlockSize,
        SectorRange, //
    },
    read_policy::{
        LegView,
        Slot, //
    },
};

/// A leg with all its bad blocks.
#[derive(Clone, Debug)]
pub struct Leg {
    pub view: LegView,
    pub bad: Vec<SectorRange>,
}

impl Leg {
    /// A healthy leg.
    pub fn healthy(slot: Slot) -> Leg {
        Leg {
            view: LegView {
                slot,
                faulty: false,
                in_sync: true,
                recovery_offset: 0,
                write_mostly: false,
                first_bad: None,
                rotational: false,
                pending: 0,
                head_position: u64::MAX,
                next_sequential: u64::MAX,
            },
            bad: Vec::new(),
        }
    }

    /// The view for `range`, as the caller makes it: with the first bad blocks that overlap it.
    pub fn seen(&self, range: SectorRange) -> LegView {
        let overlapping = self.bad.iter().filter(|bad| bad.overlaps(&range));
        LegView {
            first_bad: overlapping.min_by_key(|bad| bad.start()).copied(),
            ..self.view
        }
    }

    /// Whether it holds good data in one sector.
    pub fn good(&self, sector: u64) -> bool {
        !self.view.faulty
            && (self.view.in_sync || sector < self.view.recovery_offset)
            && !self.bad.iter().any(|bad| bad.contains(sector))
    }

    /// Whether it holds good data in a whole block.
    pub fn good_block(&self, start: u64, block: BlockSize) -> bool {
        (start..start + block.sectors()).all(|sector| self.good(sector))
    }

    /// How many sectors of `range` it serves, from the start on, in whole blocks.
    pub fn good_sectors(&self, range: SectorRange, block: BlockSize) -> u64 {
        (range.start()..range.end())
            .step_by(block.sectors() as usize)
            .take_while(|start| self.good_block(*start, block))
            .count() as u64
            * block.sectors()
    }
}

/// 1 or 8 sectors.
pub fn blocks() -> impl Strategy<Value = BlockSize> {
    prop_oneof![Just(512), Just(4096)]
        .prop_map(|bytes| BlockSize::from_bytes(bytes).expect("a power of two"))
}

/// A leg of an array of `size` sectors: often healthy, often not.
fn leg(size: u64) -> impl Strategy<Value = Leg> {
    let bad = (0..size, 1..size / 4).prop_map(move |(start, len)| {
        SectorRange::new(start, len).intersection(&SectorRange::new(0, size))
    });
    let health = (
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.7),
        0..size + 9,
        prop::bool::weighted(0.3),
        prop_oneof![
            3 => Just(Vec::new()),
            2 => prop::collection::vec(bad, 1..4)
        ],
    );
    let position = || (0..size / 8).prop_map(|block| block * 8);
    let load = (any::<bool>(), 0..3u32, position(), position());
    (health, load).prop_map(|(health, load)| {
        let (faulty, in_sync, recovery_offset, write_mostly, bad) = health;
        let (rotational, pending, head_position, next_sequential) = load;
        let view = LegView {
            faulty,
            in_sync: in_sync && !faulty,
            recovery_offset,
            write_mostly,
            rotational,
            pending,
            head_position,
            next_sequential,
            ..Leg::healthy(0).view
        };
        Leg { view, bad }
    })
}

/// Up to five legs in ascending slots, some of which are empty.
pub fn legs(size: u64) -> impl Strategy<Value = Vec<Leg>> {
    prop::collection::vec(prop::option::weighted(0.9, leg(size)), 1..6).prop_map(|slots| {
        let numbered = (0..).zip(slots);
        numbered
            .filter_map(|(slot, leg)| {
                let mut leg = leg?;
                leg.view.slot = slot;
                Some(leg)
            })
            .collect()
    })
}
