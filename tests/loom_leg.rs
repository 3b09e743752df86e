// SPDX-License-Identifier: GPL-2.0

//! The removal of a leg under every interleaving: nobody uses it after it's freed, and one that has
//! failed is never open for good.
//!
//! A slot holds a pointer to a leg. A request looks at it under RCU, and takes a reference of the
//! leg's own counter. Removal, in this order: close the counter, wait until it's drained, empty the
//! slot, wait for a grace period, free. Each step is left out once, and then the model must fail.

#![cfg(loom)]

#[allow(dead_code)] // Each model needs another part.
#[path = "loom/percpu_ref.rs"]
mod percpu_ref;

use loom::{
    cell::UnsafeCell,
    sync::{
        atomic::{
            AtomicBool,
            AtomicUsize,
            Ordering::{
                AcqRel,
                Acquire,
                Relaxed,
                Release, //
            }, //
        },
        Arc, //
    },
    thread,
};
use percpu_ref::{
    Missing,
    PercpuRef,
    Rcu, //
};

/// A leg. Whoever uses it reads `memory`; who frees it writes that.
struct Leg {
    counter: PercpuRef,
    memory: UnsafeCell<()>,
    /// What a box around the counter keeps, so that it's closed and opened by turns.
    state: AtomicUsize,
    faulty: AtomicBool,
}

const OPEN: usize = 0;
const CHANGING: usize = 1;
const CLOSED: usize = 2;

struct Array {
    rcu: Rcu,
    leg: Leg,
    /// Whether the pointer to the leg is in its slot.
    slot: AtomicBool,
}

/// Steps of the removal that can be left out, or be done at the wrong time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    Nothing,
    NoClosing,
    NoDraining,
    NoGracePeriod,
    /// The grace period is before the slot is emptied.
    GraceFirst,
    /// It is before the counter is drained.
    GraceBeforeDraining,
    /// Whoever opens the leg again does not look whether it has failed meanwhile.
    NoSecondLook,
}

impl Array {
    fn new() -> Arc<Self> {
        Arc::new(Array {
            rcu: Rcu::new(),
            leg: Leg {
                counter: PercpuRef::new(Missing::Nothing),
                memory: UnsafeCell::new(()),
                state: AtomicUsize::new(OPEN),
                faulty: AtomicBool::new(false),
            },
            slot: AtomicBool::new(true),
        })
    }

    /// What a request does with a leg.
    fn use_leg(&self, cpu: usize) {
        let leg = &self.leg;
        let got = self.rcu.read(cpu, || {
            // An acquire for the address dependency of rcu_dereference().
            self.slot.load(Acquire) && {
                leg.memory.with(|_| ());
                leg.counter.try_get(&self.rcu, cpu)
            }
        });
        if got {
            leg.memory.with(|_| ());
            // The last one still reads which function to call when the count is zero already.
            leg.counter.put(&self.rcu, cpu, || leg.memory.with(|_| ()));
        }
    }

    fn kill(&self) -> bool {
        let changing = self
            .leg
            .state
            .compare_exchange(OPEN, CHANGING, AcqRel, Acquire);
        if changing.is_err() {
            return false;
        }
        self.leg.counter.kill(&self.rcu);
        self.leg.state.store(CLOSED, Release);
        true
    }

    fn resurrect(&self) {
        let changing = self
            .leg
            .state
            .compare_exchange(CLOSED, CHANGING, AcqRel, Acquire);
        assert!(changing.is_ok(), "only this thread opens it");
        self.leg.counter.resurrect();
        self.leg.state.store(OPEN, Release);
    }

    fn remove(&self, broken: Break) {
        if broken != Break::NoClosing {
            self.kill();
        }
        if broken == Break::GraceBeforeDraining {
            self.rcu.synchronize();
        }
        if !matches!(broken, Break::NoClosing | Break::NoDraining) {
            self.leg.counter.wait_drained();
        }
        if broken == Break::GraceFirst {
            self.rcu.synchronize();
        }
        self.slot.store(false, Release);
        if matches!(
            broken,
            Break::Nothing | Break::NoClosing | Break::NoDraining
        ) {
            self.rcu.synchronize();
        }
        self.leg.memory.with_mut(|_| ());
    }

    /// md says that the leg has failed.
    fn fail(&self) {
        self.leg.faulty.store(true, Relaxed);
        self.full_barrier();
        self.kill();
    }

    /// A removal for which a reference came back too late.
    fn try_to_remove(&self, broken: Break) {
        if !self.kill() {
            return;
        }
        self.resurrect();
        self.full_barrier();
        if broken != Break::NoSecondLook && self.leg.faulty.load(Relaxed) {
            self.kill();
        }
    }

    /// A full barrier. Not as a fence: loom does not try the orders in which two of them can be.
    fn full_barrier(&self) {
        self.rcu.read(0, || ());
    }
}

fn model(run: impl Fn(Arc<Array>) -> [Box<dyn FnOnce()>; 2] + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(move || {
        let [first, second] = run(Array::new());
        let first = thread::spawn(first);
        second();
        first.join().expect("no panic");
    });
}

fn use_against_removal(broken: Break) {
    model(move |array| {
        let user = array.clone();
        [
            Box::new(move || {
                user.use_leg(0);
                user.use_leg(0);
            }),
            Box::new(move || array.remove(broken)),
        ]
    });
}

#[test]
fn nobody_uses_a_leg_that_is_gone() {
    use_against_removal(Break::Nothing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_closing_it() {
    use_against_removal(Break::NoClosing);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_draining_it() {
    use_against_removal(Break::NoDraining);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_without_the_grace_period() {
    use_against_removal(Break::NoGracePeriod);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_with_the_grace_period_before_the_slot_is_empty() {
    use_against_removal(Break::GraceFirst);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn not_with_the_grace_period_before_draining() {
    use_against_removal(Break::GraceBeforeDraining);
}

/// A leg fails while somebody tries in vain to remove it.
fn failure_against_removal(broken: Break) {
    model(move |array| {
        let failing = array.clone();
        let ended = Arc::new(AtomicUsize::new(0));
        let both = ended.clone();
        let check = |array: &Array, ended: &AtomicUsize| {
            if ended.fetch_add(1, AcqRel) == 1 {
                let state = array.leg.state.load(Acquire);
                assert_eq!(state, CLOSED, "a failed leg is open");
            }
        };
        [
            Box::new(move || {
                failing.fail();
                check(&failing, &ended);
            }),
            Box::new(move || {
                array.try_to_remove(broken);
                check(&array, &both);
            }),
        ]
    });
}

#[test]
fn a_failed_leg_stays_closed() {
    failure_against_removal(Break::Nothing);
}

#[test]
#[should_panic(expected = "a failed leg is open")]
fn not_without_a_second_look() {
    failure_against_removal(Break::NoSecondLook);
}
