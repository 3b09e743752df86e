// SPDX-License-Identifier: GPL-2.0

//! The kernel's `percpu_ref` and RCU, as weak as the kernel's documentation allows them to be.
//!
//! What is assumed, and what it stands for (lib/percpu-refcount.c, include/linux/percpu-refcount.h):
//! - A thread is a CPU. `this_cpu_inc()` is a relaxed operation on the CPU's own counter, by which
//!   nothing else is ordered.
//! - `percpu_ref_get()` in atomic mode is `atomic_long_add()`: relaxed.
//! - `atomic_long_inc_not_zero()` and `atomic_long_sub_and_test()` are acquire and release here. In
//!   the kernel they are fully ordered, which is more; nothing needs it.
//! - The flag bits are read and written by plain accesses under a lock, except that the last store of
//!   a switch to per-CPU mode is a release. Readers have no acquire: the kernel needs, and has, only
//!   an address dependency there.
//! - A grace period looks at one CPU after the other. A reader that runs there is waited for, and all
//!   that it did is seen after; one that comes later sees all that was written before. That is what
//!   RCU promises, made of a lock per CPU. It's not made of fences, because loom does not try the
//!   orders in which independent fences can be.
//! - The switch to atomic mode is what `call_rcu()` runs after a grace period, in a thread of its own
//!   or, to save states, in the thread that killed. That one sleeps meanwhile in any case.

use loom::{
    sync::{
        atomic::{
            fence,
            AtomicIsize,
            AtomicUsize,
            Ordering::{
                AcqRel,
                Acquire,
                Relaxed,
                Release, //
            }, //
        },
        Condvar,
        Mutex,
        MutexGuard, //
    },
    thread,
};

/// CPUs on which references are taken and given back.
pub const CPUS: usize = 2;

/// What can be left out, to see that the models notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Nothing,
    /// The barrier between coming in and reading what was written before the resurrection.
    BarrierBehindEnter,
    /// The barrier in front of `percpu_ref_resurrect()`.
    BarrierBeforeResurrect,
    /// The barrier behind `percpu_ref_is_zero()`.
    BarrierBehindDrained,
    /// The grace period between closing and adding up.
    GracePeriod,
}

/// One CPU's read-side critical sections.
#[derive(Debug)]
struct Reader {
    depth: Mutex<usize>,
    outside: Condvar,
}

impl Reader {
    fn depth(&self) -> MutexGuard<'_, usize> {
        self.depth.lock().expect("not poisoned")
    }
}

#[derive(Debug)]
pub struct Rcu {
    readers: [Reader; CPUS],
}

impl Rcu {
    pub fn new() -> Self {
        let reader = |_| Reader {
            depth: Mutex::new(0),
            outside: Condvar::new(),
        };
        Rcu {
            readers: [0; CPUS].map(reader),
        }
    }

    /// Runs `f` as a read-side critical section; they nest.
    pub fn read<R>(&self, cpu: usize, f: impl FnOnce() -> R) -> R {
        let reader = &self.readers[cpu];
        *reader.depth() += 1;
        let result = f();
        let mut depth = reader.depth();
        *depth -= 1;
        if *depth == 0 {
            reader.outside.notify_all();
        }
        result
    }

    /// Waits until all who read now are through.
    pub fn synchronize(&self) {
        for reader in &self.readers {
            let mut depth = reader.depth();
            while *depth > 0 {
                depth = reader.outside.wait(depth).expect("not poisoned");
            }
        }
    }
}

const ATOMIC: usize = 1;
const DEAD: usize = 2;
const BIAS: isize = 1 << 20;

#[derive(Debug)]
pub struct PercpuRef {
    flags: AtomicUsize,
    percpu: [AtomicIsize; CPUS],
    count: AtomicIsize,
    switch: Mutex<()>,
    missing: Missing,
}

impl PercpuRef {
    pub fn new(missing: Missing) -> Self {
        PercpuRef {
            flags: AtomicUsize::new(0),
            percpu: Default::default(),
            count: AtomicIsize::new(BIAS + 1),
            switch: Mutex::new(()),
            missing,
        }
    }

    /// `percpu_ref_tryget_live()`
    pub fn try_get(&self, rcu: &Rcu, cpu: usize) -> bool {
        rcu.read(cpu, || {
            if self.flags.load(Relaxed) & (ATOMIC | DEAD) == 0 {
                self.percpu[cpu].fetch_add(1, Relaxed);
                true
            } else if self.flags.load(Relaxed) & DEAD == 0 {
                let inc = |count| (count != 0).then_some(count + 1);
                self.count.fetch_update(AcqRel, Relaxed, inc).is_ok()
            } else {
                false
            }
        })
    }

    /// `percpu_ref_put()`; `release` is called in its critical section if that was the last.
    pub fn put(&self, rcu: &Rcu, cpu: usize, release: impl FnOnce()) {
        rcu.read(cpu, || {
            if self.flags.load(Relaxed) & (ATOMIC | DEAD) == 0 {
                self.percpu[cpu].fetch_sub(1, Relaxed);
            } else if self.sub_and_test() {
                release();
            }
        });
    }

    fn sub_and_test(&self) -> bool {
        self.count.fetch_sub(1, AcqRel) == 1
    }

    /// `percpu_ref_kill()`, and all that follows from it.
    pub fn kill(&self, rcu: &Rcu) {
        self.begin_kill();
        self.finish_kill(rcu);
    }

    /// `percpu_ref_kill()`
    pub fn begin_kill(&self) {
        let _switch = self.switch.lock();
        let flags = self.flags.load(Relaxed);
        assert_eq!(flags, 0, "killed more than once");
        self.flags.store(flags | DEAD, Relaxed);
        self.flags.store(flags | DEAD | ATOMIC, Relaxed);
        // Held until the switch is through.
        self.count.fetch_add(1, Relaxed);
        // The initial one. It can't be the last.
        let last = self.sub_and_test();
        assert!(!last);
    }

    /// `percpu_ref_switch_to_atomic_rcu()`, which `percpu_ref_kill()` has given to `call_rcu()`.
    pub fn finish_kill(&self, rcu: &Rcu) {
        if self.missing != Missing::GracePeriod {
            rcu.synchronize();
        }
        let sum: isize = self.percpu.iter().map(|count| count.load(Relaxed)).sum();
        self.count.fetch_add(sum - BIAS, Relaxed);
        self.sub_and_test();
    }

    /// `percpu_ref_is_zero()`, and the barrier that ought to follow.
    pub fn is_drained(&self) -> bool {
        if self.flags.load(Relaxed) & (ATOMIC | DEAD) == 0 {
            return false;
        }
        let zero = {
            let _switch = self.switch.lock();
            self.count.load(Relaxed) == 0
        };
        if self.missing != Missing::BarrierBehindDrained {
            fence(Acquire);
        }
        zero
    }

    /// Waits for that.
    pub fn wait_drained(&self) {
        while !self.is_drained() {
            thread::yield_now();
        }
    }

    /// The barrier that ought to be there, and `percpu_ref_resurrect()`; the switch to atomic mode is
    /// through.
    pub fn resurrect(&self) {
        if self.missing != Missing::BarrierBeforeResurrect {
            fence(Release);
        }
        let _switch = self.switch.lock();
        let flags = self.flags.load(Relaxed);
        self.flags.store(flags & !DEAD, Relaxed);
        self.count.fetch_add(1, Relaxed);
        self.count.fetch_add(BIAS, Relaxed);
        for own in &self.percpu {
            own.store(0, Relaxed);
        }
        self.flags.store(flags & !DEAD & !ATOMIC, Release);
    }

    /// The barrier that ought to follow a successful [`try_get`](Self::try_get).
    pub fn barrier_behind_enter(&self) {
        if self.missing != Missing::BarrierBehindEnter {
            fence(Acquire);
        }
    }
}
