// SPDX-License-Identifier: GPL-2.0

//! A leg: a member device in a slot.

use kernel::sync::atomic::{
    Atomic,
    AtomicFlag,
    Relaxed, //
};

use super::{
    conf::Conf,
    departed::Departure, //
};
use crate::{
    abstractions::{
        md::{
            BadBlocks,
            Rdev,
            RdevFlag,
            RdevHandle,
            RecoveryFlag,
            MAX_SECTOR, //
        },
        percpu_ref::{
            Drained,
            PercpuRef, //
        },
    },
    logic::{
        balance::{
            average,
            comparable,
            differs, //
        },
        degraded::Device,
        range::SectorRange,
        read_policy::LegView, //
    },
};

/// A member device in a slot, with what we keep about it.
///
/// Requests use it by a [`LegRef`]. As long as there is one the leg isn't removed, and neither is
/// the array's [`Conf`] freed.
pub struct Leg {
    pub(super) rdev: RdevHandle,
    pub(super) conf: PercpuRef<Conf>,
    /// The device was here before: if it isn't in sync it lacks what the bitmap says, not all of
    /// the array's data.
    returned: bool,
    /// It has had all of the array's data since it came.
    complete: AtomicFlag,
    /// A replacement has taken over from it.
    retired: AtomicFlag,
    /// It has failed, and md is to leave it alone as long as it's in use.
    pub(super) held: AtomicFlag,
    /// Set while we report an error to md ourselves, so that it can be told from a user's `--fail`.
    reporting_io_error: AtomicFlag,
    reads: Reads,
}

/// What is known of the reads of a leg, to choose among the legs by it. On a cache line of its own:
/// it's written by many requests, and the rest of the leg by none.
#[repr(align(64))]
struct Reads {
    /// What they take on average for 64 KiB, in units of 64 cycles; 0 if that is not known. For
    /// solid-state legs; what follows is for those with a moving head.
    time: Atomic<u32>,
    /// What it was when it was last used.
    time_used: Atomic<u32>,
    /// The sector after the last request that ended.
    head: Atomic<u64>,
    /// The sector after the last read that was sent.
    next: Atomic<u64>,
    /// Reads in flight.
    pending: Atomic<i32>,
}

/// What a request holds of a leg that it uses.
pub type LegRef = PercpuRef<Leg>;

impl Drained for Leg {
    /// The last request that used a failed leg has ended: md may remove it now.
    fn drained(&self) {
        self.release();
        let mddev = self.conf.mddev();
        mddev.recovery().set(RecoveryFlag::Needed);
        mddev.wake_daemon();
    }
}

impl Leg {
    /// A leg on `rdev`.
    pub fn new(rdev: RdevHandle, conf: PercpuRef<Conf>) -> Self {
        let flags = rdev.flags().load();
        // A replacement gets all of the data, whatever it was before.
        let returned = rdev.saved_raid_disk().is_some() && !flags.has(RdevFlag::Replacement);
        Self {
            returned,
            complete: AtomicFlag::new(flags.has(RdevFlag::InSync)),
            retired: AtomicFlag::new(false),
            held: AtomicFlag::new(false),
            rdev,
            conf,
            reporting_io_error: AtomicFlag::new(false),
            reads: Reads {
                time: Atomic::new(0),
                time_used: Atomic::new(0),
                head: Atomic::new(0),
                next: Atomic::new(u64::MAX),
                pending: Atomic::new(0),
            },
        }
    }

    /// The member device.
    #[inline]
    pub fn rdev(&self) -> &Rdev {
        &self.rdev
    }

    /// What all legs of the array share.
    #[inline]
    pub fn conf(&self) -> &PercpuRef<Conf> {
        &self.conf
    }

    /// Whether the leg is to have a share of the array's reads: a healthy solid-state leg that
    /// nobody asked to avoid.
    #[inline]
    pub fn shares_reads(&self) -> bool {
        let flags = self.rdev().flags().load();
        flags.has(RdevFlag::InSync)
            && flags.has(RdevFlag::NonRotational)
            && !flags.has(RdevFlag::Faulty)
            && !flags.has(RdevFlag::WriteMostly)
    }

    /// Whether any read of the array can be sent here without further thought:
    /// [`can_serve`](crate::logic::read_policy::can_serve) allows any range.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.shares_reads() && !self.rdev().has_bad_blocks()
    }

    /// Whether the leg holds all of the array's data.
    #[inline]
    pub fn works(&self) -> bool {
        let flags = self.rdev().flags().load();
        flags.has(RdevFlag::InSync) && !flags.has(RdevFlag::Faulty)
    }

    /// Whether it was recovered to the end, and only waits for md to say that it's in sync.
    pub fn is_recovered(&self) -> bool {
        let device = self.device();
        device.recovered && !device.faulty
    }

    /// Whether the leg is to be spared: reads go elsewhere if they can, and writes need not wait
    /// for it.
    #[inline]
    pub fn is_write_mostly(&self) -> bool {
        self.rdev().flags().test(RdevFlag::WriteMostly)
    }

    /// What a read policy needs to know about the leg, which is in `slot`, for a read of `range`.
    pub fn view(&self, slot: u16, range: SectorRange) -> LegView {
        let rdev = self.rdev();
        // First: `InSync` is set after the recovery offset has reached the end.
        let flags = rdev.flags().load();
        LegView {
            slot,
            faulty: flags.has(RdevFlag::Faulty),
            in_sync: flags.has(RdevFlag::InSync),
            recovery_offset: rdev.recovery_offset(),
            write_mostly: flags.has(RdevFlag::WriteMostly),
            first_bad: self.first_bad(range),
            rotational: !flags.has(RdevFlag::NonRotational),
            pending: u32::try_from(self.reads.pending.load(Relaxed)).unwrap_or(0),
            head_position: self.reads.head.load(Relaxed),
            next_sequential: self.reads.next.load(Relaxed),
        }
    }

    /// The first bad blocks in `range`, recorded on disk or not yet.
    pub fn first_bad(&self, range: SectorRange) -> Option<SectorRange> {
        if !self.rdev().has_bad_blocks() {
            return None;
        }
        match self.rdev().bad_blocks(range.start(), range.len()) {
            BadBlocks::None => None,
            BadBlocks::Some { first, sectors, .. } => Some(SectorRange::new(first, sectors)),
        }
    }

    /// Whether `range` can't be had from the leg, since it has failed or has bad blocks there.
    pub fn lacks(&self, range: SectorRange) -> bool {
        self.rdev().flags().test(RdevFlag::Faulty) || self.first_bad(range).is_some()
    }

    /// What the rules about slots need to know about the leg.
    pub fn device(&self) -> Device {
        let flags = self.rdev().flags().load();
        Device {
            faulty: flags.has(RdevFlag::Faulty),
            in_sync: flags.has(RdevFlag::InSync),
            recovered: self.rdev().recovery_offset() == MAX_SECTOR,
            candidate: flags.has(RdevFlag::Candidate),
            want_replacement: flags.has(RdevFlag::WantReplacement),
        }
    }

    /// A read of `range` was sent here, on a leg where it matters where the head is.
    pub fn read_sent(&self, range: SectorRange) {
        self.reads.next.store(range.end(), Relaxed);
        self.reads.pending.fetch_add(1, Relaxed);
    }

    /// That read has ended.
    pub fn read_ended(&self, end: u64) {
        self.reads.head.store(end, Relaxed);
        self.reads.pending.fetch_sub(1, Relaxed);
    }

    /// Whether the device was not in the array before: it has none of the data.
    pub fn is_new(&self) -> bool {
        !self.returned
    }

    /// Whether the leg, if it isn't in sync, lacks all of the array's data, as far as is known.
    pub fn needs_all(&self, bitmap: bool) -> bool {
        self.is_new() || !bitmap
    }

    /// What has to be known about the leg later on, if it's removed now.
    pub fn departure(&self) -> Departure {
        let mddev = self.conf.mddev();
        let known = self.returned || self.complete.load(Relaxed);
        if self.retired.load(Relaxed) || !known || !mddev.bitmap().is_present() {
            return Departure::Incomplete;
        }
        let is_written = mddev.is_persistent() && !mddev.is_external();
        // If none has been written since the start: that one has failed is the first that the
        // others tell.
        let before = mddev.events().saturating_sub(1);
        Departure::Noted {
            bitmap: mddev.bitmap().identity(),
            events: is_written.then(|| self.rdev().superblock_events().unwrap_or(before)),
        }
    }

    /// Notes that the leg has had all data since it came; see [`Self::departure`].
    pub fn set_complete(&self) {
        self.complete.store(true, Relaxed);
    }

    /// Whether a replacement has taken over from the leg.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    /// A replacement has taken over from the leg. To be said before the leg is marked as failed.
    pub fn set_retired(&self) {
        self.retired.store(true, Relaxed);
    }

    /// Where the leg's part ends that it has been given, if it's still to be recovered.
    pub fn lacks_from(&self) -> Option<u64> {
        let flags = self.rdev().flags().load();
        let lacks = !flags.has(RdevFlag::InSync) && !flags.has(RdevFlag::Faulty);
        lacks.then(|| self.rdev().recovery_offset())
    }

    /// A read of that many sectors took so many cycles.
    ///
    /// Context: any.
    pub fn note_read_time(&self, cycles: u64, sectors: u32) {
        let new = comparable(cycles >> 6, sectors);
        let time = average(self.reads.time.load(Relaxed), new);
        self.reads.time.store(time, Relaxed);
        if differs(time, self.reads.time_used.load(Relaxed)) {
            self.conf.balance.set_stale();
            self.conf.mddev().wake_daemon();
        }
    }

    /// What reads take is going to be used: this is what [`Self::read_time_used`] gives from now
    /// on, and when it has changed much the use is due to be made anew.
    pub fn use_read_time(&self) {
        self.reads
            .time_used
            .store(self.reads.time.load(Relaxed), Relaxed);
    }

    /// What reads took when that was last used.
    pub fn read_time_used(&self) -> u32 {
        self.reads.time_used.load(Relaxed)
    }

    /// The device could not write: md looks for a replacement, if there is a spare.
    ///
    /// Context: any.
    pub fn note_write_error(&self) {
        let flags = self.rdev().flags();
        flags.set(RdevFlag::WriteErrorSeen);
        if !flags.test_and_set(RdevFlag::WantReplacement) {
            self.conf.mddev().recovery().set(RecoveryFlag::Needed);
        }
    }

    /// The device could not write. It fails, unless it's the last that works: a bad sector on that
    /// one costs the sector, not the array.
    ///
    /// Context: any.
    pub fn write_failed(&self) {
        self.note_write_error();
        self.fail_unless_last();
    }

    /// Whether the leg's driver is to give up early, if another leg can stand in.
    #[inline]
    pub fn is_failfast(&self) -> bool {
        let flags = self.rdev().flags().load();
        flags.has(RdevFlag::FailFast) && !flags.has(RdevFlag::WriteMostly)
    }

    /// A read that was to fail fast has failed, so the leg does, unless it's the last that works:
    /// there the read is to be tried again in earnest. In a read-only array nobody could record it.
    ///
    /// Context: any.
    pub fn gave_up(&self) {
        if self.conf.mddev().is_rdwr() {
            self.fail_unless_last();
        }
    }

    fn fail_unless_last(&self) {
        if !self.conf.is_last_working(self) {
            // Another leg may be failing at the same time, and then this is the last one after all.
            self.report_io_error(|| self.conf.mddev().error(self.rdev()));
        }
    }

    /// Does what may report an error of this leg; if so, it's because of a request that failed.
    pub fn report_io_error<R>(&self, report: impl FnOnce() -> R) -> R {
        self.reporting_io_error.store(true, Relaxed);
        let result = report();
        self.reporting_io_error.store(false, Relaxed);
        result
    }

    /// Whether the error that is being reported comes from a failed request; asked once.
    pub fn take_reporting_io_error(&self) -> bool {
        self.reporting_io_error.xchg(false, Relaxed)
    }
}
