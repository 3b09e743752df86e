// SPDX-License-Identifier: GPL-2.0

//! Which sectors of a unit.

use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

use crate::logic::range::{
    SectorRange,
    UNIT_SECTORS, //
};

/// The sectors that a word tells of.
const WORD: u64 = u64::BITS as u64;
const WORDS: usize = (UNIT_SECTORS / WORD) as usize;

/// A set of a unit's sectors. One worker at a time changes it.
pub struct Marks([Atomic<u64>; WORDS]);

impl Marks {
    /// None.
    pub const fn none() -> Self {
        Self([const { Atomic::new(0) }; WORDS])
    }

    /// The words that `range` touches, each with its bits for the range.
    fn words(&self, range: SectorRange) -> impl Iterator<Item = (&Atomic<u64>, u64)> {
        let mut left = range.first_unit();
        core::iter::from_fn(move || {
            let bit = left.start() % WORD;
            let (part, behind) = left.split_at(WORD.saturating_sub(bit));
            left = behind;
            // As many bits as there are sectors, 1 to 64.
            let shift = u32::try_from(WORD.checked_sub(part.len())?).ok()?;
            let bits = u64::MAX.checked_shr(shift)? << bit;
            let index = (part.start() % UNIT_SECTORS) / WORD;
            Some((self.0.get(usize::try_from(index).ok()?)?, bits))
        })
    }

    /// Adds the sectors of `range`, which lies within one unit.
    pub fn add(&self, range: SectorRange) {
        for (word, bits) in self.words(range) {
            word.store(word.load(Relaxed) | bits, Relaxed);
        }
    }

    /// Whether a sector of `range`, which lies within one unit, is in the set.
    pub fn any(&self, range: SectorRange) -> bool {
        self.words(range)
            .any(|(word, bits)| word.load(Relaxed) & bits != 0)
    }
}
