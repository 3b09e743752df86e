// SPDX-License-Identifier: GPL-2.0

//! The order of overlapping writes, and what waits for it.
//!
//! A leg gets writes that overlap in the order in which they came
//!
//! - if the array's `serialize_policy` says so: on every leg;
//! - if a sender may be answered before its write has ended ([`behind`](super::behind)): on legs
//!   that are write-mostly. The sender may write the same sectors again at once, and the second
//!   write must not be overtaken by the first, neither in the device nor by being written again
//!   after an error.
//!
//! Then each write of the array is registered, by an [`OrderTicket`], from before it goes to the
//! legs until none of them is writing it any more. A clone that has to wait is put aside; its
//! sender is not. When its turn has come the daemon sends it, or the freezer.
//!
//! Both settings change only while the array is suspended, that is while no write is under way, so
//! there is none that ought to be registered and isn't.
//!
//! Few arrays ever need this, so there is little room at first; more is made for the first burst of
//! writes, and kept until the array is freed.
//!
//! The rules are in [`crate::logic::overlaps`]; here are the lock, the queue and the lists for
//! them.

use kernel::{
    new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Full,
            Relaxed, //
        },
        SpinLockIrq, //
    },
};

use super::{
    conf::Conf,
    gate::Refused,
    pending::PendingWrites,
    read::{
        DoneRead,
        FailedReads, //
    },
    write::{
        WriteLeg,
        WriteRef, //
    },
};
use crate::{
    abstractions::{
        bio_set::Prepared,
        percpu_ref::PercpuRef,
        wait::WaitQueue,
        Wait, //
    },
    logic::{
        overlaps::{
            Node,
            Overlaps,
            Place,
            Registration,
            FIRST_NODES,
            NODES, //
        },
        range::SectorRange,
    },
};

/// See the [module](self).
#[pin_data]
pub struct Order {
    #[pin]
    state: SpinLockIrq<State>,
    /// Woken when a write has ended.
    #[pin]
    ended: WaitQueue,
    /// Something that was put aside may go on.
    due: AtomicFlag,
}

struct State {
    writes: Overlaps<KVec<Node>>,
    /// Clones whose turn has not come.
    held: PendingWrites,
    /// Reads to try elsewhere, which wait for writes that are behind.
    parked: FailedReads,
    /// How many readers wait for writes that are behind.
    readers: usize,
}

impl Order {
    /// No writes. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            state <- new_spinlock_irq!(State {
                writes: Overlaps::new(KVec::from_elem(Node::FREE, FIRST_NODES, GFP_KERNEL)?),
                held: PendingWrites::new(),
                parked: FailedReads::new(),
                readers: 0,
            }),
            ended <- WaitQueue::new(),
            due: AtomicFlag::new(false),
        }? Error)
    }

    /// Registers a write to `range`.
    ///
    /// Context: may sleep, unless `wait` says no.
    pub fn enter(
        conf: PercpuRef<Conf>,
        range: SectorRange,
        wait: Wait,
    ) -> Result<OrderTicket, Refused> {
        let order = &conf.order;
        let mut registration = order.state.lock().writes.register(range);
        if registration.is_none() && order.grow() {
            registration = order.state.lock().writes.register(range);
        }
        if registration.is_none() && wait == Wait::Yes {
            // Those that are registered need nothing that we have to come to an end.
            order.ended.wait_until(|| {
                registration = order.state.lock().writes.register(range);
                registration.is_some()
            });
        }
        match registration {
            None => Err(Refused::WouldBlock),
            some => Ok(OrderTicket {
                conf,
                registration: some,
            }),
        }
    }

    /// Makes room for all writes that there may be, if there is memory at hand. The caller has what
    /// a writer of pages may be waiting for, so it doesn't wait for memory; with the room that
    /// there is all goes on, too, if more slowly.
    ///
    /// Context: any.
    fn grow(&self) -> bool {
        if self.state.lock().writes.capacity() == NODES {
            return false;
        }
        let Ok(larger) = KVec::from_elem(Node::FREE, NODES, GFP_NOWAIT | __GFP_NOWARN) else {
            return false;
        };
        // Another one may have been faster. What is of no use is freed when the lock is let go.
        let unused = self.state.lock().writes.grow(larger);
        drop(unused);
        // Who found no memory before us may go on, too.
        self.ended.wake_all();
        true
    }

    /// Whether the turn of a write has come. It doesn't go again.
    ///
    /// Context: any.
    pub fn is_ready(&self, place: Place) -> bool {
        self.state.lock().writes.is_ready(place)
    }

    /// Waits until the turn of a write has come.
    ///
    /// Context: may sleep.
    pub fn await_turn(&self, place: Place) {
        self.ended.wait_until(|| self.is_ready(place));
    }

    /// Puts a clone aside until its turn has come. If it has, the clone comes back as the error: it
    /// goes on at once, as most do.
    ///
    /// Context: any.
    pub fn hold(
        &self,
        place: Place,
        clone: Prepared<WriteLeg, WriteRef>,
    ) -> Result<(), Prepared<WriteLeg, WriteRef>> {
        let mut state = self.state.lock();
        if state.writes.is_ready(place) {
            return Err(clone);
        }
        state.held.push(clone);
        Ok(())
    }

    /// Whether the sender of a write may be answered before it has ended: fewer than `limit` have
    /// been so already, and nobody waits for them to end.
    ///
    /// Context: any.
    pub fn go_behind(&self, place: Place, limit: usize) -> bool {
        let mut state = self.state.lock();
        state.readers == 0 && state.parked.is_empty() && state.writes.go_behind(place, limit)
    }

    /// The sender of a write isn't answered before it has ended after all.
    ///
    /// Context: any.
    pub fn stay(&self, place: Place) {
        self.state.lock().writes.stay(place);
        self.ended.wake_all();
    }

    /// Waits until every leg has what the senders of writes to `range` have been told is written,
    /// or has failed to get it. A leg is to be chosen after this.
    ///
    /// Context: may sleep, unless `wait` says no.
    pub fn await_behind(&self, range: SectorRange, wait: Wait) -> Result<(), Refused> {
        {
            let mut state = self.state.lock();
            if !state.writes.is_behind(range) {
                return Ok(());
            }
            if wait == Wait::No {
                return Err(Refused::WouldBlock);
            }
            state.readers = state.readers.saturating_add(1);
        }
        self.ended
            .wait_until(|| !self.state.lock().writes.is_behind(range));
        let mut state = self.state.lock();
        state.readers = state.readers.saturating_sub(1);
        Ok(())
    }

    /// Puts a read of the daemon aside, which must not wait for what is behind. If it need not, the
    /// read comes back as the error: it goes on at once.
    ///
    /// Context: any.
    pub fn park(&self, read: DoneRead, range: SectorRange) -> Result<(), DoneRead> {
        let mut state = self.state.lock();
        if !state.writes.is_behind(range) {
            return Err(read);
        }
        state.parked.push(read);
        Ok(())
    }

    /// Whether something that was put aside may go on.
    pub fn is_due(&self) -> bool {
        self.due.load(Relaxed)
    }

    /// What may go on. The reads may have to be put aside again.
    pub fn take_due(&self) -> (PendingWrites, FailedReads) {
        let mut ready = PendingWrites::new();
        // What becomes due after this sets it again.
        if !self.is_due() || !self.due.xchg(false, Full) {
            return (ready, FailedReads::new());
        }
        let mut state = self.state.lock();
        let mut waiting = PendingWrites::new();
        for clone in state.held.take_all() {
            let place = clone.keeper().place();
            if place.is_some_and(|place| !state.writes.is_ready(place)) {
                waiting.push(clone);
            } else {
                ready.push(clone);
            }
        }
        state.held = waiting;
        (ready, state.parked.take_all())
    }
}

/// The registration of a write, which ends when it's dropped.
pub struct OrderTicket {
    conf: PercpuRef<Conf>,
    /// Taken only by `drop`.
    registration: Option<Registration>,
}

impl OrderTicket {
    /// Which write it is.
    pub fn place(&self) -> Option<Place> {
        self.registration.as_ref().map(Registration::place)
    }
}

impl Drop for OrderTicket {
    /// Context: any.
    fn drop(&mut self) {
        let Some(registration) = self.registration.take() else {
            return;
        };
        let order = &self.conf.order;
        let due = {
            let mut state = order.state.lock();
            let ready = state.writes.end(registration);
            (ready && !state.held.is_empty()) || !state.parked.is_empty()
        };
        order.ended.wake_all();
        if due {
            order.due.store(true, Relaxed);
            self.conf.call_daemon();
        }
    }
}
