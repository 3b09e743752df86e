// SPDX-License-Identifier: GPL-2.0

//! The order of overlapping writes: cases that other implementations had wrong, every order of a few
//! writes, and random ones against a naive list.

use crate::config;
use proptest::prelude::*;
use raid1_rs::logic::{
    overlaps::{
        Node,
        Overlaps,
        Place,
        Registration, //
    },
    range::SectorRange,
};

fn table<const N: usize>() -> Overlaps<Vec<Node>> {
    Overlaps::new(vec![Node::FREE; N])
}

fn range(start: u64, end: u64) -> SectorRange {
    SectorRange::between(start, end)
}

#[test]
fn a_write_waits_for_each_that_it_overlaps_and_not_for_the_first_alone() {
    let mut writes = table::<4>();
    let a = writes.register(range(8, 16)).expect("a node");
    let b = writes.register(range(4, 12)).expect("a node");
    let c = writes.register(range(0, 6)).expect("a node");
    assert!(writes.is_ready(a.place()));
    assert!(!writes.is_ready(b.place()), "b overlaps a");
    assert!(!writes.is_ready(c.place()), "c overlaps b, which waits");
    assert!(writes.end(a));
    assert!(writes.is_ready(b.place()));
    assert!(!writes.is_ready(c.place()));
    assert!(writes.end(b));
    assert!(writes.is_ready(c.place()));
    assert!(!writes.end(c));
    assert!(writes.is_idle());
}

#[test]
fn a_write_over_two_waits_for_both() {
    let mut writes = table::<4>();
    let a = writes.register(range(0, 8)).expect("a node");
    let b = writes.register(range(8, 16)).expect("a node");
    let c = writes.register(range(0, 16)).expect("a node");
    assert!(writes.is_ready(b.place()));
    assert!(!writes.end(b), "a is in the way still");
    assert!(!writes.is_ready(c.place()));
    assert!(writes.end(a));
    assert!(writes.is_ready(c.place()));
    let _ = writes.end(c);
}

#[test]
fn neighbours_do_not_wait_and_an_empty_range_overlaps_nothing() {
    let mut writes = table::<4>();
    let a = writes.register(range(0, 8)).expect("a node");
    let b = writes.register(range(8, 9)).expect("a node");
    let c = writes.register(range(4, 4)).expect("a node");
    assert!(writes.is_ready(b.place()) && writes.is_ready(c.place()));
    for write in [a, b, c] {
        assert!(!writes.end(write));
    }
}

#[test]
fn when_all_nodes_are_taken_nothing_changes() {
    let mut writes = table::<2>();
    let a = writes.register(range(0, 8)).expect("a node");
    let b = writes.register(range(0, 8)).expect("a node");
    assert_eq!(writes.register(range(0, 8)), None);
    assert!(writes.end(a));
    let c = writes.register(range(0, 8)).expect("a node again");
    assert!(writes.is_ready(b.place()) && !writes.is_ready(c.place()));
    assert!(writes.end(b));
    assert!(!writes.end(c));
    assert!(writes.is_idle());
}

#[test]
fn memory_that_is_not_larger_comes_back() {
    let mut writes = table::<2>();
    let unused = writes.grow(vec![Node::FREE; 2]);
    assert_eq!((unused.len(), writes.capacity()), (2, 2));
    let unused = writes.grow(vec![Node::FREE; 5]);
    assert_eq!((unused.len(), writes.capacity()), (2, 5));
    let unused = writes.grow(vec![Node::FREE; 4]);
    assert_eq!((unused.len(), writes.capacity()), (4, 5));
}

#[test]
fn only_so_many_are_behind_as_the_limit_says() {
    let mut writes = table::<4>();
    let a = writes.register(range(0, 8)).expect("a node");
    let b = writes.register(range(8, 16)).expect("a node");
    assert!(!writes.is_behind(range(0, 16)));
    assert!(!writes.go_behind(a.place(), 0));
    assert!(writes.go_behind(a.place(), 1));
    assert!(!writes.go_behind(a.place(), 9), "it is already");
    assert!(!writes.go_behind(b.place(), 1));
    assert!(writes.is_behind(range(7, 9)));
    assert!(!writes.is_behind(range(8, 16)));
    writes.stay(a.place());
    assert!(!writes.is_behind(range(0, 8)));
    assert!(writes.go_behind(b.place(), 1));
    let _ = writes.end(b);
    assert!(!writes.is_behind(range(0, 16)));
    assert!(writes.go_behind(a.place(), 1), "the place of b is free");
    let _ = writes.end(a);
    assert!(writes.is_idle());
}

/// The same, written down as it is meant.
#[derive(Default)]
struct Oracle(Vec<Write>);

struct Write {
    number: usize,
    range: SectorRange,
    behind: bool,
}

impl Oracle {
    fn is_ready(&self, number: usize) -> bool {
        let me = self.find(number);
        let mut earlier = self.0.iter().filter(|write| write.number < number);
        !earlier.any(|write| write.range.overlaps(&me.range))
    }

    fn find(&self, number: usize) -> &Write {
        let mut writes = self.0.iter();
        writes.find(|write| write.number == number).expect("there")
    }
}

#[derive(Clone, Debug)]
enum Step {
    Register(SectorRange),
    /// Of the registered ones, that one in a circle.
    End(usize),
    GoBehind(usize, usize),
    Stay(usize),
    /// To this capacity, if it is less now.
    Grow(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ranges = (0_u64..40, 0_u64..12).prop_map(|(start, len)| SectorRange::new(start, len));
    let step = prop_oneof![
        4 => ranges.prop_map(Step::Register),
        3 => any::<usize>().prop_map(Step::End),
        2 => (any::<usize>(), 0_usize..5).prop_map(|(which, limit)| Step::GoBehind(which, limit)),
        1 => any::<usize>().prop_map(Step::Stay),
        1 => (1_usize..10).prop_map(Step::Grow),
    ];
    prop::collection::vec(step, 0..120)
}

/// Registered writes: their numbers, and what the table gave for them.
type Live = Vec<(usize, Registration)>;

fn chosen(live: &Live, which: usize) -> Option<(usize, Place)> {
    let (number, registration) = live.get(which.checked_rem(live.len())?)?;
    Some((*number, registration.place()))
}

const CAPACITY: usize = 3;

fn compare(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut writes = table::<CAPACITY>();
    let mut capacity = CAPACITY;
    let mut oracle = Oracle::default();
    let mut live = Live::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Register(range) => match writes.register(range) {
                Some(registration) => {
                    prop_assert!(live.len() < capacity);
                    live.push((number, registration));
                    oracle.0.push(Write {
                        number,
                        range,
                        behind: false,
                    });
                }
                None => prop_assert_eq!(live.len(), capacity),
            },
            Step::End(which) => {
                let Some((ended, _)) = chosen(&live, which) else {
                    continue;
                };
                let ready = |oracle: &Oracle| {
                    let others = oracle.0.iter().filter(|write| write.number != ended);
                    others.filter(|write| oracle.is_ready(write.number)).count()
                };
                let before = ready(&oracle);
                let at = live.iter().position(|(number, _)| *number == ended);
                let (_, registration) = live.remove(at.expect("there"));
                let more = writes.end(registration);
                oracle.0.retain(|write| write.number != ended);
                prop_assert_eq!(more, ready(&oracle) > before);
            }
            Step::GoBehind(which, limit) => {
                let Some((number, place)) = chosen(&live, which) else {
                    continue;
                };
                let behind = oracle.0.iter().filter(|write| write.behind).count();
                let expected = behind < limit && !oracle.find(number).behind;
                prop_assert_eq!(writes.go_behind(place, limit), expected);
                for write in oracle.0.iter_mut().filter(|write| write.number == number) {
                    write.behind |= expected;
                }
            }
            Step::Stay(which) => {
                let Some((number, place)) = chosen(&live, which) else {
                    continue;
                };
                writes.stay(place);
                for write in oracle.0.iter_mut().filter(|write| write.number == number) {
                    write.behind = false;
                }
            }
            Step::Grow(size) => {
                let unused = writes.grow(vec![Node::FREE; size]);
                prop_assert_eq!(unused.len(), capacity.min(size));
                capacity = capacity.max(size);
            }
        }
        for (number, registration) in &live {
            prop_assert_eq!(
                writes.is_ready(registration.place()),
                oracle.is_ready(*number)
            );
        }
        for start in 0..52 {
            let one = SectorRange::new(start, 1);
            let mut behind = oracle.0.iter().filter(|write| write.behind);
            let expected = behind.any(|write| write.range.overlaps(&one));
            prop_assert_eq!(writes.is_behind(one), expected);
        }
        prop_assert_eq!(writes.is_idle(), live.is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn it_is_what_a_naive_list_says(steps in steps()) {
        compare(steps)?;
    }
}

/// Every way in which four writes over six sectors can be sent and can end, with any of them ending as soon as
/// it was sent: each is sent exactly once, never over an earlier one, and all come to an end.
#[test]
fn every_order_of_a_few_writes_keeps_the_order_of_each_sector() {
    let ranges: Vec<SectorRange> = (0..6)
        .flat_map(|start| (start + 1..=6).map(move |end| range(start, end)))
        .collect();
    let mut runs = 0_u32;
    for a in &ranges {
        for b in &ranges {
            for c in &ranges {
                for d in &[range(0, 6), range(2, 4), range(5, 6)] {
                    for order in 0..24 {
                        run_all(&[*a, *b, *c, *d], order);
                        runs += 1;
                    }
                }
            }
        }
    }
    assert!(runs > 100_000);
}

/// Ends ready writes in the order that `order` picks; checks each sector's order.
fn run_all(ranges: &[SectorRange], order: usize) {
    let mut writes = table::<4>();
    let mut live: Live = Vec::new();
    for (number, range) in ranges.iter().enumerate() {
        live.push((number, writes.register(*range).expect("a node")));
    }
    let mut last = [None; 6];
    let mut pick = order;
    while !live.is_empty() {
        let ready: Vec<usize> = (0..live.len())
            .filter(|at| writes.is_ready(live[*at].1.place()))
            .collect();
        assert!(!ready.is_empty(), "nobody can go on: {ranges:?}");
        let at = ready[pick % ready.len()];
        pick /= 2;
        let (number, registration) = live.remove(at);
        for (sector, last) in last.iter_mut().enumerate() {
            if ranges[number].contains(sector as u64) {
                assert!(*last < Some(number), "{ranges:?}: {last:?}, then {number}");
                *last = Some(number);
            }
        }
        let _ = writes.end(registration);
    }
    assert!(writes.is_idle());
}
