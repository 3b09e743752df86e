// SPDX-License-Identifier: GPL-2.0

//! Verdicts against counting, and runs against single blocks.

use crate::{
    config,
    legs::blocks, //
};
use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        BlockSize,
        SectorRange, //
    },
    vote::{
        elect,
        Copies,
        Ruling,
        Run,
        Runs,
        Verdict, //
    },
};
use std::{
    cell::Cell,
    collections::BTreeMap, //
};

/// Copies of a range that starts at `base`: one letter, or an error, per sector.
#[derive(Clone, Debug)]
struct Sectors {
    base: u64,
    copies: Vec<Vec<Option<u8>>>,
    comparisons: Cell<usize>,
}

impl Sectors {
    fn new(base: u64, copies: Vec<Vec<Option<u8>>>) -> Self {
        Sectors {
            base,
            copies,
            comparisons: Cell::new(0),
        }
    }

    /// From one text per copy; `?` is an error.
    fn of(base: u64, copies: &[&str]) -> Self {
        let letters = |text: &&str| text.bytes().map(|b| (b != b'?').then_some(b)).collect();
        Sectors::new(base, copies.iter().map(letters).collect())
    }

    fn part(&self, copy: usize, range: SectorRange) -> Option<&[Option<u8>]> {
        let from = range.start().checked_sub(self.base)? as usize;
        self.copies[copy].get(from..from + range.len() as usize)
    }

    fn range(&self) -> SectorRange {
        SectorRange::new(self.base, self.copies[0].len() as u64)
    }

    /// The bytes of a block that was read without error.
    fn block(&self, copy: usize, block: SectorRange) -> Option<Vec<u8>> {
        self.part(copy, block)?.iter().copied().collect()
    }
}

impl Copies for Sectors {
    fn count(&self) -> usize {
        self.copies.len()
    }

    fn readable(&self, copy: usize, range: SectorRange) -> bool {
        self.block(copy, range).is_some()
    }

    fn equal(&self, a: usize, b: usize, range: SectorRange) -> bool {
        assert!(self.readable(a, range) && self.readable(b, range));
        self.comparisons.set(self.comparisons.get() + 1);
        self.part(a, range) == self.part(b, range)
    }
}

/// Counts the votes.
fn oracle(sectors: &Sectors, block: SectorRange) -> Verdict {
    let all: Vec<Option<Vec<u8>>> = (0..sectors.count())
        .map(|copy| sectors.block(copy, block))
        .collect();
    let readable: Vec<usize> = (0..all.len()).filter(|copy| all[*copy].is_some()).collect();
    let mut votes: BTreeMap<&Vec<u8>, Vec<usize>> = BTreeMap::new();
    for copy in &readable {
        votes
            .entry(all[*copy].as_ref().expect("readable"))
            .or_default()
            .push(*copy);
    }
    let majority = votes
        .values()
        .find(|party| 2 * party.len() > readable.len());
    let (winner, ruling) = match (readable.first(), votes.len(), majority) {
        (None, _, _) => (0, Ruling::Lost),
        (Some(first), 1, _) => (*first, Ruling::Agreed),
        (Some(_), _, Some(party)) => (party[0], Ruling::Majority),
        (Some(first), _, None) => (*first, Ruling::First),
    };
    Verdict { winner, ruling }
}

/// Two to six copies of a few blocks, mostly the same.
fn copies() -> impl Strategy<Value = (Sectors, BlockSize)> {
    let letter = prop_oneof![8 => Just(Some(b'a')), 2 => Just(Some(b'b')), 1 => Just(Some(b'c')), 1 => Just(None)];
    (blocks(), 1..5usize, 1..7usize).prop_flat_map(move |(block, len, count)| {
        let copy = prop::collection::vec(letter.clone(), len * block.sectors() as usize);
        (prop::collection::vec(copy, count), 0..3u64)
            .prop_map(move |(copies, base)| (Sectors::new(base * block.sectors(), copies), block))
    })
}

fn each_block(range: SectorRange, block: BlockSize) -> Vec<SectorRange> {
    (range.start()..range.end())
        .step_by(block.sectors() as usize)
        .map(|start| SectorRange::new(start, block.sectors()))
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_majority_is_counted((sectors, block) in copies()) {
        for block in each_block(sectors.range(), block) {
            let verdict = elect(&sectors, block);
            let expected = oracle(&sectors, block);
            prop_assert_eq!(verdict, expected);
            let bytes = |copy| sectors.block(copy, block);
            for copy in 0..sectors.count() {
                let wrong = verdict.ruling != Ruling::Lost && bytes(copy) != bytes(verdict.winner);
                prop_assert_eq!(verdict.condemns(&sectors, copy, block), wrong);
            }
        }
    }

    #[test]
    fn runs_are_the_blocks_that_need_something((sectors, block) in copies()) {
        let runs: Vec<Run> = Runs::new(&sectors, sectors.range(), block).collect();
        let mut expected = Vec::new();
        for block in each_block(sectors.range(), block) {
            let verdict = oracle(&sectors, block);
            let bytes = |copy| sectors.block(copy, block);
            let wrong: Vec<bool> = (0..sectors.count())
                .map(|copy| verdict.ruling != Ruling::Lost && bytes(copy) != bytes(verdict.winner))
                .collect();
            if verdict.ruling != Ruling::Agreed || wrong.contains(&true) {
                expected.push((block, verdict.ruling, wrong));
            }
        }
        let mut got = Vec::new();
        for run in &runs {
            for block in each_block(run.range, block) {
                let wrong: Vec<bool> = (0..sectors.count()).map(|copy| run.condemns(&sectors, copy)).collect();
                got.push((block, run.verdict.ruling, wrong));
            }
        }
        prop_assert_eq!(got, expected);
        // A check writes to the copies that can't be read, and to no others: a run must not have both kinds of one.
        let readable = |block: SectorRange| -> Vec<bool> {
            (0..sectors.count()).map(|copy| sectors.readable(copy, block)).collect()
        };
        let first = |run: &Run| readable(SectorRange::new(run.range.start(), block.sectors()));
        for run in &runs {
            for block in each_block(run.range, block) {
                prop_assert_eq!(readable(block), first(run));
            }
        }
        for pair in runs.windows(2) {
            prop_assert!(pair[0].range.end() <= pair[1].range.start());
            let same = pair[0].verdict == pair[1].verdict
                && first(&pair[0]) == first(&pair[1])
                && (0..sectors.count()).all(|copy| pair[0].condemns(&sectors, copy) == pair[1].condemns(&sectors, copy));
            prop_assert!(!same || pair[0].range.end() < pair[1].range.start(), "not merged");
        }
    }

    #[test]
    fn a_repair_leaves_the_copies_alike((sectors, block) in copies()) {
        let mut repaired = sectors.clone();
        for run in Runs::new(&sectors, sectors.range(), block) {
            let from = (run.range.start() - sectors.base) as usize;
            let span = from..from + run.range.len() as usize;
            for copy in 0..sectors.count() {
                if run.condemns(&sectors, copy) {
                    let right = sectors.copies[run.verdict.winner][span.clone()].to_vec();
                    repaired.copies[copy][span.clone()].copy_from_slice(&right);
                }
            }
        }
        for run in Runs::new(&repaired, repaired.range(), block) {
            prop_assert_eq!(run.verdict.ruling, Ruling::Lost);
        }
    }

    #[test]
    fn mismatches_are_found_and_counted((sectors, block) in copies()) {
        let differing: Vec<SectorRange> = each_block(sectors.range(), block)
            .into_iter()
            .filter(|block| oracle(&sectors, *block).ruling.is_mismatch())
            .collect();
        let runs = || Runs::new(&sectors, sectors.range(), block);
        let found: Vec<SectorRange> = runs()
            .filter(|run| run.mismatches() > 0)
            .flat_map(|run| each_block(run.range, block))
            .collect();
        prop_assert_eq!(&found, &differing);
        let count: u64 = runs().map(|run| run.mismatches()).sum();
        prop_assert_eq!(count, differing.iter().map(|block| block.len()).sum::<u64>());
    }
}

fn runs(sectors: &Sectors) -> Vec<(u64, u64, usize, Ruling)> {
    Runs::new(sectors, sectors.range(), BlockSize::SECTOR)
        .map(|run| {
            (
                run.range.start(),
                run.range.len(),
                run.verdict.winner,
                run.verdict.ruling,
            )
        })
        .collect()
}

/// HAZARDS 14: two that agree outvote the first; one differing sector counts as one.
#[test]
fn the_bad_copy_loses_wherever_it_is() {
    for bad in 0..3 {
        let mut copies = ["aaaaaaaa"; 3];
        copies[bad] = "aaxaaaaa";
        let sectors = Sectors::of(64, &copies);
        let winner = usize::from(bad == 0);
        assert_eq!(runs(&sectors), [(66, 1, winner, Ruling::Majority)]);
        let run = Runs::new(&sectors, sectors.range(), BlockSize::SECTOR).next();
        let condemned = |copy| run.is_some_and(|run| run.condemns(&sectors, copy));
        assert_eq!([0, 1, 2].map(condemned), [0, 1, 2].map(|copy| copy == bad));
    }
}

#[test]
fn two_copies_have_no_majority() {
    assert_eq!(
        runs(&Sectors::of(0, &["ab", "aa"])),
        [(1, 1, 0, Ruling::First)]
    );
    // Nor have three of which one can't be read, or four in two parties.
    assert_eq!(
        runs(&Sectors::of(0, &["?", "a", "b"])),
        [(0, 1, 1, Ruling::First)]
    );
    assert_eq!(
        runs(&Sectors::of(0, &["a", "b", "b", "a"])),
        [(0, 1, 0, Ruling::First)]
    );
}

#[test]
fn an_error_is_not_a_mismatch() {
    let sectors = Sectors::of(0, &["a?aa", "aaaa"]);
    assert_eq!(runs(&sectors), [(1, 1, 1, Ruling::Agreed)]);
    assert!(
        Runs::new(&sectors, sectors.range(), BlockSize::SECTOR).all(|run| run.mismatches() == 0)
    );
    assert_eq!(
        runs(&Sectors::of(0, &["a??", "aa?"])),
        [(1, 1, 1, Ruling::Agreed), (2, 1, 0, Ruling::Lost)]
    );
}

/// HAZARDS 11: two bad sectors on two legs.
#[test]
fn two_errors_at_different_places_heal_each_other() {
    assert_eq!(
        runs(&Sectors::of(0, &["?aaa", "aa?a"])),
        [(0, 1, 1, Ruling::Agreed), (2, 1, 0, Ruling::Agreed)]
    );
}

/// A copy that can't be read is condemned, and so is the same copy where it can be and merely differs.
#[test]
fn an_error_beside_a_mismatch_is_a_run_of_its_own() {
    assert_eq!(
        runs(&Sectors::of(0, &["aa", "bb", "?c"])),
        [(0, 1, 0, Ruling::First), (1, 1, 0, Ruling::First)]
    );
}

#[test]
fn equal_copies_are_compared_only_once() {
    let sectors = Sectors::of(0, &["abcdefgh", "abcdefgh", "abcdefgh"]);
    assert_eq!(runs(&sectors), []);
    assert_eq!(sectors.comparisons.get(), 2);
}
