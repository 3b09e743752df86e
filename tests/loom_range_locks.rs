// SPDX-License-Identifier: GPL-2.0

//! The range locks as the module uses them: under a lock, with a queue to wait on, on several CPUs.
//!
//! What each one may touch while it holds a ticket is a cell of its own; a sync unit touches those
//! of all who write to it. Loom finds out whether one happens before the other, and whether all come
//! to an end. What the states themselves can do is explored in `logic/range_locks_model.rs`.

#![cfg(loom)]

use loom::{
    cell::UnsafeCell,
    sync::{
        Arc,
        Condvar,
        Mutex, //
    },
    thread,
};
use raid1_rs::logic::{
    range::{
        SectorRange,
        UNIT_SECTORS, //
    },
    range_locks::{
        Bucket,
        RangeLocks,
        Wake, //
    },
};

const UNITS: usize = 2;
const WRITERS: usize = 2;

struct Ranges {
    buckets: Mutex<[Bucket; UNITS]>,
    released: Condvar,
    /// What each writer writes in each unit.
    sectors: [[UnsafeCell<()>; WRITERS]; UNITS],
    /// Wake-ups are lost, to see that the model notices.
    deaf: bool,
}

impl Ranges {
    fn locked<R>(&self, f: impl FnOnce(&mut RangeLocks<'_, UNITS>) -> R) -> R {
        let mut buckets = self.buckets.lock().expect("not poisoned");
        f(&mut RangeLocks::new(&mut buckets))
    }

    fn wake(&self, wake: Wake) {
        if wake == Wake::All && !self.deaf {
            self.released.notify_all();
        }
    }

    fn write(&self, writer: usize, first: usize, units: usize) {
        let range = SectorRange::new(first as u64 * UNIT_SECTORS, units as u64 * UNIT_SECTORS);
        let mut buckets = self.buckets.lock().expect("not poisoned");
        let mut state = RangeLocks::new(&mut buckets).begin_write(range);
        let ticket = loop {
            match state {
                Ok(ticket) => break ticket,
                Err(waiting) => {
                    buckets = self.released.wait(buckets).expect("not poisoned");
                    state = RangeLocks::new(&mut buckets).retry_write(waiting);
                }
            }
        };
        drop(buckets);
        for unit in first..first + units {
            self.sectors[unit][writer].with_mut(|_| ());
        }
        let wake = self.locked(|locks| locks.end_write(ticket));
        self.wake(wake);
    }

    fn sync(&self, unit: usize) {
        let mut buckets = self.buckets.lock().expect("not poisoned");
        let mut state = RangeLocks::new(&mut buckets).begin_sync(unit as u64);
        let ticket = loop {
            match state {
                Ok(ticket) => break ticket,
                Err(waiting) => {
                    buckets = self.released.wait(buckets).expect("not poisoned");
                    state = RangeLocks::new(&mut buckets).retry_sync(waiting);
                }
            }
        };
        drop(buckets);
        for sectors in &self.sectors[unit] {
            sectors.with_mut(|_| ());
        }
        let wake = self.locked(|locks| locks.end_sync(ticket));
        self.wake(wake);
    }
}

fn model(deaf: bool) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(move || {
        let sectors = |_| [0; WRITERS].map(|_| UnsafeCell::new(()));
        let ranges = Arc::new(Ranges {
            buckets: Mutex::new([Bucket::FREE; UNITS]),
            released: Condvar::new(),
            sectors: [0; UNITS].map(sectors),
            deaf,
        });
        let (narrow, spanning) = (ranges.clone(), ranges.clone());
        let writers = [
            thread::spawn(move || {
                narrow.write(0, 1, 1);
                narrow.write(0, 0, 1);
            }),
            thread::spawn(move || spanning.write(1, 0, 2)),
        ];
        ranges.sync(0);
        ranges.sync(1);
        for writer in writers {
            writer.join().expect("no panic");
        }
        assert!(ranges.locked(|locks| locks.is_idle()));
    });
}

#[test]
fn writers_and_a_sync_get_through() {
    model(false);
}

#[test]
#[should_panic(expected = "deadlock")]
fn not_if_wake_ups_are_lost() {
    model(true);
}
