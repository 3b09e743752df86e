// SPDX-License-Identifier: GPL-2.0

//! The count of read errors against md's rule, step by step.

use crate::config;
use proptest::prelude::*;
use raid1_rs::logic::read_errors::{
    judge,
    ReadErrors,
    Sentence, //
};

const NONE: ReadErrors = ReadErrors { count: 0, last: 0 };

fn after(count: u32, hours: u64) -> u32 {
    let last = 1000;
    ReadErrors { count, last }
        .another(last + hours * 3600)
        .count
}

#[test]
fn a_first_error_counts_one() {
    let first = NONE.another(1_000_000);
    assert_eq!(first.count, 1);
    assert_eq!(first.last, 1_000_000);
    // However long ago it was that the system started: without an error there is nothing to halve.
    let before = ReadErrors { count: 8, last: 0 };
    assert_eq!(before.another(1_000_000).count, 9);
}

#[test]
fn each_hour_halves() {
    assert_eq!(after(20, 0), 21);
    assert_eq!(after(20, 1), 11);
    assert_eq!(after(20, 2), 6);
    assert_eq!(after(20, 4), 2);
    assert_eq!(after(20, 5), 1);
    let errors = ReadErrors { count: 20, last: 1 };
    assert_eq!(errors.another(3600).count, 21, "a second is missing");
    assert_eq!(errors.another(3601).count, 11);
}

#[test]
fn ages_leave_nothing() {
    assert_eq!(after(u32::MAX, 31), 2);
    assert_eq!(after(u32::MAX, 32), 1);
    assert_eq!(after(u32::MAX, 33), 1);
    assert_eq!(after(u32::MAX, 1 << 40), 1);
}

#[test]
fn more_than_the_limit_is_too_much() {
    let errors = |count| ReadErrors { count, last: 1 };
    assert_eq!(judge(errors(20), 20, false), Sentence::Repair);
    assert_eq!(judge(errors(21), 20, false), Sentence::Fail);
    assert_eq!(judge(errors(1), 0, false), Sentence::Fail);
    assert_eq!(judge(errors(21), 20, true), Sentence::Repair);
}

proptest! {
    #![proptest_config(config())]

    /// Halved hour by hour in a loop.
    #[test]
    fn as_many_halvings_as_hours(count: u32, last in 1..u64::MAX / 2, passed in 0..500_000u64) {
        let mut expected = count;
        let mut left = passed;
        while left >= 3600 {
            expected /= 2;
            left -= 3600;
        }
        let errors = ReadErrors { count, last }.another(last + passed);
        prop_assert_eq!(errors.count, expected.saturating_add(1));
        prop_assert_eq!(errors.last, last + passed);
    }

    /// A clock that went back takes nothing away.
    #[test]
    fn time_that_goes_back_halves_nothing(count in 0..u32::MAX, last: u64, now: u64) {
        prop_assume!(now <= last);
        prop_assert_eq!(ReadErrors { count, last }.another(now).count, count + 1);
    }
}
