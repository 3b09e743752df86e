// SPDX-License-Identifier: GPL-2.0

//! How reads are shared out among legs that can all serve them, by how long each takes.
//!
//! The array is divided into stripes, and a small table says which leg reads a stripe. Legs that
//! are equally fast take turns, so one stream of reads uses all of them; a slow leg gets less, and
//! one that is much slower nothing. What a leg takes includes waiting in its queue: a fast leg that
//! gets too much becomes slow, and the table follows.

/// How many entries the table has.
pub const ENTRIES: usize = 64;

/// Times that differ by less than a quarter count as the same: they never are quite the same.
const SAME_NUMERATOR: u64 = 5;
const SAME_DENOMINATOR: u64 = 4;

/// A leg that takes more than this many times as long as the fastest gets no stripe.
const TOO_SLOW: u64 = 8;

/// A leg among which reads are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The leg's slot.
    pub slot: u8,
    /// How long a read takes there, in any unit; 0 if that is not known.
    pub time: u32,
}

/// The average of times, in which each new one counts for an eighth. 0 stands for "not known".
#[inline]
pub fn average(so_far: u32, new: u32) -> u32 {
    let new = new.max(1);
    if so_far == 0 {
        return new;
    }
    let sum = u64::from(so_far)
        .saturating_mul(7)
        .saturating_add(u64::from(new));
    u32::try_from(sum / 8).unwrap_or(u32::MAX).max(1)
}

/// Whether two times are so different that the table has to be made again.
#[inline]
pub fn differs(a: u32, b: u32) -> bool {
    let (less, more) = (u64::from(a.min(b)), u64::from(a.max(b)));
    more.saturating_mul(SAME_DENOMINATOR) > less.saturating_mul(SAME_NUMERATOR)
}

/// The share of a leg, of the fastest one's 1024.
fn share(time: u32, fastest: u32) -> u64 {
    const WHOLE: u64 = 1024;
    if time == 0 || !differs(time, fastest) {
        return WHOLE;
    }
    let (time, fastest) = (u64::from(time), u64::from(fastest.max(1)));
    if time > fastest.saturating_mul(TOO_SLOW) {
        return 0;
    }
    // By the square: with the plain ratio most of the waiting would still be for the slow leg.
    let ratio = WHOLE.saturating_mul(fastest) / time.max(1);
    (ratio.saturating_mul(ratio) / WHOLE).min(WHOLE)
}

/// Fills the table: which slot reads stripe `n` is in entry `n % ENTRIES`. Without candidates the
/// table stays as it is.
pub fn fill(table: &mut [u8; ENTRIES], candidates: impl Iterator<Item = Candidate> + Clone) {
    // A leg that was not measured yet gets as much as the fastest, so that it will be.
    let fastest = candidates
        .clone()
        .map(|candidate| candidate.time)
        .filter(|time| *time > 0)
        .min()
        .unwrap_or(1);
    let total = candidates
        .clone()
        .map(|candidate| share(candidate.time, fastest))
        .fold(0u64, u64::saturating_add);
    if total == 0 {
        return;
    }
    // Each entry goes to the leg that is most behind what it should have had by then, the first of
    // several: turns are spread out, and legs with the same share alternate.
    let mut entries: u64 = 0;
    for index in 0..ENTRIES {
        entries = entries.saturating_add(1);
        let mut best: Option<(i64, u8)> = None;
        for candidate in candidates.clone() {
            let due = share(candidate.time, fastest).saturating_mul(entries.saturating_mul(1024))
                / total.max(1);
            let had = count(table, index, candidate.slot);
            // In 1024ths of an entry.
            let behind = i64::try_from(due)
                .unwrap_or(i64::MAX)
                .saturating_sub(i64::try_from(had.saturating_mul(1024)).unwrap_or(i64::MAX));
            if best.is_none_or(|(most, _)| behind > most) {
                best = Some((behind, candidate.slot));
            }
        }
        if let (Some((_, slot)), Some(entry)) = (best, table.get_mut(index)) {
            *entry = slot;
        }
    }
}

/// How many of the first `end` entries are `slot`.
fn count(table: &[u8; ENTRIES], end: usize, slot: u8) -> u64 {
    table
        .iter()
        .take(end)
        .filter(|entry| **entry == slot)
        .fold(0, |sum: u64, _| sum.saturating_add(1))
}
