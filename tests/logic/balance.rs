// SPDX-License-Identifier: GPL-2.0

//! Sharing reads out: see logic/balance.rs.

use proptest::prelude::*;
use raid1_rs::logic::balance::{
    average,
    comparable,
    differs,
    entry,
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
    assert_eq!(table(&[100, 199]).to_vec(), expected);
    assert_eq!(counts(&[7, 7, 7]).iter().sum::<usize>(), ENTRIES);
    assert!(counts(&[7, 7, 7])
        .iter()
        .all(|count| (21..=22).contains(count)));
}

#[test]
fn a_slow_leg_gets_less() {
    let both = counts(&[100, 400]);
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
    assert_eq!(average(0, 500), 125);
    assert_eq!(average(0, 0), 1);
    assert_eq!(average(u32::MAX, u32::MAX), u32::MAX);
    let mut time = 100;
    for _ in 0..64 {
        time = average(time, 1000);
    }
    assert!(time > 900);
    let mut time = 1;
    for _ in 0..200 {
        time = average(time, 50);
    }
    assert_eq!(time, 50);
    assert!(differs(100, 151) && differs(151, 100) && !differs(100, 150));
}

/// One stream of reads, each as long as so many stripes: the legs it meets.
fn met(legs: usize, stripes: u64) -> Vec<u8> {
    let table = table(&vec![100; legs]);
    (0..4096).map(|n| table[entry(n * stripes)]).collect()
}

#[test]
fn a_stream_meets_all_legs_however_large_its_reads_are() {
    for (legs, stripes) in (2..=8).flat_map(|legs| (0..5).map(move |shift| (legs, 1 << shift))) {
        let met = met(legs, stripes);
        let longest = met.chunk_by(|a, b| a == b).map(<[u8]>::len).max();
        assert!(longest <= Some(8), "{legs} legs, {stripes}: {longest:?}");
        for slot in 0..legs {
            let reads = met.iter().filter(|met| usize::from(**met) == slot).count();
            let fair = 4096 / legs;
            assert!(
                (fair * 7 / 8..=fair * 9 / 8).contains(&reads),
                "{legs} legs, {stripes}: {reads}"
            );
        }
    }
}

#[test]
fn a_stream_of_short_reads_has_two_legs_at_work() {
    assert!(met(2, 1)
        .chunk_by(|a, b| a == b)
        .all(|turn| turn.len() <= 2));
}

#[test]
fn times_of_long_reads_can_be_compared() {
    assert_eq!(comparable(100, 8), 100);
    assert_eq!(comparable(100, 128), 100);
    assert_eq!(comparable(1600, 2048), 100);
    assert_eq!(comparable(1600, 0), 1600);
    assert_eq!(comparable(u64::MAX, 1), u32::MAX);
}

#[test]
fn one_hiccup_makes_no_slow_leg() {
    let after = average(100, 100_000);
    assert!(!differs(after, 125), "{after}");
    assert!(counts(&[100, average(after, 100_000)])[1] > 0);
    // Nor is it one if it was the first.
    assert!(counts(&[100, average(0, 3_000)])[1] > 0);
}

/// Its first read came while the machine was busy, and then it gets the reads that look how fast it
/// is by now, no others.
#[test]
fn few_times_tell_that_a_leg_is_not_slow() {
    let mut time = average(0, 10_000);
    assert_eq!(counts(&[100, time])[1], 0);
    for _ in 0..4 {
        time = average(time, 100);
    }
    assert!(counts(&[100, time])[1] > 0, "{time}");
}

proptest! {
    #![proptest_config(super::config())]

    /// An average is between what it was and what is new.
    #[test]
    fn averages_are_between(so_far in 1u32.., new in 1u32..) {
        let time = average(so_far, new);
        prop_assert!((so_far.min(new)..=so_far.max(new)).contains(&time), "{}", time);
    }

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
