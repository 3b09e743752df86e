// SPDX-License-Identifier: GPL-2.0

//! All that writers and a sync can do to each other in a small array, explored to the end: nobody
//! overlaps, everybody gets through.
//!
//! The model has a sync thread that marches over the units, again and again, with several in flight;
//! a repair, which wants one unit for itself now and then; and writers that come and go for ever,
//! each with its own range. Every write and unit in flight completes, and who was woken tries again;
//! all else may happen or not. Who waits sleeps until a call says [`Wake::All`]. All may give up
//! waiting.
//!
//! Of two who want one bucket for themselves without end, one may always be the quicker one. So the
//! repair comes a limited number of times, and is itself not among those that must get through.

use crate::explorer::{
    judge,
    Model,
    Step, //
};
use raid1_rs::logic::{
    range::{
        SectorRange,
        UNIT_SECTORS, //
    },
    range_locks::{
        Bucket,
        RangeLocks,
        SyncTicket,
        SyncWaiting,
        Wake,
        WriteTicket,
        WriterWaiting, //
    },
};
use std::collections::BTreeSet;

/// Where a writer, or someone who wants a unit, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Waits { awake: bool },
    Active,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State<const N: usize> {
    buckets: [Bucket; N],
    writers: Vec<Phase>,
    /// The unit that the sync thread asks for next, and whether it waits for it.
    next: u64,
    sync: Phase,
    /// Units in flight for the sync thread.
    in_flight: BTreeSet<u64>,
    repair: Phase,
    repairs_left: u32,
}

/// Calls whose [`Wake`] is lost, to see that the model notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    EndWrite,
    GiveUpWrite,
    EndSync,
    GiveUpSync,
}

struct March<const N: usize> {
    units: u64,
    /// First unit and number of units of each writer.
    writers: Vec<(u64, u64)>,
    /// Units that the sync thread keeps in flight.
    depth: usize,
    /// The unit that the repair wants.
    repair: Option<u64>,
    flaw: Flaw,
}

// Tickets can't be copied, and a model needs them in many states. They hold nothing but what was
// asked for, so an empty lock gives an equal one.

fn write_ticket(range: SectorRange) -> WriteTicket {
    let mut free = [Bucket::FREE];
    RangeLocks::new(&mut free).try_write(range).expect("free")
}

fn writer_waiting(range: SectorRange) -> WriterWaiting {
    let mut taken = [Bucket::FREE];
    let mut locks = RangeLocks::new(&mut taken);
    let _unit = locks.try_sync(0).expect("free");
    locks.begin_write(range).expect_err("taken")
}

fn sync_ticket(unit: u64) -> SyncTicket {
    let mut free = [Bucket::FREE];
    RangeLocks::new(&mut free).try_sync(unit).expect("free")
}

fn sync_waiting(unit: u64) -> SyncWaiting {
    let mut taken = [Bucket::FREE];
    let mut locks = RangeLocks::new(&mut taken);
    let _unit = locks.try_sync(0).expect("free");
    locks.begin_sync(unit).expect_err("taken")
}

impl<const N: usize> State<N> {
    fn locks(&mut self) -> RangeLocks<'_, N> {
        RangeLocks::new(&mut self.buckets)
    }

    fn wake(&mut self, wake: Wake, lost: bool) {
        if wake == Wake::Nobody || lost {
            return;
        }
        let waiting = self
            .writers
            .iter_mut()
            .chain([&mut self.sync, &mut self.repair]);
        for phase in waiting {
            if let Phase::Waits { awake } = phase {
                *awake = true;
            }
        }
    }
}

impl<const N: usize> March<N> {
    fn range(&self, writer: usize) -> SectorRange {
        let (first, units) = self.writers[writer];
        SectorRange::new(first * UNIT_SECTORS, units * UNIT_SECTORS)
    }

    // Numbers of owed steps: what each writer does, the sync thread, the repair, each unit's end.
    fn sync_step(&self) -> usize {
        self.writers.len()
    }

    fn repair_step(&self) -> usize {
        self.writers.len() + 1
    }

    fn writer_steps(&self, state: &State<N>, writer: usize, steps: &mut Vec<Step<State<N>>>) {
        let range = self.range(writer);
        let mut go = |owed: bool, next: State<N>| {
            steps.push(Step {
                owed: owed.then_some(writer),
                next,
            });
        };
        match state.writers[writer] {
            Phase::Idle => {
                let mut next = state.clone();
                next.writers[writer] = match next.locks().begin_write(range) {
                    Ok(_) => Phase::Active,
                    Err(_) => Phase::Waits { awake: false },
                };
                go(false, next);
                let mut next = state.clone();
                match next.locks().try_write(range) {
                    Some(_) => next.writers[writer] = Phase::Active,
                    None => assert_eq!(next, *state, "a refused try changed something"),
                }
                go(false, next);
            }
            Phase::Waits { awake } => {
                if awake {
                    let mut next = state.clone();
                    next.writers[writer] = match next.locks().retry_write(writer_waiting(range)) {
                        Ok(_) => Phase::Active,
                        Err(_) => Phase::Waits { awake: false },
                    };
                    go(true, next);
                }
                let mut next = state.clone();
                let wake = next.locks().give_up_write(writer_waiting(range));
                next.writers[writer] = Phase::Idle;
                next.wake(wake, self.flaw == Flaw::GiveUpWrite);
                go(false, next);
            }
            Phase::Active => {
                let mut next = state.clone();
                let wake = next.locks().end_write(write_ticket(range));
                next.writers[writer] = Phase::Idle;
                next.wake(wake, self.flaw == Flaw::EndWrite);
                go(true, next);
            }
        }
    }

    /// What someone who wants `unit` can do; `granted` and `phase` say where that is noted.
    fn unit_steps(
        &self,
        state: &State<N>,
        unit: u64,
        owed: usize,
        phase: impl Fn(&mut State<N>) -> &mut Phase,
        granted: impl Fn(&mut State<N>),
        steps: &mut Vec<Step<State<N>>>,
    ) {
        match *phase(&mut state.clone()) {
            Phase::Idle => {
                let mut next = state.clone();
                match next.locks().begin_sync(unit) {
                    Ok(_) => granted(&mut next),
                    Err(_) => *phase(&mut next) = Phase::Waits { awake: false },
                }
                steps.push(Step { owed: None, next });
            }
            Phase::Waits { awake } => {
                if awake {
                    let mut next = state.clone();
                    match next.locks().retry_sync(sync_waiting(unit)) {
                        Ok(_) => granted(&mut next),
                        Err(_) => *phase(&mut next) = Phase::Waits { awake: false },
                    }
                    steps.push(Step {
                        owed: Some(owed),
                        next,
                    });
                }
                let mut next = state.clone();
                let wake = next.locks().give_up_sync(sync_waiting(unit));
                *phase(&mut next) = Phase::Idle;
                next.wake(wake, self.flaw == Flaw::GiveUpSync);
                steps.push(Step { owed: None, next });
            }
            Phase::Active => (),
        }
    }

    fn end_unit(&self, state: &State<N>, unit: u64, change: impl Fn(&mut State<N>)) -> State<N> {
        let mut next = state.clone();
        let wake = next.locks().end_sync(sync_ticket(unit));
        change(&mut next);
        next.wake(wake, self.flaw == Flaw::EndSync);
        next
    }
}

impl<const N: usize> Model for March<N> {
    type State = State<N>;

    fn initial(&self) -> State<N> {
        State {
            buckets: [Bucket::FREE; N],
            writers: vec![Phase::Idle; self.writers.len()],
            next: 0,
            sync: Phase::Idle,
            in_flight: BTreeSet::new(),
            repair: Phase::Idle,
            repairs_left: 2,
        }
    }

    fn steps(&self, state: &State<N>) -> Vec<Step<State<N>>> {
        let mut steps = Vec::new();
        for writer in 0..self.writers.len() {
            self.writer_steps(state, writer, &mut steps);
        }
        // An array has each unit once: the march comes round only when the unit is done.
        if state.in_flight.len() < self.depth && !state.in_flight.contains(&state.next) {
            let granted = |next: &mut State<N>| {
                next.in_flight.insert(next.next);
                next.next = (next.next + 1) % self.units;
                next.sync = Phase::Idle;
            };
            self.unit_steps(
                state,
                state.next,
                self.sync_step(),
                |next| &mut next.sync,
                granted,
                &mut steps,
            );
        }
        for unit in &state.in_flight {
            steps.push(Step {
                owed: Some(self.repair_step() + 1 + *unit as usize),
                next: self.end_unit(state, *unit, |next| {
                    next.in_flight.remove(unit);
                }),
            });
        }
        let wanted = state.repair != Phase::Idle || state.repairs_left > 0;
        if let Some(unit) = self.repair.filter(|_| wanted) {
            let granted = |next: &mut State<N>| next.repair = Phase::Active;
            let mut repairs = Vec::new();
            self.unit_steps(
                state,
                unit,
                self.repair_step(),
                |next| &mut next.repair,
                granted,
                &mut repairs,
            );
            if state.repair == Phase::Active {
                repairs.push(Step {
                    owed: Some(self.repair_step()),
                    next: self.end_unit(state, unit, |next| next.repair = Phase::Idle),
                });
            }
            for mut step in repairs {
                if state.repair == Phase::Idle {
                    step.next.repairs_left -= 1;
                }
                steps.push(step);
            }
        }
        steps
    }

    fn check(&self, state: &State<N>) {
        let repair = self.repair.filter(|_| state.repair == Phase::Active);
        let units: Vec<u64> = state.in_flight.iter().copied().chain(repair).collect();
        let buckets: BTreeSet<u64> = units.iter().map(|unit| unit % N as u64).collect();
        assert_eq!(
            units.len(),
            buckets.len(),
            "two units in one bucket: {state:?}"
        );
        for (writer, (first, count)) in self.writers.iter().enumerate() {
            let overlaps = (*first..first + count).any(|unit| units.contains(&unit));
            assert!(
                state.writers[writer] != Phase::Active || !overlaps,
                "{state:?}"
            );
        }
    }

    fn at_rest(&self, state: &State<N>) -> bool {
        let phases = state.writers.iter().chain([&state.sync, &state.repair]);
        let idle = phases.copied().all(|phase| phase == Phase::Idle) && state.in_flight.is_empty();
        assert_eq!(
            idle,
            state.buckets == [Bucket::FREE; N],
            "counters: {state:?}"
        );
        idle
    }

    fn waiting(&self, state: &State<N>) -> BTreeSet<usize> {
        let phases = state.writers.iter().chain([&state.sync]);
        phases
            .enumerate()
            .filter(|(_, phase)| matches!(phase, Phase::Waits { .. }))
            .map(|(process, _)| process)
            .collect()
    }
}

/// Two buckets for three units, so that units 0 and 2 collide.
fn collisions(writers: &[(u64, u64)], depth: usize, repair: Option<u64>) -> March<2> {
    March {
        units: 3,
        writers: writers.to_vec(),
        depth,
        repair,
        flaw: Flaw::None,
    }
}

fn assert_good<const N: usize>(model: &March<N>) {
    match judge(model) {
        Ok(states) => assert!(states > 100, "only {states} states"),
        Err(wrong) => panic!("{wrong:?}"),
    }
}

#[test]
fn narrow_and_spanning_writers() {
    assert_good(&collisions(&[(0, 1), (1, 1), (0, 2)], 2, None));
}

#[test]
fn only_spanning_writers() {
    assert_good(&collisions(&[(0, 3), (0, 2), (1, 2)], 2, None));
}

#[test]
fn a_stream_of_writers_to_one_unit() {
    assert_good(&collisions(&[(1, 1), (1, 1), (1, 1), (1, 1)], 2, None));
}

#[test]
fn a_repair_beside_the_sync() {
    assert_good(&collisions(&[(0, 1), (0, 2)], 2, Some(0)));
    assert_good(&collisions(&[(0, 2), (1, 1)], 1, Some(1)));
}

#[test]
fn a_longer_march() {
    let model: March<4> = March {
        units: 5,
        writers: vec![(0, 2), (1, 3), (3, 2)],
        depth: 3,
        repair: None,
        flaw: Flaw::None,
    };
    assert_good(&model);
}

/// A wake-up that gets lost is noticed: somebody sleeps for ever.
#[test]
fn lost_wake_ups() {
    for flaw in [
        Flaw::EndWrite,
        Flaw::GiveUpWrite,
        Flaw::EndSync,
        Flaw::GiveUpSync,
    ] {
        let sound = collisions(&[(0, 1), (0, 2)], 2, Some(0));
        assert_good(&sound);
        assert!(judge(&March { flaw, ..sound }).is_err(), "{flaw:?}");
    }
}
