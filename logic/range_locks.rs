// SPDX-License-Identifier: GPL-2.0

//! The exclusion between foreground writes and sync units while a sync runs.
//!
//! A unit of the array (1 MiB, [`UNIT_SECTORS`](super::range::UNIT_SECTORS)) hashes to a bucket. In
//! one bucket there are either writes, any number, or one sync unit. The state is plain data under
//! ONE lock of the caller, who also does the waiting: a call that answers "wait" is made again
//! after a wake-up, and every call that may let somebody go on says so ([`Wake`]).
//!
//! Who goes first:
//! - A write waits where a sync unit is, or has the claim to be next. It registers, once, in every
//!   bucket of its range, also in those that are free.
//! - A sync unit waits for all writes that are registered at that time: foreground goes first. As
//!   soon as none is registered any more and only writes in flight are in the way, the bucket is
//!   *claimed*: later writes wait, those in flight drain, and sync has its turn.
//!
//! So a unit waits at most for the writes that were registered before it, and a write at most for
//! the units that were in flight or had a claim when it registered: no other can start in any of
//! its buckets. Neither side starves, and a write that spans many units needs no luck to find them
//! free at the same time.
//!
//! For this to be free of deadlock, a write that holds a ticket must never wait for another
//! ticket, and what it waits for (its legs, the daemon) must never wait for a sync unit to start.
//! A request that will be split therefore takes one ticket for its whole range first.

use super::range::SectorRange;

/// The number of buckets that the module uses: at 1 MiB units, those that collide lie 1 GiB apart.
pub const BUCKETS: usize = 1024;

/// The state of the units that hash to one bucket.
///
/// # Invariants
///
/// - `active > 0` and `sync_active` are never both true.
/// - `claimed` only while `sync_waiting > 0`, and never together with `sync_active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Writes in flight.
    active: u32,
    /// Writes that are registered and wait, here or in another bucket of their range.
    waiting: u32,
    /// Sync units that wait here; few ever do.
    sync_waiting: u16,
    /// A sync unit is in flight.
    sync_active: bool,
    /// A waiting sync unit is next: it waits only for `active` to drain, new writes wait for it.
    claimed: bool,
}

impl Bucket {
    /// Nobody is here.
    // INVARIANT: no flag is set.
    pub const FREE: Bucket = Bucket {
        active: 0,
        waiting: 0,
        sync_waiting: 0,
        sync_active: false,
        claimed: false,
    };

    /// Whether a write has to wait.
    #[inline]
    fn blocks_write(&self) -> bool {
        self.sync_active || self.claimed
    }

    /// Whether a sync unit that is registered has to wait.
    #[inline]
    fn blocks_sync(&self) -> bool {
        self.active > 0 || self.sync_active || (!self.claimed && self.waiting > 0)
    }

    /// Gives the claim to a sync unit that waits, if now only writes in flight are in its way.
    #[inline]
    fn pass_turn(&mut self) {
        if self.sync_waiting > 0 && !self.sync_active && self.waiting == 0 {
            // INVARIANT: somebody waits, nobody is active.
            self.claimed = true;
        }
    }

    /// Whether a sync unit waits that would no longer have to.
    #[inline]
    fn sync_may_go(&self) -> bool {
        self.sync_waiting > 0 && !self.blocks_sync()
    }
}

/// Whether the caller, after it released the lock, has to wake those who wait.
#[must_use = "somebody may sleep for ever if nobody is woken"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Nobody can go on because of this call.
    Nobody,
    /// All who wait have to try again.
    All,
}

impl Wake {
    #[inline]
    fn all_if(wake: bool) -> Wake {
        if wake {
            Wake::All
        } else {
            Wake::Nobody
        }
    }
}

/// The right to write to a range: no sync unit overlaps it until [`RangeLocks::end_write`].
#[must_use = "a ticket that is lost blocks sync for ever"]
#[derive(Debug, PartialEq, Eq)]
pub struct WriteTicket {
    range: SectorRange,
}

impl WriteTicket {
    /// The range that may be written.
    #[inline]
    pub fn range(&self) -> SectorRange {
        self.range
    }
}

/// The registration of a write that waits; ends with [`RangeLocks::retry_write`] when that gives a
/// ticket, or with [`RangeLocks::give_up_write`].
#[must_use = "a registration that is lost blocks sync for ever"]
#[derive(Debug, PartialEq, Eq)]
pub struct WriterWaiting {
    range: SectorRange,
}

/// The right to sync within one unit: no write overlaps it until [`RangeLocks::end_sync`].
#[must_use = "a ticket that is lost blocks writes for ever"]
#[derive(Debug, PartialEq, Eq)]
pub struct SyncTicket {
    unit: u64,
}

impl SyncTicket {
    /// The index of the unit.
    #[inline]
    pub fn unit(&self) -> u64 {
        self.unit
    }
}

/// The registration of a sync unit that waits; ends with [`RangeLocks::retry_sync`] when that gives
/// a ticket, or with [`RangeLocks::give_up_sync`].
#[must_use = "a registration that is lost blocks writes for ever"]
#[derive(Debug, PartialEq, Eq)]
pub struct SyncWaiting {
    unit: u64,
}

/// The buckets of one array, while the caller holds the lock that guards them.
///
/// `N` is a power of two, [`BUCKETS`] in the module.
pub struct RangeLocks<'a, const N: usize> {
    buckets: &'a mut [Bucket; N],
}

impl<'a, const N: usize> RangeLocks<'a, N> {
    /// Works on `buckets`, which start as [`Bucket::FREE`].
    #[inline]
    pub fn new(buckets: &'a mut [Bucket; N]) -> Self {
        const { assert!(N.is_power_of_two()) };
        RangeLocks { buckets }
    }

    /// A write that must not wait: a ticket if the range is free now; else nothing has changed.
    pub fn try_write(&mut self, range: SectorRange) -> Option<WriteTicket> {
        if self.any(range, Bucket::blocks_write) {
            return None;
        }
        // INVARIANT: the buckets are not `sync_active`.
        self.each(range, |bucket| {
            bucket.active = bucket.active.saturating_add(1)
        });
        Some(WriteTicket { range })
    }

    /// A write that can wait: a ticket, or a registration with which to wait and then to
    /// [retry](Self::retry_write).
    pub fn begin_write(&mut self, range: SectorRange) -> Result<WriteTicket, WriterWaiting> {
        self.try_write(range).ok_or_else(|| {
            self.each(range, |bucket| {
                bucket.waiting = bucket.waiting.saturating_add(1)
            });
            WriterWaiting { range }
        })
    }

    /// Tries again after a wake-up.
    pub fn retry_write(&mut self, writer: WriterWaiting) -> Result<WriteTicket, WriterWaiting> {
        let range = writer.range;
        if self.any(range, Bucket::blocks_write) {
            return Err(writer);
        }
        self.each(range, |bucket| {
            bucket.waiting = bucket.waiting.saturating_sub(1);
            // INVARIANT: the buckets are not `sync_active`.
            bucket.active = bucket.active.saturating_add(1);
            // The last that was registered before a sync unit came: from now on others wait.
            bucket.pass_turn();
        });
        Ok(WriteTicket { range })
    }

    /// Ends the registration of a write that does not want to wait any longer.
    pub fn give_up_write(&mut self, writer: WriterWaiting) -> Wake {
        let mut wake = false;
        self.each(writer.range, |bucket| {
            bucket.waiting = bucket.waiting.saturating_sub(1);
            bucket.pass_turn();
            wake |= bucket.sync_may_go();
        });
        Wake::all_if(wake)
    }

    /// Gives a write's ticket back.
    pub fn end_write(&mut self, ticket: WriteTicket) -> Wake {
        let mut wake = false;
        self.each(ticket.range, |bucket| {
            bucket.active = bucket.active.saturating_sub(1);
            wake |= bucket.sync_may_go();
        });
        Wake::all_if(wake)
    }

    /// A sync unit that must not wait: a ticket if the unit is free now and nobody waits for it;
    /// else nothing has changed.
    pub fn try_sync(&mut self, unit: u64) -> Option<SyncTicket> {
        let bucket = self.bucket(unit)?;
        if bucket.blocks_sync() || bucket.sync_waiting > 0 {
            return None;
        }
        // INVARIANT: no write is active, and without a waiting unit there is no claim.
        bucket.sync_active = true;
        Some(SyncTicket { unit })
    }

    /// A sync unit that can wait: a ticket, or a registration with which to wait and then to
    /// [retry](Self::retry_sync).
    ///
    /// Several units may be in flight, and may wait, at the same time. Of those that wait in one
    /// bucket any may be the next one.
    pub fn begin_sync(&mut self, unit: u64) -> Result<SyncTicket, SyncWaiting> {
        self.try_sync(unit).ok_or_else(|| {
            if let Some(bucket) = self.bucket(unit) {
                bucket.sync_waiting = bucket.sync_waiting.saturating_add(1);
                bucket.pass_turn();
            }
            SyncWaiting { unit }
        })
    }

    /// Tries again after a wake-up.
    pub fn retry_sync(&mut self, sync: SyncWaiting) -> Result<SyncTicket, SyncWaiting> {
        match self.bucket(sync.unit) {
            Some(bucket) if !bucket.blocks_sync() => {
                bucket.sync_waiting = bucket.sync_waiting.saturating_sub(1);
                // INVARIANT: no write is active, and the claim is used up.
                bucket.sync_active = true;
                bucket.claimed = false;
                Ok(SyncTicket { unit: sync.unit })
            }
            _ => Err(sync),
        }
    }

    /// Ends the registration of a sync unit, when the sync is interrupted.
    pub fn give_up_sync(&mut self, sync: SyncWaiting) -> Wake {
        let Some(bucket) = self.bucket(sync.unit) else {
            return Wake::Nobody;
        };
        bucket.sync_waiting = bucket.sync_waiting.saturating_sub(1);
        // INVARIANT: the claim goes with the last that waits.
        bucket.claimed &= bucket.sync_waiting > 0;
        Wake::all_if(bucket.waiting > 0 || bucket.sync_may_go())
    }

    /// Gives a sync unit's ticket back.
    pub fn end_sync(&mut self, ticket: SyncTicket) -> Wake {
        let Some(bucket) = self.bucket(ticket.unit) else {
            return Wake::Nobody;
        };
        bucket.sync_active = false;
        // If no write is waiting, the next unit may go, and has its claim until it does.
        bucket.pass_turn();
        Wake::all_if(bucket.waiting > 0 || bucket.sync_may_go())
    }

    /// Whether nobody holds or waits for anything.
    pub fn is_idle(&self) -> bool {
        self.buckets.iter().all(|bucket| *bucket == Bucket::FREE)
    }

    #[inline]
    fn bucket(&mut self, unit: u64) -> Option<&mut Bucket> {
        self.buckets.get_mut((unit % N as u64) as usize)
    }

    /// The buckets of `range`, each once, however long the range is.
    #[inline]
    fn span(range: SectorRange) -> impl Iterator<Item = usize> {
        let (first, units) = range.units();
        (0..units.min(N as u64)).map(move |unit| (first.wrapping_add(unit) % N as u64) as usize)
    }

    #[inline]
    fn any(&self, range: SectorRange, test: impl Fn(&Bucket) -> bool) -> bool {
        Self::span(range).any(|index| self.buckets.get(index).is_some_and(&test))
    }

    #[inline]
    fn each(&mut self, range: SectorRange, mut change: impl FnMut(&mut Bucket)) {
        for index in Self::span(range) {
            if let Some(bucket) = self.buckets.get_mut(index) {
                change(bucket);
            }
        }
    }
}
