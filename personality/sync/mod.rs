// SPDX-License-Identifier: GPL-2.0

//! Resync, recovery, check and repair: one engine.
//!
//! md's sync thread walks over the array and calls [`step`] for each part. A step becomes a
//! [`Unit`] of at most 1 MiB: while it lasts, no write overlaps it. Several units are in flight.
//! What follows a unit's reads is done by the kernel's workers on all CPUs (`raid1_rs_sync`), not
//! by the daemon.
//!
//! What a step does is decided in [`crate::logic::sync_plan`], what a difference means in
//! [`crate::logic::vote`].

pub mod bios;
pub mod bitmap;
pub mod check;
pub mod copy;
pub mod marks;
pub mod settle;
pub mod unfinished;
pub mod unit;

use core::mem::take;

use kernel::{
    new_mutex, new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::Atomic,
        rcu,
        Arc,
        Mutex,
        SpinLockIrq, //
    },
};

use self::unit::{
    Memory,
    Participant, //
};
pub use self::{
    bios::SyncBio,
    unit::Unit, //
};
use super::{
    conf::Conf,
    gate::INTERRUPT_POLL_MS,
    layout::slot_of,
    leg::Leg, //
};
use crate::{
    abstractions::{
        md::{
            RdevFlag,
            RecoveryFlag,
            SbFlag,
            SyncStep,
            MAX_SECTOR, //
        },
        wait::WaitQueue,
        work::WorkQueue, //
    },
    log_line,
    logic::{
        range::{
            unit_of,
            SectorRange, //
        },
        read_policy::Slot,
        sync_plan::{
            plan,
            window,
            Decision,
            Kind,
            Plan,
            Role,
            Step,
            SyncLeg, //
        },
    },
};

/// How many units are in flight at most.
pub const WINDOW: usize = 8;

/// What the syncs of an array need.
#[pin_data]
pub struct SyncEngine {
    /// The memory of units that are not in flight.
    #[pin]
    free: SpinLockIrq<KVec<Memory>>,
    /// Woken when memory comes back.
    #[pin]
    freed: WaitQueue,
    /// The sync that is going on. Only the sync thread takes the lock.
    #[pin]
    session: Mutex<Option<Session>>,
    /// Where a repair was interrupted, if md has not yet been told what that means, see
    /// [`unfinished`]; else [`MAX_SECTOR`].
    repair_rest: Atomic<u64>,
}

/// What a sync needs from its first step to its last.
struct Session {
    /// What is going on.
    kind: Kind,
    /// The end of the last range that was marked in the bitmap as being synced.
    begun: u64,
    /// Writes may wait for units, so these have to go on when memory is short. The memory of each
    /// unit has a reference; all of them, and this one, go when the sync ends.
    _queue: Arc<WorkQueue>,
    /// How many units have memory.
    units: usize,
    /// Room for what a plan has to know of each leg.
    legs: KVec<SyncLeg>,
}

impl SyncEngine {
    /// An engine that does nothing yet. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            free <- new_spinlock_irq!(KVec::with_capacity(WINDOW, GFP_KERNEL)?),
            freed <- WaitQueue::new(),
            session <- new_mutex!(None),
            repair_rest: Atomic::new(MAX_SECTOR),
        }? Error)
    }

    /// Takes the memory of a unit back.
    ///
    /// Context: any.
    fn give_back(&self, memory: Memory) {
        // There is room for as much as there ever is, so nothing is allocated; if it were not so
        // the memory would just be freed.
        let _ = self.free.lock().push_within_capacity(memory);
        self.freed.wake_all();
    }
}

/// Does the part of a sync that starts at `sector`; at `max_sector`, ends it.
///
/// Context: md's sync thread; may sleep.
pub fn step(conf: &Conf, sector: u64, max_sector: u64) -> SyncStep {
    let mut session = conf.sync.session.lock();
    if conf.mddev().sb_flags().test(SbFlag::ChangeClean) {
        // md has a checkpoint for the superblocks, and expects that somebody wakes who writes them.
        conf.mddev().wake_daemon();
    }
    if sector >= max_sector {
        let session = session.take();
        if let Some(session) = &session {
            end(conf, session);
        }
        // It may end before its first step.
        if let Kind::Repair = session
            .as_ref()
            .map_or_else(|| kind(conf), |session| session.kind)
        {
            unfinished::note_end(conf);
        }
        bitmap::close(conf, max_sector, session.map_or(0, |session| session.begun));
        return SyncStep::Abort;
    }
    if session.is_none() {
        match begin(conf, kind(conf)) {
            Ok(begun) => *session = Some(begun),
            Err(_) => {
                // md tries again at once.
                if conf.log_limit.allows() {
                    log_line!(
                        Warning,
                        "md/raid1:{}: no memory to sync with",
                        conf.mddev().name()
                    );
                }
                return SyncStep::Abort;
            }
        }
    }
    match &mut *session {
        Some(session) => session.step(conf, sector, max_sector),
        None => SyncStep::Abort,
    }
}

fn kind(conf: &Conf) -> Kind {
    let flags = conf.mddev().recovery().load();
    let rest = unfinished::take_rest(conf);
    if flags.has(RecoveryFlag::Sync) && conf.mddev().resync_offset() < MAX_SECTOR {
        if conf.mddev().resync_offset() == rest {
            return Kind::Repair;
        }
        // md takes the array for synced when this has come to its end, whatever a user has asked
        // for.
        Kind::Resync
    } else if flags.has(RecoveryFlag::Check) {
        Kind::Check
    } else if flags.has(RecoveryFlag::Requested) {
        Kind::Repair
    } else if flags.has(RecoveryFlag::Sync) {
        Kind::Resync
    } else {
        Kind::Recovery
    }
}

/// Makes the queue, allocates memory for as many units as there is memory for, and has writes take
/// range tickets from now on.
fn begin(conf: &Conf, kind: Kind) -> Result<Session> {
    let slots = conf.legs.len(&rcu::read_lock());
    let buffers = match kind {
        Kind::Resync | Kind::Recovery => 1,
        Kind::Check | Kind::Repair => conf.occupied_count(),
    };
    let legs = KVec::with_capacity(slots, GFP_KERNEL)?;
    let queue = Arc::new(WorkQueue::for_progress(c"raid1_rs_sync")?, GFP_KERNEL)?;
    let mut units = 0;
    while units < WINDOW {
        match Memory::new(queue.clone(), buffers, slots) {
            Ok(memory) => conf.sync.give_back(memory),
            Err(err) if units == 0 => return Err(err),
            // Slower, but it goes.
            Err(_) => break,
        }
        units += 1;
    }
    conf.gate.make_exclusive();
    Ok(Session {
        kind,
        begun: 0,
        _queue: queue,
        units,
        legs,
    })
}

/// Waits for the units that are in flight, and frees what [`begin`] allocated.
fn end(conf: &Conf, session: &Session) {
    conf.sync
        .freed
        .wait_until(|| conf.sync.free.lock().len() == session.units);
    conf.gate.end_exclusive();
    loop {
        let memory = conf.sync.free.lock().pop();
        if memory.is_none() {
            break;
        }
    }
}

impl Session {
    fn step(&mut self, conf: &Conf, sector: u64, max_sector: u64) -> SyncStep {
        let interrupted = || conf.mddev().recovery().test(RecoveryFlag::Interrupted);
        // Without holding anything first: most of an array may be skipped.
        match self.decide(conf, sector, max_sector) {
            Decision::Skip { sectors } => return SyncStep::Skipped(sectors),
            Decision::Halt | Decision::Abort => return SyncStep::Abort,
            Decision::Sync(_) | Decision::Lost(_) => (),
        }
        conf.mddev().bitmap().cond_end_sync(sector);
        let Some(memory) = take_memory(conf, interrupted) else {
            return SyncStep::Abort;
        };
        let give_up = |memory| {
            conf.sync.give_back(memory);
            SyncStep::Abort
        };
        let Ok(pass) = conf.gate.enter_sync(interrupted) else {
            return give_up(memory);
        };
        let Ok(ticket) = conf.gate.sync_unit(unit_of(sector), interrupted) else {
            return give_up(memory);
        };
        // Decide again, now that no write can come between.
        let plan = match self.decide(conf, sector, max_sector) {
            Decision::Sync(plan) => plan,
            Decision::Lost(plan) => {
                conf.sync.give_back(memory);
                return self.give_up_on(conf, &plan);
            }
            Decision::Skip { sectors } => {
                conf.sync.give_back(memory);
                return SyncStep::Skipped(sectors);
            }
            Decision::Halt | Decision::Abort => return give_up(memory),
        };
        let (memory, complete) = self.enlist(conf, &plan, memory);
        let renews = self.legs.iter().any(SyncLeg::lacks_all);
        bitmap::begin(conf, &plan, renews);
        self.begun = plan.range.end();
        unit::start(conf, &plan, memory, complete, pass, ticket)
    }

    /// Looks at bitmap and legs, and plans.
    fn decide(&mut self, conf: &Conf, sector: u64, max_sector: u64) -> Decision {
        let kind = self.kind;
        let mddev = conf.mddev();
        let bitmap = mddev.bitmap();
        // A repair looks everywhere. It counts as a resync if one is due; dm-raid asks for it like
        // that, to have synced what was added to a volume.
        let flags = mddev.recovery().load();
        let asked = matches!(kind, Kind::Check)
            || flags.has(RecoveryFlag::Requested) && !flags.has(RecoveryFlag::Check);
        // Of a leg that is alone the bitmap must not be asked: a lockless one takes what it's asked
        // for as synced in the end, and forgets what those lack that are away.
        let mut alive = 0u32;
        conf.occupied(&rcu::read_lock())
            .filter(|(_, leg)| !leg.rdev().flags().test(RdevFlag::Faulty))
            .for_each(|_| alive = alive.saturating_add(1));
        let (bitmap_sectors, bitmap_clean) = if alive < 2 || !bitmap.enabled(false) {
            (u64::MAX, false)
        } else {
            let (needs, sectors) = bitmap::chunks_alike(conf, sector, max_sector);
            (sectors, !needs && !asked)
        };
        let step = Step {
            kind,
            at: sector,
            max: max_sector,
            resync_max: mddev.resync_max(),
            bitmap_sectors,
            bitmap_clean,
            block: conf.block_size(),
            raid_disks: slot_of(conf.raid_disks(&rcu::read_lock())),
        };
        let range = window(&step);
        // Aside, so that the compiler sees that the length can't overflow.
        let mut legs = take(&mut self.legs);
        legs.clear();
        let guard = rcu::read_lock();
        for (slot, leg) in conf.occupied(&guard) {
            // There is room for all slots.
            let _ = legs.push_within_capacity(view(leg, slot, range, bitmap.enabled(false)));
        }
        drop(guard);
        self.legs = legs;
        plan(&step, self.legs.iter().copied())
    }

    /// Takes references to the legs that take part. Tells whether it got all: one that is failing,
    /// or being removed, doesn't take part, and what it lacks stays marked in the bitmap.
    fn enlist(&self, conf: &Conf, plan: &Plan, mut memory: Memory) -> (Memory, bool) {
        let mut complete = true;
        let guard = rcu::read_lock();
        for leg in &self.legs {
            let role = plan.role(leg);
            if role == Role::Idle {
                continue;
            }
            match conf.legs.get(usize::from(leg.view.slot), &guard) {
                Some(reference) => {
                    memory.enlist(Participant::new(reference, leg.view.slot, role));
                }
                None => complete = false,
            }
        }
        (memory, complete)
    }

    /// All legs that should have the data have bad blocks there. What would get the data from them
    /// gets bad blocks, too.
    fn give_up_on(&self, conf: &Conf, plan: &Plan) -> SyncStep {
        let range = plan.range;
        log_line!(
            Warning,
            "md/raid1:{}: sectors {}+{} are bad on every leg, not synced",
            conf.mddev().name(),
            range.start(),
            range.len()
        );
        let mut recorded = true;
        let guard = rcu::read_lock();
        for leg in &self.legs {
            if plan.role(leg) == Role::Target {
                if let Some(target) = conf.legs.get(usize::from(leg.view.slot), &guard) {
                    recorded &= target.rdev().set_bad_blocks(range.start(), range.len());
                }
            }
        }
        if recorded {
            SyncStep::Skipped(plan.progress)
        } else {
            SyncStep::Abort
        }
    }
}

/// What a plan has to know of a leg.
fn view(leg: &Leg, slot: Slot, range: SectorRange, bitmap: bool) -> SyncLeg {
    SyncLeg {
        view: leg.view(slot, range),
        full_sync: leg.needs_all(bitmap),
        write_error_seen: leg.write_error_seen(),
    }
}

/// Memory for a unit, as soon as one is done.
fn take_memory(conf: &Conf, interrupted: impl Fn() -> bool) -> Option<Memory> {
    let mut memory = None;
    while memory.is_none() && !interrupted() {
        conf.sync.freed.wait_until_for(INTERRUPT_POLL_MS, || {
            memory = conf.sync.free.lock().pop();
            memory.is_some()
        });
    }
    memory
}
