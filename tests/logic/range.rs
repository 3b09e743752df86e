// SPDX-License-Identifier: GPL-2.0

//! Ranges and blocks against sets of sectors.

use crate::config;
use proptest::prelude::*;
use raid1_rs::logic::range::{
    unit_of,
    BlockSize,
    SectorRange,
    UNIT_SECTORS, //
};
use std::collections::BTreeSet;

const MAX: u64 = u64::MAX;

fn sectors(range: SectorRange) -> BTreeSet<u64> {
    (range.start()..range.end()).collect()
}

fn small() -> impl Strategy<Value = SectorRange> {
    (0..40u64, 0..20u64).prop_map(|(start, len)| SectorRange::new(start, len))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_range_is_a_set_of_sectors(a in small(), b in small(), n in 0..45u64) {
        prop_assert_eq!(a.is_empty(), sectors(a).is_empty());
        prop_assert_eq!(a.bytes(), sectors(a).len() * 512);
        prop_assert_eq!(a.contains(n), sectors(a).contains(&n));
        prop_assert_eq!(a.overlaps(&b), !sectors(a).is_disjoint(&sectors(b)));
        let common: BTreeSet<u64> = sectors(a).intersection(&sectors(b)).copied().collect();
        prop_assert_eq!(sectors(a.intersection(&b)), common);
        let (head, tail) = a.split_at(n);
        prop_assert_eq!(head.len(), n.min(a.len()));
        prop_assert_eq!(head.end(), tail.start());
        prop_assert_eq!(tail.end(), a.end());
        prop_assert_eq!(head, a.first(n));
        prop_assert_eq!(sectors(tail), sectors(a.without_first(n)));
    }

    #[test]
    fn pieces_are_the_range(a in small(), n in 0..25u64) {
        let pieces: Vec<SectorRange> = a.pieces(n).collect();
        let each = n.max(1);
        prop_assert_eq!(pieces.len() as u64, a.len().div_ceil(each));
        let mut at = a.start();
        for piece in pieces {
            prop_assert_eq!((piece.start(), piece.len()), (at, each.min(a.end() - at)));
            at = piece.end();
        }
        prop_assert_eq!(at, a.end());
    }

    #[test]
    fn nothing_overflows(start: u64, len: u64, n: u64) {
        let range = SectorRange::new(start, len);
        prop_assert!(range.end() >= range.start());
        prop_assert_eq!(range.len(), len.min(MAX - start));
        let bytes = u128::from(range.len()) * 512;
        prop_assert_eq!(range.bytes() as u128, bytes.min(usize::MAX as u128));
        let (head, tail) = range.split_at(n);
        prop_assert_eq!(head.len() + tail.len(), range.len());
        prop_assert!(range.without_first(n).len() <= range.len());
        let unit = range.first_unit();
        prop_assert!(unit.len() <= UNIT_SECTORS && unit.is_empty() == range.is_empty());
        let (first, count) = range.units();
        let last = range.end().saturating_sub(1);
        prop_assert_eq!(count, if range.is_empty() { 0 } else { unit_of(last) - first + 1 });
    }
}

#[test]
fn units_at_their_edges() {
    // start, length -> first unit, number of units, sectors in the first
    let table = [
        (0, 0, 0, 0, 0),
        (0, 1, 0, 1, 1),
        (0, 2047, 0, 1, 2047),
        (0, 2048, 0, 1, 2048),
        (0, 2049, 0, 2, 2048),
        (2047, 1, 0, 1, 1),
        (2047, 2, 0, 2, 1),
        (2048, 2048, 1, 1, 2048),
        (4095, 2049, 1, 2, 1),
        (1, 2048 * 1024, 0, 1025, 2047),
        (MAX - 2047, 2047, MAX >> 11, 1, 2047),
        (MAX - 1, 1, MAX >> 11, 1, 1),
        (MAX, 1, MAX >> 11, 0, 0),
    ];
    for (start, len, unit, count, first) in table {
        let range = SectorRange::new(start, len);
        assert_eq!(range.units(), (unit, count), "{start}+{len}");
        assert_eq!(range.first_unit().len(), first, "{start}+{len}");
    }
}

#[test]
fn between_two_sectors() {
    assert_eq!(SectorRange::between(3, 7), SectorRange::new(3, 4));
    assert_eq!(SectorRange::between(7, 3), SectorRange::new(7, 0));
    assert_eq!(SectorRange::between(0, MAX).len(), MAX);
}

#[test]
fn block_sizes() {
    for bytes in [
        0,
        1,
        256,
        511,
        513,
        768,
        4095,
        4097,
        (1 << 31) | 512,
        MAX as u32,
    ] {
        assert_eq!(BlockSize::from_bytes(bytes), None, "{bytes}");
    }
    for (bytes, sectors) in [
        (512, 1),
        (1024, 2),
        (4096, 8),
        (65536, 128),
        (1 << 31, 1 << 22),
    ] {
        let block = BlockSize::from_bytes(bytes).expect("a power of two");
        assert_eq!(block.sectors(), sectors);
        assert_eq!(block.bytes(), u64::from(bytes));
    }
    assert_eq!(BlockSize::from_bytes(512), Some(BlockSize::SECTOR));
}

#[test]
fn rounding() {
    let block = BlockSize::from_bytes(4096).expect("a power of two");
    // sectors, down, up
    let table = [
        (0, 0, 0),
        (1, 0, 8),
        (7, 0, 8),
        (8, 8, 8),
        (9, 8, 16),
        (MAX - 7, MAX - 7, MAX - 7),
        (MAX - 6, MAX - 7, MAX - 7),
        (MAX, MAX - 7, MAX - 7),
    ];
    for (sectors, down, up) in table {
        assert_eq!(
            (block.round_down(sectors), block.round_up(sectors)),
            (down, up),
            "{sectors}"
        );
        assert_eq!(BlockSize::SECTOR.round_down(sectors), sectors);
        assert_eq!(BlockSize::SECTOR.round_up(sectors), sectors);
    }
}
