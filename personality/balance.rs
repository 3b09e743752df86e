// SPDX-License-Identifier: GPL-2.0

//! Which leg of a healthy solid-state array reads what.
//!
//! A small table says it, stripe by stripe; nothing is counted per request. Some reads are timed,
//! and when a leg has become faster or slower, or other legs have a share, the daemon makes the
//! table again. How the stripes are shared out is in [`crate::logic::balance`].

use kernel::sync::{
    atomic::{
        Atomic,
        AtomicFlag,
        Full,
        Relaxed, //
    },
    rcu, //
};

use super::conf::Conf;
use crate::logic::balance::{
    entry,
    fill,
    Candidate,
    ENTRIES, //
};

/// Binary logarithm of the sectors in a stripe: 128 KiB, the size in which the page cache reads
/// ahead.
pub const STRIPE_SHIFT: u32 = 8;

/// Entries in a word of the table.
const PER_WORD: usize = 8;

/// One read in 16 is timed. It's the processor's counter that decides, but for its lowest bits: on
/// some processors it goes in steps of more than one.
const TIMED_MASK: u64 = 15 << 4;

/// One read in 4096 goes to any leg, whoever's turn it is, to see how fast that one is by now.
const PROBE_MASK: u64 = 4095 << 4;

/// The bits of the processor's counter from here on say which leg that is.
const PROBED_SHIFT: u32 = PROBE_MASK.count_ones() + PROBE_MASK.trailing_zeros();

/// The table, and whether it's due to be made again.
pub struct Balance {
    words: [Atomic<u64>; ENTRIES / PER_WORD],
    /// Which legs it's made of, as [`sharers`] has it.
    made_of: Atomic<u64>,
    stale: AtomicFlag,
}

/// What becomes of a read in a healthy array.
pub struct Turn {
    /// The slot of the leg whose turn it is.
    pub slot: usize,
    /// When it was sent, in the processor's cycles, if it's timed.
    pub timed_from: Option<u64>,
}

impl Default for Balance {
    /// A table that is due to be made.
    fn default() -> Self {
        Self {
            words: [const { Atomic::new(0) }; ENTRIES / PER_WORD],
            made_of: Atomic::new(0),
            stale: AtomicFlag::new(true),
        }
    }
}

impl Balance {
    /// The leg for a read that starts at `sector`, of `disks` legs; `now` is in cycles.
    #[inline]
    pub fn turn(&self, sector: u64, disks: usize, now: u64) -> Turn {
        let entry = entry(sector >> STRIPE_SHIFT);
        let word = self
            .words
            .get(entry / PER_WORD)
            .map_or(0, |word| word.load(Relaxed));
        // CAST: A byte.
        let mut slot = usize::from((word >> (entry % PER_WORD * 8)) as u8);
        if now & PROBE_MASK == 0 {
            // CAST: Any bits will do.
            slot = (now >> PROBED_SHIFT) as usize % disks.max(1);
        }
        Turn {
            slot,
            timed_from: (now & TIMED_MASK == 0).then_some(now),
        }
    }

    /// The table is due to be made again. Context: any.
    pub fn set_stale(&self) {
        self.stale.store(true, Relaxed);
    }

    /// Makes the table again if it's due.
    ///
    /// Context: process.
    pub fn update(&self, conf: &Conf) {
        let guard = rcu::read_lock();
        // A user may have asked to avoid a leg, which md doesn't tell.
        let sharers = sharers(conf, &guard);
        if !self.stale.xchg(false, Full) && sharers == self.made_of.load(Relaxed) {
            return;
        }
        self.made_of.store(sharers, Relaxed);
        // Once for each leg: they change while the table is made.
        conf.occupied(&guard)
            .for_each(|(_, leg)| leg.use_read_time());
        let candidates = conf
            .occupied(&guard)
            .filter(|(_, leg)| leg.shares_reads())
            .filter_map(|(slot, leg)| {
                Some(Candidate {
                    slot: u8::try_from(slot).ok()?,
                    time: leg.read_time_used(),
                })
            });
        let mut table = [0; ENTRIES];
        fill(&mut table, candidates);
        for (word, bytes) in self.words.iter().zip(table.chunks_exact(PER_WORD)) {
            let packed = bytes
                .iter()
                .rev()
                .fold(0u64, |packed, slot| (packed << 8) | u64::from(*slot));
            word.store(packed, Relaxed);
        }
    }
}

/// A bit for each leg that has a share, by its slot; beyond 64 slots they stand for several.
fn sharers(conf: &Conf, guard: &rcu::Guard) -> u64 {
    conf.occupied(guard)
        .filter(|(_, leg)| leg.shares_reads())
        .fold(0, |sharers, (slot, _)| {
            sharers ^ 1u64.rotate_left(u32::from(slot))
        })
}
