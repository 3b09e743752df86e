// SPDX-License-Identifier: GPL-2.0

//! Sharing reads out: see logic/balance.rs.

use proptest::prelude::*;
use raid1_rs::logic::balance::{
    average,
    differs,
    fill,
    Candidate,
    ENTRIES, //
};

fn table(times: &[u32]) -> [u8; ENTRIES] {
    let mut table = [255; ENTRIES];
    let candidates = times.iter().enumerate().map(|(slot, time)| Candidate {
        slot: slot as u8,
        time: *time,
    });
    fill(&mut table, candidates);
    table
}

fn counts(times: &[u32]) -> Vec<usize> {
    let table = table(times);
    (0..times.len())
        .map(|slot| table.iter().filter(|entry| **entry == slot as u8).count())
        .collect()
}

#[test]
fn equal_legs_take_turns() {
    let expected: Vec<u8> = (0..ENTRIES).map(|index| (index % 2) as u8).collect();
    assert_eq!(table(&[100, 100]).to_vec(), expected);
    // Nothing measured yet, or nearly the same.
    assert_eq!(table(&[0, 0]).to_vec(), expected);
    assert_eq!(table(&[100, 124]).to_vec(), expected);
    assert_eq!(counts(&[7, 7, 7]).iter().sum::<usize>(), ENTRIES);
    assert!(counts(&[7, 7, 7])
        .iter()
        .all(|count| (21..=22).contains(count)));
}

#[test]
fn a_slow_leg_gets_less() {
    let both = counts(&[100, 200]);
    assert!(both[1] > 0 && both[0] >= 3 * both[1], "{both:?}");
    assert_eq!(counts(&[80, 1000]), [ENTRIES, 0]);
    assert_eq!(counts(&[1000, 80]), [0, ENTRIES]);
    assert_eq!(counts(&[80, 1000, 80]), [ENTRIES / 2, 0, ENTRIES / 2]);
}

#[test]
fn an_unmeasured_leg_gets_a_share() {
    assert!(counts(&[100, 0])[1] >= ENTRIES / 2 - 1);
}

#[test]
fn without_candidates_nothing_changes() {
    assert_eq!(table(&[]), [255; ENTRIES]);
}

#[test]
fn averages_follow() {
    assert_eq!(average(0, 500), 500);
    assert_eq!(average(0, 0), 1);
    assert_eq!(average(u32::MAX, u32::MAX), u32::MAX);
    let mut time = 100;
    for _ in 0..64 {
        time = average(time, 1000);
    }
    assert!(time > 900);
    assert!(differs(100, 126) && differs(126, 100) && !differs(100, 125));
}

proptest! {
    #![proptest_config(super::config())]

    /// Every entry is a candidate's; a faster leg never gets less than a slower one; nobody gets more
    /// than one entry away from its exact share.
    #[test]
    fn shares_are_fair(times in prop::collection::vec(1u32..10_000, 1..9)) {
        let counts = counts(&times);
        prop_assert_eq!(counts.iter().sum::<usize>(), ENTRIES);
        for (a, time_a) in times.iter().enumerate() {
            for (b, time_b) in times.iter().enumerate() {
                if time_a < time_b {
                    prop_assert!(counts[a] + 1 >= counts[b], "{:?} {:?}", times, counts);
                }
            }
        }
    }
}
