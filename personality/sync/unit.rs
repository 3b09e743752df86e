// SPDX-License-Identifier: GPL-2.0

//! A unit of a sync, from its reads to its end.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            AtomicFlag,
            Relaxed, //
        },
        Arc, //
    },
};

use super::{
    bios,
    bitmap,
    check,
    copy,
    marks::Marks, //
};
use crate::{
    abstractions::{
        md::SyncStep,
        pages::Pages,
        pool::PoolRef,
        status::Status,
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
            BlockSize,
            SectorRange,
            UNIT_SECTORS, //
        },
        read_policy::Slot,
        sync_plan::{
            Kind,
            Plan,
            Role, //
        },
    },
    personality::{
        conf::Conf,
        gate::Pass,
        leg::LegRef,
        mend::{
            Spot,
            STEP, //
        },
        ranges::UnitTicket, //
    },
};

/// Bytes in a page of a buffer.
const PAGE_BYTES: usize = kernel::page::PAGE_SIZE;

/// What a unit needs that has to be allocated. It's used again by the next unit.
pub struct Memory {
    queue: Arc<WorkQueue>,
    buffers: KVec<Pages>,
    /// For what is read only to see whether it can be.
    scratch: Pages,
    participants: KVec<Participant>,
}

impl Memory {
    /// Memory for `buffers` copies of a unit, and up to `slots` legs; `queue` does what follows its
    /// reads. May sleep.
    pub fn new(queue: Arc<WorkQueue>, buffers: usize, slots: usize) -> Result<Self> {
        let pages = (UNIT_SECTORS as usize * 512).div_ceil(PAGE_BYTES);
        let mut copies = KVec::with_capacity(buffers, GFP_KERNEL)?;
        for _ in 0..buffers {
            copies.push_within_capacity(Pages::new(pages)?)?;
        }
        Ok(Self {
            queue,
            buffers: copies,
            scratch: Pages::new(1)?,
            participants: KVec::with_capacity(slots, GFP_KERNEL)?,
        })
    }

    /// Adds a leg. There is room for all of them.
    pub fn enlist(&mut self, participant: Participant) {
        let _ = self.participants.push_within_capacity(participant);
    }

    /// Without the legs.
    fn emptied(mut self) -> Self {
        self.participants.clear();
        self
    }
}

/// A leg that takes part in a unit.
pub struct Participant {
    /// The leg.
    pub leg: LegRef,
    slot: Slot,
    /// What it does.
    pub role: Role,
    /// How its read ended, as [`Status::code`].
    read: Atomic<i32>,
    /// What it could not read, block by block.
    pub unread: Marks,
}

impl Participant {
    /// The leg in `slot` as `role`.
    pub fn new(leg: LegRef, slot: Slot, role: Role) -> Self {
        Self {
            leg,
            slot,
            role,
            read: Atomic::new(0),
            unread: Marks::none(),
        }
    }

    /// Whether its copy was read without error.
    pub fn was_read(&self) -> bool {
        self.read.load(Relaxed) == 0
    }
}

/// A unit in flight.
pub struct Unit {
    /// What is going on.
    pub kind: Kind,
    /// The sectors.
    pub range: SectorRange,
    /// The unit in which they can be read and written.
    pub block: BlockSize,
    /// What to tell md when it's done.
    progress: u64,
    /// Which participant is the source of a copy.
    pub source: usize,
    /// A leg lacks something that it should have got.
    failed: AtomicFlag,
    memory: Memory,
    ticket: UnitTicket,
    pass: Pass,
}

/// A reference to a [`Unit`]. It's kept by the source's leg.
pub type UnitRef = PoolRef<Workable<Unit>, LegRef>;

/// Starts a unit: the sectors of `plan`, with the legs that are enlisted in `memory`, which may not
/// be `complete`.
///
/// Context: the sync thread; may sleep.
pub fn start(
    conf: &Conf,
    plan: &Plan,
    memory: Memory,
    complete: bool,
    pass: Pass,
    ticket: UnitTicket,
) -> SyncStep {
    let source = memory
        .participants
        .iter()
        .position(|participant| participant.slot == plan.source);
    let keeper = source
        .and_then(|source| memory.participants.get(source))
        .map(|participant| participant.leg.clone());
    let (Some(source), Some(keeper)) = (source, keeper) else {
        // The source is just being removed. md will see that the array has changed.
        bitmap::abandon(conf, plan.range);
        conf.sync.give_back(memory.emptied());
        return SyncStep::Abort;
    };
    let unit = Unit {
        kind: plan.kind,
        range: plan.range,
        block: conf.block_size(),
        progress: plan.progress,
        source,
        failed: AtomicFlag::new(!complete),
        memory,
        ticket,
        pass,
    };
    let unit = PoolRef::new(
        Workable::new(unit),
        keeper,
        |leg: &LegRef| &leg.conf().sync_units,
        Wait::Yes,
    );
    match unit {
        Ok(unit) => {
            bios::read(&unit);
            advance(unit);
            SyncStep::Issued(plan.progress)
        }
        Err((unit, _)) => {
            bitmap::abandon(conf, plan.range);
            conf.sync.give_back(unit.into_value().memory.emptied());
            SyncStep::Abort
        }
    }
}

impl Unit {
    /// Each participant that is read for comparison: the index of its buffer, and its own.
    pub fn peers(&self) -> impl Iterator<Item = (usize, usize)> + Clone + '_ {
        (0..self.memory.buffers.len()).zip(self.participants_as(Role::Peer))
    }

    /// The index of each participant with this role.
    pub fn participants_as(&self, role: Role) -> impl Iterator<Item = usize> + Clone + '_ {
        let participants = self.participants();
        (0..participants.len()).filter(move |index| {
            participants
                .get(*index)
                .is_some_and(|participant| participant.role == role)
        })
    }

    /// Whether the source of a copy may give up early, as there are others to read from.
    pub fn failfast_reads(&self) -> bool {
        let readers = self.participants().iter();
        let mut readers = readers.filter(|participant| participant.role != Role::Target);
        readers.next().is_some() && readers.next().is_some()
    }

    /// Who does what is not to be done in an interrupt.
    pub fn queue(&self) -> &WorkQueue {
        &self.memory.queue
    }

    /// The participants.
    pub fn participants(&self) -> &[Participant] {
        &self.memory.participants
    }

    /// A page for what is read only to see whether it can be; one worker uses it.
    pub fn scratch(&self) -> Spot<'_> {
        Spot {
            pages: &self.memory.scratch,
            offset: 0,
        }
    }

    /// Where `sector` is in the buffer with this index.
    pub fn spot(&self, buffer: usize, sector: u64) -> Option<Spot<'_>> {
        Some(Spot {
            pages: self.buffer(buffer)?,
            offset: self.offset_of(sector),
        })
    }

    /// The parts of `range` that lie within one page of a buffer.
    pub fn pages_of(&self, range: SectorRange) -> impl Iterator<Item = SectorRange> {
        let first = self.range.start();
        let mut left = range;
        core::iter::from_fn(move || {
            let within = SectorRange::between(first, left.start()).len() % STEP;
            let (page, behind) = left.split_at(STEP.saturating_sub(within));
            left = behind;
            (!page.is_empty()).then_some(page)
        })
    }

    /// The buffer with this index.
    pub fn buffer(&self, index: usize) -> Option<&Pages> {
        self.memory.buffers.get(index)
    }

    /// Where in a buffer `sector` is, in bytes.
    pub fn offset_of(&self, sector: u64) -> usize {
        SectorRange::between(self.range.start(), sector).bytes()
    }

    /// A read has ended.
    pub fn note_read(&self, participant: usize, status: Status) {
        if let Some(participant) = self.memory.participants.get(participant) {
            participant.read.store(status.code(), Relaxed);
        }
    }

    /// The range is not in sync after all: the bitmap keeps it.
    pub fn note_failure(&self) {
        self.failed.store(true, Relaxed);
    }
}

/// After the last read: on to a worker.
///
/// Context: any.
pub fn advance(unit: UnitRef) {
    if let Some(permit) = Permit::from_last(unit) {
        permit.queue(|unit: &UnitRef| unit.queue());
    }
}

impl Work<LegRef> for Unit {
    fn run(unit: UnitRef) {
        match unit.kind {
            Kind::Resync | Kind::Recovery => copy::write(&unit),
            Kind::Check | Kind::Repair => check::compare(&unit),
        }
        let_go(unit);
    }
}

/// Gives a reference back; the last one ends the unit.
///
/// Context: any.
pub fn let_go(unit: UnitRef) {
    let Some((unit, leg)) = PoolRef::release(unit) else {
        return;
    };
    let conf = leg.conf();
    let Unit {
        range,
        progress,
        failed,
        memory,
        ticket,
        pass,
        ..
    } = unit.into_value();
    if failed.load(Relaxed) {
        bitmap::abandon(conf, range);
    }
    // The legs go before the memory comes back: who waits for that expects nothing to be left.
    conf.sync.give_back(memory.emptied());
    drop(ticket);
    conf.mddev().done_sync(progress);
    drop(pass);
    drop(leg);
}
