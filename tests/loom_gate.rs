// SPDX-License-Identifier: GPL-2.0

//! The gate under every interleaving and every reordering that the kernel's primitives allow: writes
//! against the start of a sync, against freezes, against each other.
//!
//! What must not happen at the same time touches the same cell, and loom finds out whether one
//! happens before the other. Each barrier and each rule of the protocol is left out once, and then a
//! model must fail.

#![cfg(loom)]

#[allow(dead_code)] // Each model needs another part.
#[path = "loom/percpu_ref.rs"]
mod percpu_ref;

use loom::{
    cell::UnsafeCell,
    sync::{
        Arc,
        Mutex, //
    },
    thread,
};
use percpu_ref::{
    Missing,
    PercpuRef,
    Rcu, //
};
use raid1_rs::logic::{
    gate::{
        Freezes,
        Gate,
        Presence,
        Thawed, //
    },
    range::SectorRange,
    range_locks::{
        Bucket,
        RangeLocks, //
    },
};

/// What all threads share.
struct Array {
    rcu: Rcu,
    doors: [PercpuRef; 2],
    freezes: [Mutex<Freezes>; 2],
    ranges: Mutex<[Bucket; 1]>,
    /// The sectors that are written and synced.
    sectors: UnsafeCell<()>,
}

impl Array {
    fn new(missing: Missing) -> Arc<Self> {
        Arc::new(Array {
            rcu: Rcu::new(),
            doors: [PercpuRef::new(missing), PercpuRef::new(missing)],
            freezes: [Mutex::new(Freezes::NONE), Mutex::new(Freezes::NONE)],
            ranges: Mutex::new([Bucket::FREE]),
            sectors: UnsafeCell::new(()),
        })
    }

    fn lock_ranges<R>(&self, f: impl FnOnce(&mut RangeLocks<'_, 1>) -> R) -> R {
        f(&mut RangeLocks::new(
            &mut self.ranges.lock().expect("not poisoned"),
        ))
    }
}

/// The array as a CPU sees it.
#[derive(Clone)]
struct Cpu {
    array: Arc<Array>,
    cpu: usize,
    /// What `call_rcu()` does is done by a thread of its own.
    deferred: bool,
}

/// The gate of all requests.
const ALL: usize = 0;
/// The gate of writes that have no ticket.
const UNRANGED: usize = 1;

/// One of the two gates as a CPU sees it.
#[derive(Clone)]
struct Door(Cpu, usize);

impl Door {
    fn door(&self) -> &PercpuRef {
        &self.0.array.doors[self.1]
    }
}

struct Pass(Door);

impl Drop for Pass {
    fn drop(&mut self) {
        let Cpu { array, cpu, .. } = &self.0 .0;
        self.0.door().put(&array.rcu, *cpu, || ());
    }
}

impl Presence for Door {
    type Pass = Pass;

    fn try_enter(&self) -> Option<Pass> {
        let entered = self.door().try_get(&self.0.array.rcu, self.0.cpu);
        entered.then(|| {
            self.door().barrier_behind_enter();
            Pass(self.clone())
        })
    }

    fn kill(&self) {
        if !self.0.deferred {
            return self.door().kill(&self.0.array.rcu);
        }
        self.door().begin_kill();
        let this = self.clone();
        thread::spawn(move || this.door().finish_kill(&this.0.array.rcu));
    }

    fn is_drained(&self) -> bool {
        self.door().is_drained()
    }

    fn resurrect(&self) {
        self.door().resurrect();
    }
}

/// Rules of the protocol that can be broken, to see that the models notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    Nothing,
    /// A write gives back what it has of the second gate before it writes.
    LeavesEarly,
    /// A sync doesn't wait until the second gate is frozen.
    NoWait,
    /// A sync opens the second gate before its unit has ended.
    ThawsEarly,
    /// The first thaw of nested freezes opens.
    FirstThawOpens,
}

impl Cpu {
    fn gate(&self, which: usize) -> Gate<Door> {
        Gate::new(Door(self.clone(), which))
    }

    fn begin_freeze(&self, which: usize) {
        let mut freezes = self.array.freezes[which].lock().expect("not poisoned");
        self.gate(which).begin_freeze(&mut freezes);
    }

    fn freeze(&self, which: usize) {
        self.begin_freeze(which);
        while !self.gate(which).is_frozen() {
            thread::yield_now();
        }
    }

    fn thaw(&self, which: usize, broken: Break) {
        let mut freezes = self.array.freezes[which].lock().expect("not poisoned");
        if broken == Break::FirstThawOpens {
            while self.gate(which).thaw(&mut freezes) == Thawed::StillFrozen {}
        } else {
            assert_ne!(self.gate(which).thaw(&mut freezes), Thawed::Unbalanced);
        }
    }

    /// One write, if the gate and the range let it.
    fn write(&self, broken: Break) {
        let Some(_pass) = self.gate(ALL).try_enter() else {
            return;
        };
        self.write_inside(broken);
    }

    /// What a write does that is inside.
    fn write_inside(&self, broken: Break) {
        let sectors = &self.array.sectors;
        if let Some(unranged) = self.gate(UNRANGED).try_enter() {
            let unranged = (broken != Break::LeavesEarly).then_some(unranged);
            sectors.with_mut(|_| ());
            drop(unranged);
            return;
        }
        let range = SectorRange::new(0, 8);
        if let Some(ticket) = self.array.lock_ranges(|locks| locks.try_write(range)) {
            sectors.with_mut(|_| ());
            let _ = self.array.lock_ranges(|locks| locks.end_write(ticket));
        }
    }

    /// A sync of one unit, from its start to its end.
    fn sync(&self, broken: Break) {
        match broken {
            Break::NoWait => self.begin_freeze(UNRANGED),
            _ => self.freeze(UNRANGED),
        }
        let ticket = self.array.lock_ranges(|locks| locks.try_sync(0));
        if broken == Break::ThawsEarly {
            self.thaw(UNRANGED, broken);
        }
        if let Some(ticket) = ticket {
            self.array.sectors.with_mut(|_| ());
            let _ = self.array.lock_ranges(|locks| locks.end_sync(ticket));
        }
        if broken != Break::ThawsEarly {
            self.thaw(UNRANGED, broken);
        }
    }
}

/// Runs what `threads` makes of a new array, on up to two CPUs and a thread that only freezes.
fn model(missing: Missing, threads: impl Fn([Cpu; 3]) -> Vec<Task> + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.check(move || {
        let array = Array::new(missing);
        let mut threads = threads([0, 1, 2].map(|cpu| Cpu {
            array: array.clone(),
            cpu,
            deferred: false,
        }));
        let last = threads.pop().expect("at least one");
        let started: Vec<_> = threads.into_iter().map(thread::spawn).collect();
        last();
        for thread in started {
            thread.join().expect("no panic");
        }
    });
}

type Task = Box<dyn FnOnce()>;

/// Writes on one CPU, while a sync starts and ends on another.
fn write_against_sync(missing: Missing, broken: Break) {
    let threads = move |[writer, syncer, _]: [Cpu; 3]| -> Vec<Task> {
        vec![
            // What the first gate is for has nothing to do with it.
            Box::new(move || writer.write_inside(broken)),
            Box::new(move || syncer.sync(broken)),
        ]
    };
    model(missing, threads);
}

/// A write on one CPU; whoever freezes on others finds nobody inside.
fn write_against_freezes(missing: Missing, broken: Break) {
    let threads = move |[writer, freezer, other]: [Cpu; 3]| -> Vec<Task> {
        let look = move |freezer: Cpu| {
            freezer.freeze(ALL);
            freezer.array.sectors.with(|_| ());
            freezer.thaw(ALL, broken);
        };
        vec![
            Box::new(move || writer.write(broken)),
            Box::new(move || look(other)),
            Box::new(move || look(freezer)),
        ]
    };
    model(missing, threads);
}

#[test]
fn a_write_never_overlaps_a_unit() {
    write_against_sync(Missing::Nothing, Break::Nothing);
}

#[test]
fn nobody_is_inside_a_frozen_gate() {
    write_against_freezes(Missing::Nothing, Break::Nothing);
}

/// The kernel closes the counter in a callback, in whatever thread.
#[test]
fn nobody_is_inside_when_the_counter_closes_elsewhere() {
    model(Missing::Nothing, |[writer, freezer, _]| {
        vec![
            Box::new(move || writer.write(Break::Nothing)),
            Box::new(move || {
                let freezer = Cpu {
                    deferred: true,
                    ..freezer
                };
                freezer.freeze(ALL);
                freezer.array.sectors.with(|_| ());
                freezer.thaw(ALL, Break::Nothing);
            }),
        ]
    });
}

/// A request that comes in on one CPU and goes out on another, where its last leg completed.
#[test]
fn a_pass_may_come_back_elsewhere() {
    model(Missing::Nothing, |[writer, completer, freezer]| {
        vec![
            Box::new(move || {
                let Some(mut pass) = writer.gate(ALL).try_enter() else {
                    return;
                };
                thread::spawn(move || {
                    completer.array.sectors.with_mut(|_| ());
                    pass.0 .0.cpu = completer.cpu;
                    drop(pass);
                });
            }),
            Box::new(move || {
                freezer.freeze(ALL);
                freezer.array.sectors.with(|_| ());
                freezer.thaw(ALL, Break::Nothing);
            }),
        ]
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_the_barrier_behind_entering() {
    write_against_sync(Missing::BarrierBehindEnter, Break::Nothing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_the_barrier_before_resurrecting() {
    write_against_sync(Missing::BarrierBeforeResurrect, Break::Nothing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_the_barrier_behind_draining() {
    write_against_freezes(Missing::BarrierBehindDrained, Break::Nothing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_the_grace_period() {
    write_against_freezes(Missing::GracePeriod, Break::Nothing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_if_a_write_leaves_the_second_gate_early() {
    write_against_sync(Missing::Nothing, Break::LeavesEarly);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_if_a_sync_does_not_wait() {
    write_against_sync(Missing::Nothing, Break::NoWait);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_if_a_sync_opens_the_second_gate_early() {
    write_against_sync(Missing::Nothing, Break::ThawsEarly);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_if_the_first_thaw_opens() {
    write_against_freezes(Missing::Nothing, Break::FirstThawOpens);
}
