// SPDX-License-Identifier: GPL-2.0

//! How reads are shared out among legs that can all serve them, by how long each takes.
//!
//! The array is divided into stripes, and a small table says which leg reads a stripe. Legs that
//! are equally fast take turns, so one stream of reads uses all of them; a slow leg gets less, and
//! one that is much slower nothing. What a leg takes includes waiting in its queue: a fast leg that
//! gets too much becomes slow, and the table follows.

/// Binary logarithm of the entries of the table.
const ENTRIES_SHIFT: u32 = 6;

/// How many entries the table has.
pub const ENTRIES: usize = 1 << ENTRIES_SHIFT;

/// A leg that takes up to this many times as long as the fastest gets as much: times are never quite
/// the same, and of a leg that gets little there is little to go by. If it can't take that much, its
/// queue grows, and with it the time.
const SAME: u64 = 2;

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

/// A time counts for at most this many times the average: one hiccup doesn't make a slow leg.
const MOST_OF_AVERAGE: u64 = 4;

/// What a read of that many sectors took, in a unit in which short and long ones can be compared:
/// the time for each 64 KiB that were begun.
#[inline]
pub fn comparable(time: u64, sectors: u32) -> u32 {
    u32::try_from(time / u64::from(sectors.div_ceil(128).max(1))).unwrap_or(u32::MAX)
}

/// The average of times, in which each new one counts for a sixteenth. 0 stands for "not known".
///
/// One that says that the leg was wrongly taken for too slow counts for half: such a leg is hardly
/// read, so there won't be many times to go by.
#[inline]
pub fn average(so_far: u32, new: u32) -> u32 {
    let new = new.max(1);
    if so_far == 0 {
        // The first read of a device is often the slowest: it had to wake up.
        return new.div_ceil(4);
    }
    let so_far = u64::from(so_far);
    let new = u64::from(new).min(so_far.saturating_mul(MOST_OF_AVERAGE));
    let weight = if so_far > new.saturating_mul(TOO_SLOW) {
        8
    } else {
        1
    };
    let sum = so_far
        .saturating_mul(16u64.saturating_sub(weight))
        .saturating_add(new.saturating_mul(weight));
    // Rounded towards what is new, or it would never be reached.
    let average = if new > so_far {
        sum.div_ceil(16)
    } else {
        sum / 16
    };
    u32::try_from(average).unwrap_or(u32::MAX).max(1)
}

/// Whether two times are so different that the table has to be made again: by a half.
#[inline]
pub fn differs(a: u32, b: u32) -> bool {
    let (less, more) = (u64::from(a.min(b)), u64::from(a.max(b)));
    more.saturating_mul(2) > less.saturating_mul(3)
}

/// The share of a leg, of the fastest one's 1024.
fn share(time: u32, fastest: u32) -> u64 {
    const WHOLE: u64 = 1024;
    let (time, fastest) = (u64::from(time), u64::from(fastest.max(1)));
    if time > fastest.saturating_mul(TOO_SLOW) {
        return 0;
    }
    // By the square: with the plain ratio most of the waiting would still be for the slow leg.
    let ratio = WHOLE.saturating_mul(fastest).saturating_mul(SAME) / time.max(1);
    (ratio.saturating_mul(ratio) / WHOLE).min(WHOLE)
}

/// The table's entry for a stripe.
///
/// A stream of reads that go from stripe to stripe takes the entries in turn. So that one of larger
/// reads, which start at every second stripe, or at every eighth, does not always meet the same
/// leg, pairs of stripes are scattered: multiplied by the golden ratio, whatever the distance
/// between them, they come to lie far apart and evenly.
#[inline]
pub fn entry(stripe: u64) -> usize {
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    let scattered = (stripe >> 1).wrapping_mul(GOLDEN_RATIO) >> (u64::BITS - ENTRIES_SHIFT);
    // CAST: Of the sum only the lowest bits count.
    stripe.wrapping_add(scattered) as usize % ENTRIES
}

/// Fills the table: which slot reads a stripe is in its [`entry`]. Without candidates the table
/// stays as it is.
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
