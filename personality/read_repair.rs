// SPDX-License-Identifier: GPL-2.0

//! What becomes of the sectors that a leg failed to read.
//!
//! Whoever wanted them has them from another leg. Beside that, a worker of the kernel writes them
//! to the leg again, from the leg that has them. For each page it has a pass and a ticket, so that
//! nobody writes there meanwhile; elsewhere all goes on. It first reads again without a ticket:
//! with a disk that fails slowly, that is what takes time.
//!
//! A repair is advice: there is room for [`LIMIT`] of them, and what doesn't fit is asked for again
//! by the next read there.

use core::mem::{
    replace,
    take, //
};

use kernel::{
    new_mutex, new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        rcu,
        Mutex,
        SpinLockIrq, //
    },
};

use super::{
    choice::next_leg,
    conf::Conf,
    gate::Pass,
    layout::slot_of,
    leg::LegRef,
    mend::{
        Spot,
        STEP, //
    },
};
use crate::{
    abstractions::{
        log::RateLimit,
        md::{
            ActiveIo,
            MddevFlag,
            RdevFlag, //
        },
        pages::Pages,
        percpu_ref::PercpuRef,
        pool::{
            Pool,
            PoolRef, //
        },
        work::{
            Permit,
            Work,
            WorkQueue,
            Workable, //
        },
        Wait, //
    },
    logic::{
        range::{
            unit_of,
            SectorRange, //
        },
        read_policy::Slot,
    },
};

/// How many repairs are remembered at most.
const LIMIT: usize = 32;

/// The repairs of an array.
#[pin_data]
pub struct Repairs {
    queue: WorkQueue,
    runners: Pool<Workable<Runner>, PercpuRef<Conf>>,
    /// What is to be repaired.
    #[pin]
    wanted: SpinLockIrq<Wanted>,
    /// The array is being freed.
    closed: AtomicFlag,
    /// Keeps the log readable when much is repaired.
    #[pin]
    pub log: RateLimit,
    /// Held by the runner while it works; a second one waits.
    #[pin]
    runner_lock: Mutex<()>,
}

/// What is to be repaired.
struct Wanted {
    /// The first is being repaired, if there is a runner.
    repairs: KVec<Repair>,
    /// There is a runner, or one will start.
    running: bool,
}

/// A leg could not read a range.
struct Repair {
    leg: LegRef,
    range: SectorRange,
}

/// A page with what another leg has, and one with what the leg itself reads.
struct Buffers {
    good: Pages,
    back: Pages,
}

impl Buffers {
    /// May sleep.
    fn new() -> Result<Self> {
        Ok(Self {
            good: Pages::new(1)?,
            back: Pages::new(1)?,
        })
    }

    fn good(&self) -> Spot<'_> {
        Spot {
            pages: &self.good,
            offset: 0,
        }
    }

    fn back(&self) -> Spot<'_> {
        Spot {
            pages: &self.back,
            offset: 0,
        }
    }
}

impl Repairs {
    /// Nothing to repair. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            queue: WorkQueue::new(c"raid1_rs_repair")?,
            // One that is about to end, and one that has just started.
            runners: Pool::new(2)?,
            wanted <- new_spinlock_irq!(Wanted {
                repairs: KVec::with_capacity(LIMIT, GFP_KERNEL)?,
                running: false,
            }),
            closed: AtomicFlag::new(false),
            log <- RateLimit::new(),
            runner_lock <- new_mutex!(()),
        }? Error)
    }

    /// No more repairs: the array is being freed. One that is going on ends soon, and gives its leg
    /// back.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        let forgotten = take(&mut self.wanted.lock().repairs);
        drop(forgotten);
    }

    /// What was to be repaired on legs that have failed would keep them in use. Context: process.
    pub fn forget_failed(&self) {
        while let Some(forgotten) = self.take_failed() {
            drop(forgotten);
        }
    }

    fn take_failed(&self) -> Option<Repair> {
        let mut wanted = self.wanted.lock();
        // Not the first: the runner gives that up by itself.
        let has_failed = |index: &usize| {
            let repair = wanted.repairs.get(*index);
            repair.is_some_and(|repair| repair.leg.rdev().flags().test(RdevFlag::Faulty))
        };
        let index = (1..wanted.repairs.len()).find(has_failed)?;
        wanted.repairs.remove(index).ok()
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Remembers a repair; tells whether a runner has to be started for it.
    fn add(&self, repair: Repair) -> bool {
        let mut wanted = self.wanted.lock();
        let known = wanted.repairs.iter().any(|known| known.covers(&repair));
        if known || self.is_closed() || wanted.repairs.push_within_capacity(repair).is_err() {
            return false;
        }
        !replace(&mut wanted.running, true)
    }

    /// What is to be done first; if there is nothing, the runner has to end.
    fn first(&self) -> Option<Repair> {
        let mut wanted = self.wanted.lock();
        let first = wanted.repairs.first().map(|first| Repair {
            leg: first.leg.clone(),
            range: first.range,
        });
        wanted.running = first.is_some();
        first
    }

    /// The first is done.
    fn remove_first(&self) {
        // Its leg goes when the lock is let go.
        let first = self.wanted.lock().repairs.remove(0);
        drop(first);
    }
}

/// The leg in `slot` failed to read `range`: has it repaired, if that may be.
///
/// Context: may sleep, if just for memory of this array.
pub fn request(conf: &PercpuRef<Conf>, leg: &LegRef, slot: Slot, range: SectorRange) {
    // Another leg has to have the data, and a block has to fit into a page of ours.
    let has_data_elsewhere = next_leg(conf, range, slot, slot).is_some();
    if !has_data_elsewhere || conf.block_size().sectors() > STEP {
        return;
    }
    let repair = Repair {
        leg: leg.clone(),
        range,
    };
    if repair.is_over(conf) || !conf.repairs.add(repair) {
        return;
    }
    let runner = PoolRef::new(
        Workable::new(Runner),
        conf.clone(),
        |conf: &PercpuRef<Conf>| &conf.repairs.runners,
        Wait::Yes,
    );
    // Who may wait gets memory, and nobody else has a reference to it.
    if let Some(permit) = runner.ok().and_then(Permit::from_last) {
        permit.queue(|runner| &PoolRef::keeper(runner).repairs.queue);
    }
}

/// Does one repair after the other, until there is none.
struct Runner;

impl Work<PercpuRef<Conf>> for Runner {
    fn run(this: PoolRef<Workable<Self>, PercpuRef<Conf>>) {
        let conf = PoolRef::keeper(&this);
        let _alone = conf.repairs.runner_lock.lock();
        // Nobody waits for a repair, so it may wait for memory.
        let buffers = Buffers::new();
        let mut tools = buffers.as_ref().ok().map(|buffers| Tools {
            conf,
            buffers,
            exclusive: false,
        });
        while let Some(repair) = conf.repairs.first() {
            // If it's given up, there is a reason why, and somebody will ask again.
            if let Some(tools) = &mut tools {
                let _ = repair.run(tools);
            }
            drop(repair);
            conf.repairs.remove_first();
        }
    }
}

/// What a runner works with.
struct Tools<'a> {
    conf: &'a Conf,
    buffers: &'a Buffers,
    /// The gate is exclusive, for us.
    exclusive: bool,
}

impl Tools<'_> {
    /// Has every write take a ticket for its range, from now until the runner ends.
    fn make_exclusive(&mut self) {
        if !self.exclusive {
            self.conf.gate.make_exclusive();
            self.exclusive = true;
        }
    }
}

impl Drop for Tools<'_> {
    fn drop(&mut self) {
        if self.exclusive {
            self.conf.gate.end_exclusive();
        }
    }
}

/// The repair has to be given up.
struct Over;

/// What a repair holds like a request, in the order in which it's given back.
struct Inside {
    _active: ActiveIo,
    _pass: Pass,
}

impl Repair {
    /// Whether whatever `other` asks for is done with this.
    fn covers(&self, other: &Repair) -> bool {
        self.leg.rdev().ptr_eq(other.leg.rdev())
            && self.range.start() <= other.range.start()
            && other.range.end() <= self.range.end()
    }

    /// Whether nothing is to be repaired any more: nobody writes to a read-only array.
    fn is_over(&self, conf: &Conf) -> bool {
        let mddev = conf.mddev();
        conf.repairs.is_closed()
            || self.leg.rdev().flags().test(RdevFlag::Faulty)
            || mddev.is_read_only()
            || mddev.flags().test(MddevFlag::Closing)
    }

    fn run(&self, tools: &mut Tools<'_>) -> Result<(), Over> {
        {
            // It may have to tell md that the leg has failed, and the array must not be stopped
            // meanwhile.
            let _inside = self.enter(tools.conf)?;
            if self.is_over(tools.conf) || self.leg.count_read_error() {
                return Err(Over);
            }
        }
        let mut left = self.range;
        while !left.is_empty() {
            let step = left.first_unit().first(STEP);
            self.step(tools, step)?;
            left = left.without_first(step.len());
        }
        Ok(())
    }

    /// Comes in like a request, unless the array is suspended.
    fn enter(&self, conf: &Conf) -> Result<Inside, Over> {
        let active = conf.mddev().try_active_get().ok_or(Over)?;
        let pass = conf.gate.enter_sync(|| self.is_over(conf));
        Ok(Inside {
            _active: active,
            _pass: pass.map_err(|_| Over)?,
        })
    }

    /// Repairs a page, or what of it is in the range.
    fn step(&self, tools: &mut Tools<'_>, step: SectorRange) -> Result<(), Over> {
        let (conf, buffers) = (tools.conf, tools.buffers);
        let inside = self.enter(conf)?;
        // Without the ticket, as it may take long. Whatever is read isn't used.
        if self.leg.read_to(step, buffers.back()) {
            return Ok(());
        }
        drop(inside);
        tools.make_exclusive();
        let inside = self.enter(conf)?;
        let over = || self.is_over(conf);
        let ticket = conf
            .gate
            .sync_unit(unit_of(step.start()), over)
            .map_err(|_| Over)?;
        if !self.is_over(conf) {
            self.rewrite(tools, step);
        }
        drop(ticket);
        drop(inside);
        Ok(())
    }

    /// Writes `step` again, or those of its blocks that can't be read and that another leg has. If
    /// nobody has one, the leg may be the one that once can read it again: nothing is recorded.
    fn rewrite(&self, tools: &Tools<'_>, step: SectorRange) {
        let block = tools.conf.block_size();
        let (good, back) = (tools.buffers.good(), tools.buffers.back());
        // While legs may differ, a block that readers were given from this leg must not change.
        let legs_differ = tools.conf.mddev().resync_offset() < step.end();
        let by_block = step.len() > block.sectors();
        if !(by_block && legs_differ) && self.fetch(tools, step) {
            return self.leg.repair(step, block, good, back);
        }
        if !by_block {
            return;
        }
        for part in step.pieces(block.sectors()) {
            if self.is_over(tools.conf) {
                return;
            }
            if self.fetch(tools, part) && !self.leg.read_to(part, back) {
                self.leg.repair(part, block, good, back);
            }
        }
    }

    /// Reads `range` from another leg that has it: the one that readers are sent to after this one.
    fn fetch(&self, tools: &Tools<'_>, range: SectorRange) -> bool {
        let conf = tools.conf;
        let Some(own) = self.slot(conf) else {
            return false;
        };
        let mut asked = own;
        while let Some((leg, choice)) = next_leg(conf, range, own, asked) {
            let has_all = choice.sectors == range.len();
            if has_all && leg.read_to(range, tools.buffers.good()) {
                return true;
            }
            asked = choice.slot;
        }
        false
    }

    /// The slot of the leg, which may have moved since it failed.
    fn slot(&self, conf: &Conf) -> Option<Slot> {
        let guard = rcu::read_lock();
        let legs = conf.layout(&guard);
        let place = legs.find(self.leg.rdev())?;
        Some(slot_of(legs.index(place)))
    }
}
