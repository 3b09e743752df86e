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
        atomic::{
            AtomicUsize,
            Ordering::{
                Acquire,
                Release, //
            }, //
        },
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
        Mode,
        ModeCell,
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
    door: PercpuRef,
    mode: AtomicUsize,
    freezes: Mutex<Freezes>,
    ranges: Mutex<[Bucket; 1]>,
    /// The sectors that are written and synced.
    sectors: UnsafeCell<()>,
}

impl Array {
    fn new(missing: Missing) -> Arc<Self> {
        Arc::new(Array {
            rcu: Rcu::new(),
            door: PercpuRef::new(missing),
            mode: AtomicUsize::new(0),
            freezes: Mutex::new(Freezes::NONE),
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

struct Pass(Cpu);

impl Drop for Pass {
    fn drop(&mut self) {
        let Cpu { array, cpu, .. } = &self.0;
        array.door.put(&array.rcu, *cpu, || ());
    }
}

impl Presence for Cpu {
    type Pass = Pass;

    fn try_enter(&self) -> Option<Pass> {
        let array = &self.array;
        let entered = array.door.try_get(&array.rcu, self.cpu);
        entered.then(|| {
            array.door.barrier_behind_enter();
            Pass(self.clone())
        })
    }

    fn kill(&self) {
        if !self.deferred {
            return self.array.door.kill(&self.array.rcu);
        }
        self.array.door.begin_kill();
        let array = self.array.clone();
        thread::spawn(move || array.door.finish_kill(&array.rcu));
    }

    fn is_drained(&self) -> bool {
        self.array.door.is_drained()
    }

    fn resurrect(&self) {
        self.array.door.resurrect();
    }
}

impl ModeCell for Cpu {
    fn get(&self) -> Mode {
        match self.array.mode.load(Acquire) {
            0 => Mode::Plain,
            _ => Mode::Ranged,
        }
    }

    fn set(&self, mode: Mode) {
        self.array.mode.store(mode as usize, Release);
    }
}

/// Rules of the protocol that can be broken, to see that the models notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    Nothing,
    /// The mode is read before coming in.
    ModeFirst,
    /// The gate becomes ranged without a freeze.
    NoFreeze,
    /// The first thaw of nested freezes opens.
    FirstThawOpens,
}

impl Cpu {
    fn gate(&self) -> Gate<Cpu, Cpu> {
        Gate::new(self.clone(), self.clone())
    }

    fn freeze(&self) {
        let mut freezes = self.array.freezes.lock().expect("not poisoned");
        self.gate().begin_freeze(&mut freezes);
        drop(freezes);
        while !self.gate().is_frozen() {
            thread::yield_now();
        }
    }

    fn thaw(&self, broken: Break) {
        let mut freezes = self.array.freezes.lock().expect("not poisoned");
        if broken == Break::FirstThawOpens {
            while self.gate().thaw(&mut freezes) == Thawed::StillFrozen {}
        } else {
            assert_ne!(self.gate().thaw(&mut freezes), Thawed::Unbalanced);
        }
    }

    /// One write, if the gate and the range let it.
    fn write(&self, broken: Break) {
        let gate = self.gate();
        let early = self.get();
        let Some(pass) = gate.try_enter() else {
            return;
        };
        let mode = match broken {
            Break::ModeFirst => early,
            _ => gate.mode(&pass),
        };
        let sectors = &self.array.sectors;
        if !mode.needs_range(false) {
            sectors.with_mut(|_| ());
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
        if broken == Break::NoFreeze {
            self.set(Mode::Ranged);
        } else {
            self.freeze();
            let freezes = self.array.freezes.lock().expect("not poisoned");
            self.gate().make_ranged(&freezes).expect("frozen");
            drop(freezes);
            self.thaw(broken);
        }
        if let Some(ticket) = self.array.lock_ranges(|locks| locks.try_sync(0)) {
            self.array.sectors.with_mut(|_| ());
            let _ = self.array.lock_ranges(|locks| locks.end_sync(ticket));
        }
        self.gate().make_plain();
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
            Box::new(move || writer.write(broken)),
            Box::new(move || syncer.sync(broken)),
        ]
    };
    model(missing, threads);
}

/// A write on one CPU; whoever freezes on others finds nobody inside.
fn write_against_freezes(missing: Missing, broken: Break) {
    let threads = move |[writer, freezer, other]: [Cpu; 3]| -> Vec<Task> {
        let look = move |freezer: Cpu| {
            freezer.freeze();
            freezer.array.sectors.with(|_| ());
            freezer.thaw(broken);
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
                freezer.freeze();
                freezer.array.sectors.with(|_| ());
                freezer.thaw(Break::Nothing);
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
                let Some(mut pass) = writer.gate().try_enter() else {
                    return;
                };
                thread::spawn(move || {
                    completer.array.sectors.with_mut(|_| ());
                    pass.0.cpu = completer.cpu;
                    drop(pass);
                });
            }),
            Box::new(move || {
                freezer.freeze();
                freezer.array.sectors.with(|_| ());
                freezer.thaw(Break::Nothing);
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
fn not_if_the_mode_is_read_first() {
    write_against_sync(Missing::Nothing, Break::ModeFirst);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_a_freeze() {
    write_against_sync(Missing::Nothing, Break::NoFreeze);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_if_the_first_thaw_opens() {
    write_against_freezes(Missing::Nothing, Break::FirstThawOpens);
}
