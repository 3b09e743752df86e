// SPDX-License-Identifier: GPL-2.0

//! What an array of this personality consists of (`mddev->private`).

use kernel::{
    new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            AtomicFlag,
            Relaxed, //
        },
        rcu,
        SpinLockIrq, //
    },
};

use super::{
    balance::Balance,
    departed::Departed,
    gate::Gate,
    leg::{
        Leg,
        LegRef, //
    },
    order::Order,
    pending::PendingWrites,
    read::{
        FailedReads,
        Read, //
    },
    read_repair::Repairs,
    recording::Recording,
    sync::{
        SyncBio,
        SyncEngine,
        Unit,
        WINDOW, //
    },
    write::{
        Write,
        WriteLeg,
        WriteRef, //
    },
    write_error::{
        FailedWrites,
        WriteList, //
    },
};
use crate::{
    abstractions::{
        bio_set::{
            CloneSet,
            SplitSet, //
        },
        log::RateLimit,
        md::{
            Mddev,
            MddevHandle,
            Thread, //
        },
        percpu_ref::{
            Drained,
            PercpuBox, //
        },
        pool::{
            Pool,
            PoolRef, //
        },
        rcu_slots::RcuSlots,
        work::Workable, //
    },
    logic::range::BlockSize,
};

/// How many writes can go on at the same time when no memory is free. The clones that they need are
/// no more (`BIO_POOL_SIZE` for the array), but a write may wait for the metadata without any.
const RESERVE: i32 = 16;

/// What all requests of an array, and its legs, share.
///
/// It has a reference count of its own. Each leg holds one reference, so it outlives the legs.
/// Passes of the gate and references to legs are other counts.
#[pin_data]
pub struct Conf {
    mddev: MddevHandle,
    /// The lower half of the slots are members, the upper half their replacements, in the same
    /// order.
    pub legs: RcuSlots<Leg>,
    /// Members that left, and how.
    #[pin]
    pub departed: Departed,
    /// Guards `mddev->degraded`, and the flags of the members that it counts.
    #[pin]
    pub membership: SpinLockIrq<()>,
    /// Says which requests may go on.
    #[pin]
    pub gate: Gate,
    /// The clones that reads are sent with.
    #[pin]
    pub reads: CloneSet<Read, LegRef>,
    /// The clones that writes are sent with.
    #[pin]
    pub writes: CloneSet<WriteLeg, WriteRef>,
    /// The clones that the daemon, or the freezer, sends again. A set of its own: they must not
    /// wait for clones that only they can send.
    #[pin]
    pub rewrites: CloneSet<WriteLeg, WriteRef>,
    /// What the clones of a write share.
    pub write_requests: Pool<Write, LegRef>,
    /// The parts that are split off requests.
    #[pin]
    pub splits: SplitSet,
    /// Reads that a leg failed, for the daemon to try elsewhere.
    #[pin]
    pub failed_reads: SpinLockIrq<FailedReads>,
    /// Sectors that a leg failed to read, to be written again.
    #[pin]
    pub repairs: Repairs,
    /// Writes that a leg failed, for the daemon to write again.
    #[pin]
    pub failed_writes: SpinLockIrq<FailedWrites>,
    /// Writes that wait for the metadata to tell of a failure.
    #[pin]
    pub unrecorded: SpinLockIrq<WriteList>,
    /// How many writes have given their pass back, as they wait for the metadata, and are still
    /// counted by the bitmap.
    pub waiting_writes: Atomic<u32>,
    /// Writes whose answer is up to what goes on behind.
    #[pin]
    pub unanswered: SpinLockIrq<WriteList>,
    /// Keeps overlapping writes in order, where that matters.
    #[pin]
    pub order: Order,
    /// Writes that wait for the bitmap, for the daemon to write it.
    #[pin]
    pub pending_writes: SpinLockIrq<PendingWrites>,
    /// Resync, recovery, check and repair.
    #[pin]
    pub sync: SyncEngine,
    /// The bios of sync units.
    #[pin]
    pub sync_bios: CloneSet<Workable<SyncBio>, PoolRef<Workable<Unit>, LegRef>>,
    /// The sync units.
    pub sync_units: Pool<Workable<Unit>, LegRef>,
    /// Some leg was told to fail and stays, as it's the last: `MD_BROKEN` is to be cleared.
    pub unbreak: AtomicFlag,
    /// Whether failures can be recorded.
    #[pin]
    pub recording: Recording,
    /// Which leg reads what, while all is well.
    pub balance: Balance,
    /// The array's logical block size in bytes.
    pub block_bytes: Atomic<u32>,
    /// Keeps the log readable when many requests fail, or a sync finds no memory again and again.
    #[pin]
    pub log_limit: RateLimit,
}

impl Drained for Conf {
    fn drained(&self) {}
}

impl Conf {
    /// An array with `raid_disks` empty slots, and as many for replacements.
    ///
    /// Context: may sleep.
    pub fn new(mddev: MddevHandle, raid_disks: usize) -> Result<PercpuBox<Self>> {
        let slots = raid_disks.checked_mul(2).ok_or(EINVAL)?;
        PercpuBox::new(try_pin_init!(Self {
            mddev,
            legs: RcuSlots::new(slots)?,
            departed <- Departed::new(),
            membership <- new_spinlock_irq!(()),
            gate <- Gate::new(),
            reads <- CloneSet::new(),
            writes <- CloneSet::for_several_each(),
            rewrites <- CloneSet::for_few(),
            write_requests: Pool::new(RESERVE)?,
            splits <- SplitSet::new(),
            failed_reads <- new_spinlock_irq!(FailedReads::new()),
            repairs <- Repairs::new(),
            failed_writes <- new_spinlock_irq!(FailedWrites::new()),
            unrecorded <- new_spinlock_irq!(WriteList::new()),
            waiting_writes: Atomic::new(0),
            unanswered <- new_spinlock_irq!(WriteList::new()),
            order <- Order::new(),
            pending_writes <- new_spinlock_irq!(PendingWrites::new()),
            sync <- SyncEngine::new(),
            sync_bios <- CloneSet::with_vectors(),
            sync_units: Pool::new(WINDOW as i32)?,
            unbreak: AtomicFlag::new(false),
            recording <- Recording::new(),
            balance: Balance::default(),
            block_bytes: Atomic::new(512),
            log_limit <- RateLimit::new(),
        }? Error))
    }

    /// The array as md core has it.
    #[inline]
    pub fn mddev(&self) -> &Mddev {
        &self.mddev
    }

    /// The unit in which the array is read.
    pub fn block_size(&self) -> BlockSize {
        BlockSize::from_bytes(self.block_bytes.load(Relaxed)).unwrap_or(BlockSize::SECTOR)
    }

    /// Whether `leg` works, and is the last that does.
    ///
    /// Context: any.
    pub fn is_last_working(&self, leg: &Leg) -> bool {
        leg.works() && !self.has_another(leg)
    }

    /// Whether another leg than `leg` works.
    ///
    /// Context: any.
    pub fn has_another(&self, leg: &Leg) -> bool {
        self.occupied(&rcu::read_lock())
            .any(|(_, other)| !core::ptr::eq(other, leg) && other.works())
    }
}

/// The owner of a [`Conf`]: what md core keeps.
pub struct Array {
    /// What requests share.
    pub conf: PercpuBox<Conf>,
    /// The array's thread, until md core has it.
    pub thread: Thread,
}

impl Drop for Array {
    fn drop(&mut self) {
        super::write_error::end_all(&self.conf);
        self.conf.repairs.close();
        // Each leg holds a reference to the conf, so they have to go before it can. None is in use
        // for long: md stops all I/O before it frees an array, and what is left of a request when
        // md thinks that it has ended gives back its reference to a leg last. That is waited for
        // here.
        let slots = self.conf.legs.len(&rcu::read_lock());
        for slot in 0..slots {
            drop(self.conf.legs.take(slot));
        }
    }
}
