// SPDX-License-Identifier: GPL-2.0

//! Which ranges are written to and synced, while the [gate](super::gate) is exclusive.
//!
//! The rules are in [`crate::logic::range_locks`]; here are the lock and the queue for them.

use kernel::{
    new_spinlock_irq,
    prelude::*,
    sync::SpinLockIrq, //
};
use pin_init::init_array_from_fn;

use super::gate::{
    Pass,
    Refused,
    INTERRUPT_POLL_MS, //
};
use crate::{
    abstractions::{
        percpu_ref::{
            Drained,
            PercpuRef, //
        },
        wait::WaitQueue,
        Wait, //
    },
    logic::{
        range::SectorRange,
        range_locks::{
            Bucket,
            RangeLocks,
            SyncTicket,
            Wake,
            WriteTicket,
            BUCKETS, //
        },
    },
};

/// Which ranges are written to and synced, while the gate is exclusive.
#[pin_data]
pub struct Ranges {
    #[pin]
    buckets: SpinLockIrq<KBox<[Bucket; BUCKETS]>>,
    #[pin]
    released: WaitQueue,
}

impl Drained for Ranges {
    fn drained(&self) {}
}

impl Ranges {
    /// Free ranges only. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            // In place: it's too large for the stack.
            buckets <- new_spinlock_irq!(KBox::init(
                init_array_from_fn(|_| Bucket::FREE),
                GFP_KERNEL
            )?),
            released <- WaitQueue::new(),
        }? Error)
    }

    fn locked<R>(&self, f: impl FnOnce(&mut RangeLocks<'_, BUCKETS>) -> R) -> R {
        f(&mut RangeLocks::new(&mut self.buckets.lock()))
    }

    fn wake(&self, wake: Wake) {
        match wake {
            Wake::Nobody => (),
            Wake::All => self.released.wake_all(),
        }
    }

    /// The ticket for a write to `range`.
    ///
    /// Context: may sleep, unless `wait` says no.
    pub fn write(
        this: PercpuRef<Self>,
        range: SectorRange,
        wait: Wait,
    ) -> Result<PartTicket, Refused> {
        let first = match wait {
            Wait::No => match this.locked(|locks| locks.try_write(range)) {
                Some(ticket) => Ok(ticket),
                None => return Err(Refused::WouldBlock),
            },
            Wait::Yes => this.locked(|locks| locks.begin_write(range)),
        };
        let mut state = Some(first);
        this.released.wait_until(|| {
            state = match state.take() {
                Some(Err(waiting)) => Some(this.locked(|locks| locks.retry_write(waiting))),
                granted => granted,
            };
            !matches!(state, Some(Err(_)))
        });
        match state {
            Some(Ok(ticket)) => Ok(PartTicket {
                ranges: this,
                ticket: Some(ticket),
            }),
            _ => Err(Refused::WouldBlock),
        }
    }

    /// The ticket for syncing within the unit with index `unit`, unless `interrupted`.
    ///
    /// Context: may sleep.
    pub fn sync(
        this: PercpuRef<Self>,
        unit: u64,
        interrupted: impl Fn() -> bool,
    ) -> Result<UnitTicket, Refused> {
        let mut state = this.locked(|locks| locks.begin_sync(unit));
        loop {
            match state {
                Ok(ticket) => {
                    return Ok(UnitTicket {
                        ranges: this,
                        ticket: Some(ticket),
                    })
                }
                Err(waiting) if interrupted() => {
                    let wake = this.locked(|locks| locks.give_up_sync(waiting));
                    this.wake(wake);
                    return Err(Refused::Interrupted);
                }
                Err(waiting) => {
                    let mut next = Some(Err(waiting));
                    this.released.wait_until_for(INTERRUPT_POLL_MS, || {
                        next = match next.take() {
                            Some(Err(waiting)) => {
                                Some(this.locked(|locks| locks.retry_sync(waiting)))
                            }
                            granted => granted,
                        };
                        !matches!(next, Some(Err(_)))
                    });
                    match next {
                        Some(next) => state = next,
                        None => return Err(Refused::Interrupted),
                    }
                }
            }
        }
    }
}

/// The right to write to a range; given back when it's dropped, which is all that is done with what
/// it holds.
pub enum RangeTicket {
    /// To all of the array: the gate isn't exclusive, and doesn't become so before this is back.
    Whole(#[allow(dead_code)] Pass),
    /// To the range only.
    Part(#[allow(dead_code)] PartTicket),
}

/// The right to write to a range while the gate is exclusive; given back when it's dropped.
pub struct PartTicket {
    ranges: PercpuRef<Ranges>,
    /// Taken only by `drop`.
    ticket: Option<WriteTicket>,
}

impl Drop for PartTicket {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let wake = self.ranges.locked(|locks| locks.end_write(ticket));
            self.ranges.wake(wake);
        }
    }
}

/// The right to sync within a unit; given back when it's dropped.
pub struct UnitTicket {
    ranges: PercpuRef<Ranges>,
    /// Taken only by `drop`.
    ticket: Option<SyncTicket>,
}

impl Drop for UnitTicket {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let wake = self.ranges.locked(|locks| locks.end_sync(ticket));
            self.ranges.wake(wake);
        }
    }
}
