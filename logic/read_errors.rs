// SPDX-License-Identifier: GPL-2.0

//! When a leg has had too many read errors.
//!
//! The rule is md's: for each hour without an error the count is halved, then the error is counted;
//! a leg with more than the limit fails.

/// Seconds in an hour.
const HOUR: u64 = 3600;

/// The read errors of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadErrors {
    /// How many there are, those of long ago counted less.
    pub count: u32,
    /// When the last one was, in seconds since the system started; 0: there was none.
    pub last: u64,
}

impl ReadErrors {
    /// One more error, at `now`.
    pub fn another(self, now: u64) -> ReadErrors {
        let hours = match self.last {
            0 => 0,
            last => now.saturating_sub(last) / HOUR,
        };
        let left = u32::try_from(hours)
            .ok()
            .and_then(|hours| self.count.checked_shr(hours))
            .unwrap_or(0);
        ReadErrors {
            count: left.saturating_add(1),
            last: now,
        }
    }
}

/// What is to be done about a leg that could not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Have it write the sectors again.
    Repair,
    /// It has had too many errors: it fails.
    Fail,
}

/// What is to be done about a leg that has had `errors`, where `limit` are tolerated. The `last`
/// working leg is kept: what it can read, nobody else has.
pub fn judge(errors: ReadErrors, limit: u32, last: bool) -> Sentence {
    if errors.count > limit && !last {
        Sentence::Fail
    } else {
        Sentence::Repair
    }
}
