// SPDX-License-Identifier: GPL-2.0

//! Which copy of a block is right, and which are to be written again: check and repair.
//!
//! The decision is made per logical block, so that one wrong sector neither outvotes nor drags
//! along its neighbours. With three or more readable copies the strict majority wins; without one,
//! the first. A copy that could not be read has no vote and is no mismatch, but it is to be
//! written.

use super::range::{
    BlockSize,
    SectorRange, //
};

/// The copies of a range that were read, the preferred one first: usually in the order of slots.
pub trait Copies {
    /// How many there are, readable or not.
    fn count(&self) -> usize;
    /// Whether copy `copy` was read without error in all of `range`.
    fn readable(&self, copy: usize, range: SectorRange) -> bool;
    /// Whether two copies, both readable, have the same bytes in all of `range`.
    fn equal(&self, a: usize, b: usize, range: SectorRange) -> bool;
}

/// How a block was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// All readable copies are the same; there is at least one.
    Agreed,
    /// They differ, and more than half of at least three are the same: the first of those wins.
    Majority,
    /// They differ, and there is no majority: the first wins.
    First,
    /// There is no readable copy.
    Lost,
}

impl Ruling {
    /// Whether copies differed; what `mismatch_cnt` counts.
    #[inline]
    pub fn is_mismatch(self) -> bool {
        matches!(self, Ruling::Majority | Ruling::First)
    }
}

/// The decision on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The copy that is right; without meaning if all are [lost](Ruling::Lost).
    pub winner: usize,
    /// Why it is.
    pub ruling: Ruling,
}

impl Verdict {
    /// Whether the copy is to be written from the winner: it is different, or could not be read.
    pub fn condemns<C: Copies + ?Sized>(
        &self,
        copies: &C,
        copy: usize,
        block: SectorRange,
    ) -> bool {
        if self.ruling == Ruling::Lost || copy == self.winner {
            return false;
        }
        !copies.readable(copy, block)
            || (self.ruling != Ruling::Agreed && !copies.equal(copy, self.winner, block))
    }
}

/// Decides on one block.
pub fn elect<C: Copies + ?Sized>(copies: &C, block: SectorRange) -> Verdict {
    let readable = || (0..copies.count()).filter(|copy| copies.readable(*copy, block));
    let Some(first) = readable().next() else {
        return Verdict {
            winner: 0,
            ruling: Ruling::Lost,
        };
    };
    if readable().all(|copy| copy == first || copies.equal(first, copy, block)) {
        return Verdict {
            winner: first,
            ruling: Ruling::Agreed,
        };
    }
    // Voters of different opinion leave in pairs: if there is a majority, one of it remains.
    let mut candidate = first;
    let mut lead: usize = 0;
    for copy in readable() {
        if lead == 0 {
            candidate = copy;
            lead = 1;
        } else if copy == candidate || copies.equal(candidate, copy, block) {
            lead = lead.saturating_add(1);
        } else {
            lead = lead.saturating_sub(1);
        }
    }
    let mut voters: usize = 0;
    let mut votes: usize = 0;
    let mut winner = candidate;
    for copy in readable() {
        voters = voters.saturating_add(1);
        if copy == candidate || copies.equal(candidate, copy, block) {
            if votes == 0 {
                winner = copy;
            }
            votes = votes.saturating_add(1);
        }
    }
    // They differ, so with two voters none has more than half.
    if votes > voters / 2 {
        Verdict {
            winner,
            ruling: Ruling::Majority,
        }
    } else {
        Verdict {
            winner: first,
            ruling: Ruling::First,
        }
    }
}

/// Neighbouring blocks that have the same verdict, and in which the same copies are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The blocks.
    pub range: SectorRange,
    /// The verdict on each of them.
    pub verdict: Verdict,
    /// The first of them, which stands for all.
    block: SectorRange,
}

impl Run {
    /// Whether the copy is to be written from the winner.
    pub fn condemns<C: Copies + ?Sized>(&self, copies: &C, copy: usize) -> bool {
        self.verdict.condemns(copies, copy, self.block)
    }

    /// The sectors that differ: what to add to `mismatch_cnt`.
    pub fn mismatches(&self) -> u64 {
        if self.verdict.ruling.is_mismatch() {
            self.range.len()
        } else {
            0
        }
    }
}

/// Goes through a range and gives the [runs](Run) in which something is to be done; those that are
/// lost as well. What is left out is good on all legs.
pub struct Runs<'a, C: ?Sized> {
    copies: &'a C,
    block: BlockSize,
    left: SectorRange,
}

impl<'a, C: Copies + ?Sized> Runs<'a, C> {
    /// Over `range`, which starts at a block.
    pub fn new(copies: &'a C, range: SectorRange, block: BlockSize) -> Self {
        Runs {
            copies,
            block,
            left: if is_clean(copies, elect(copies, range), range) {
                // Nearly always, and much faster than block by block.
                range.first(0)
            } else {
                range
            },
        }
    }

    /// Whether the two blocks, with the same verdict, condemn the same copies, and for the same
    /// reason: a check writes to those that can't be read, and to no others.
    fn alike(&self, verdict: Verdict, a: SectorRange, b: SectorRange) -> bool {
        let copies = self.copies;
        (0..copies.count()).all(|copy| {
            copies.readable(copy, a) == copies.readable(copy, b)
                && verdict.condemns(copies, copy, a) == verdict.condemns(copies, copy, b)
        })
    }
}

/// Whether nothing is to be done about a block.
fn is_clean<C: Copies + ?Sized>(copies: &C, verdict: Verdict, block: SectorRange) -> bool {
    verdict.ruling == Ruling::Agreed && (0..copies.count()).all(|copy| copies.readable(copy, block))
}

impl<C: Copies + ?Sized> Iterator for Runs<'_, C> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let mut run: Option<Run> = None;
        while !self.left.is_empty() {
            let (block, behind) = self.left.split_at(self.block.sectors());
            let verdict = elect(self.copies, block);
            let clean = is_clean(self.copies, verdict, block);
            match &mut run {
                None if clean => (),
                None => {
                    run = Some(Run {
                        range: block,
                        verdict,
                        block,
                    })
                }
                Some(run)
                    if !clean
                        && run.verdict == verdict
                        && self.alike(verdict, run.block, block) =>
                {
                    run.range = SectorRange::between(run.range.start(), block.end())
                }
                // This block is the next run's, or none's: it is looked at again.
                Some(_) => break,
            }
            self.left = behind;
        }
        run
    }
}
