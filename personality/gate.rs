// SPDX-License-Identifier: GPL-2.0

//! Who may do I/O, and where.
//!
//! Every request holds a [`Pass`] from before it chooses its legs until it has ended. Taking one
//! and giving it back write only memory of the local CPU. [`Gate::freeze`] lets nobody in and waits
//! until every pass is back.
//!
//! A write holds a [`RangeTicket`] as well. As a rule that is for the whole array, and one more
//! count on the local CPU. While a sync thread runs, or a sector is repaired, the gate is
//! *exclusive*, and it's for the write's own range, so that a sync unit or a repair, which holds a
//! [`UnitTicket`], excludes just the writes that overlap it. To make the gate exclusive is to wait
//! until all tickets for the whole array are back; requests go on meanwhile.
//!
//! The protocol of both counts is in [`crate::logic::gate`], the rules by which ranges exclude each
//! other in [`super::ranges`]; here are the kernel's counters, locks and queues for the first.
//!
//! The order of the locks is in Documentation/locking.md.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::Full,
        barrier::{
            smp_mb,
            Read, //
        },
        Mutex, //
    },
};

use super::ranges::{
    RangeTicket,
    Ranges,
    UnitTicket, //
};
use crate::{
    abstractions::{
        percpu_ref::{
            Drained,
            PercpuBox,
            PercpuRef, //
        },
        wait::WaitQueue,
        Wait, //
    },
    logic::{
        gate::{
            self,
            Freezes,
            Presence,
            Thawed, //
        },
        range::SectorRange, //
    },
};

/// How long a waiting sync thread may overlook that it was told to stop, in milliseconds: md
/// doesn't wake the queues that it waits on.
pub const INTERRUPT_POLL_MS: u32 = 50;

/// How long a freezer sleeps before it looks for work that requests may be waiting for, in
/// milliseconds. It's woken when there is any; this is for safety only.
const FREEZE_POLL_MS: u32 = 100;

/// What the passes are references to.
pub struct Door;

impl Drained for Door {
    fn drained(&self) {}
}

/// The right to do I/O, see the [module](self).
pub type Pass = PercpuRef<Door>;

impl Presence for PercpuBox<Door> {
    type Pass = Pass;

    #[inline]
    fn try_enter(&self) -> Option<Pass> {
        let pass = self.try_ref();
        // The reference orders nothing by itself.
        smp_mb(Read);
        pass
    }

    fn kill(&self) {
        PercpuBox::kill(self);
    }

    fn is_drained(&self) -> bool {
        let drained = PercpuBox::is_drained(self);
        smp_mb(Full);
        drained
    }

    fn resurrect(&self) {
        // It begins with a full barrier.
        PercpuBox::resurrect(self);
    }
}

/// Why someone did not get through the gate.
#[derive(Debug)]
pub enum Refused {
    /// It was not allowed to wait, and would have had to.
    WouldBlock,
    /// It was told to stop.
    Interrupted,
}

/// See the [module](self).
#[pin_data]
pub struct Gate {
    gate: gate::Gate<PercpuBox<Door>>,
    /// Held while the first freeze waits.
    #[pin]
    freezes: Mutex<Freezes>,
    /// Through this go writes that need no ticket for their range. It's frozen while the gate is
    /// exclusive.
    unranged: gate::Gate<PercpuBox<Door>>,
    /// Held while the first that wants the gate exclusive waits.
    #[pin]
    exclusives: Mutex<Freezes>,
    /// Woken when the gate opens.
    #[pin]
    opened: WaitQueue,
    ranges: PercpuBox<Ranges>,
}

impl Gate {
    /// An open gate, not exclusive. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            gate: gate::Gate::new(PercpuBox::new(Ok(Door))?),
            freezes <- new_mutex!(Freezes::NONE),
            unranged: gate::Gate::new(PercpuBox::new(Ok(Door))?),
            exclusives <- new_mutex!(Freezes::NONE),
            opened <- WaitQueue::new(),
            ranges: PercpuBox::new(Ranges::new())?,
        }? Error)
    }

    /// Lets a request in, as soon as the gate isn't frozen.
    ///
    /// Context: may sleep, unless `wait` says no.
    #[inline]
    pub fn enter(&self, wait: Wait) -> Result<Pass, Refused> {
        match self.gate.try_enter() {
            Some(pass) => Ok(pass),
            None => self.enter_slowly(wait),
        }
    }

    #[cold]
    fn enter_slowly(&self, wait: Wait) -> Result<Pass, Refused> {
        let mut pass = None;
        if wait == Wait::Yes {
            self.opened.wait_until(|| {
                pass = self.gate.try_enter();
                pass.is_some()
            });
        }
        pass.ok_or(Refused::WouldBlock)
    }

    /// Lets the sync thread, or a repair, in, unless `interrupted` says that it's to stop.
    ///
    /// Context: may sleep.
    pub fn enter_sync(&self, interrupted: impl Fn() -> bool) -> Result<Pass, Refused> {
        loop {
            let mut pass = None;
            let entered = self.opened.wait_until_for(INTERRUPT_POLL_MS, || {
                pass = self.gate.try_enter();
                pass.is_some() || interrupted()
            });
            if let Some(pass) = pass {
                return Ok(pass);
            }
            if entered {
                return Err(Refused::Interrupted);
            }
        }
    }

    /// Lets nobody in, and waits until every pass is back. Freezes nest.
    ///
    /// Requests may be waiting for something that the daemon does, and the caller may be the
    /// daemon: `help` does it, and `wanted` tells whether there is anything to do.
    ///
    /// Context: may sleep; the caller must not hold a pass.
    pub fn freeze(&self, wanted: impl Fn() -> bool, help: impl Fn()) {
        let mut freezes = self.freezes.lock();
        self.gate.begin_freeze(&mut freezes);
        while !self.gate.is_frozen() {
            help();
            self.gate
                .presence()
                .drained_queue()
                .wait_until_for(FREEZE_POLL_MS, || self.gate.is_frozen() || wanted());
        }
    }

    /// Takes one freeze back.
    ///
    /// Context: may sleep.
    pub fn thaw(&self) {
        let thawed = self.gate.thaw(&mut self.freezes.lock());
        match thawed {
            Thawed::Open => self.opened.wake_all(),
            Thawed::StillFrozen | Thawed::Unbalanced => (),
        }
    }

    /// Wakes a freezer, to see whether its help is wanted.
    ///
    /// Context: any.
    pub fn call_for_help(&self) {
        self.gate.presence().drained_queue().wake_all();
    }

    /// Makes the gate exclusive, until [`Self::end_exclusive`]: waits until every write that has no
    /// ticket for its range has ended. Others come and go meanwhile.
    ///
    /// Context: may sleep. The writes may be waiting for the daemon, or for the freezer, which does
    /// its job, so the caller is neither.
    pub fn make_exclusive(&self) {
        let mut exclusives = self.exclusives.lock();
        self.unranged.begin_freeze(&mut exclusives);
        self.unranged
            .presence()
            .drained_queue()
            .wait_until(|| self.unranged.is_frozen());
    }

    /// Takes one [`Self::make_exclusive`] back. The last unit that relied on it has ended.
    ///
    /// Context: may sleep.
    pub fn end_exclusive(&self) {
        // Nobody waits to come in by this gate, so there is nobody to wake.
        let _ = self.unranged.thaw(&mut self.exclusives.lock());
    }

    /// The ticket with which a write that has a pass may go on.
    ///
    /// Context: may sleep, unless `wait` says no.
    #[inline]
    pub fn write_range(
        &self,
        _pass: &Pass,
        range: SectorRange,
        wait: Wait,
    ) -> Result<RangeTicket, Refused> {
        match self.unranged.try_enter() {
            Some(unranged) => Ok(RangeTicket::Whole(unranged)),
            None => self.write_part(range, wait),
        }
    }

    #[cold]
    fn write_part(&self, range: SectorRange, wait: Wait) -> Result<RangeTicket, Refused> {
        // The gate keeps the box open, so there is always a reference to be had.
        let Some(ranges) = self.ranges.try_ref() else {
            return Err(Refused::WouldBlock);
        };
        Ranges::write(ranges, range, wait).map(RangeTicket::Part)
    }

    /// The ticket for syncing, or repairing, within the unit with index `unit`, unless
    /// `interrupted` says that the caller is to stop. The gate is exclusive.
    ///
    /// Context: may sleep.
    pub fn sync_unit(
        &self,
        unit: u64,
        interrupted: impl Fn() -> bool,
    ) -> Result<UnitTicket, Refused> {
        let Some(ranges) = self.ranges.try_ref() else {
            return Err(Refused::Interrupted);
        };
        Ranges::sync(ranges, unit, interrupted)
    }
}
