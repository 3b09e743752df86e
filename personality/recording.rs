// SPDX-License-Identifier: GPL-2.0

//! A failure that can't be recorded.
//!
//! If a leg has failed, and the last one can't write the record of that, no write may be
//! acknowledged: after a restart the other leg could count, which lacks it. So writes fail; but each
//! of them has the daemon try again, and as soon as there is a record all goes on. It may have been
//! a cable that was loose for a moment.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            AtomicFlag,
            Full,
            Relaxed, //
        },
        rcu, //
    },
};

use super::{
    conf::Conf,
    leg::Leg, //
};
use crate::{
    abstractions::{
        md::{
            Rdev,
            RdevFlag,
            SbFlag, //
        },
        wait::WaitQueue,
        Wait, //
    },
    log_line,
};

/// What an array knows of that.
#[pin_data]
pub struct Recording {
    /// Some failure is not on record, and writing that has failed.
    missing: AtomicFlag,
    /// The attempt that is under way has failed, too.
    failed: AtomicFlag,
    /// How many attempts there were since.
    attempts: Atomic<u32>,
    /// Woken after each.
    #[pin]
    attempted: WaitQueue,
}

impl Recording {
    /// Everything is on record.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            missing: AtomicFlag::new(false),
            failed: AtomicFlag::new(false),
            attempts: Atomic::new(0),
            attempted <- WaitQueue::new(),
        })
    }

    /// Whether no write may be acknowledged.
    #[inline]
    pub fn is_missing(&self) -> bool {
        self.missing.load(Relaxed)
    }
}

impl Conf {
    /// The last leg could not write its superblock or the bitmap.
    ///
    /// Context: any.
    pub fn metadata_failed(&self, rdev: &Rdev) {
        let recording = &self.recording;
        let flags = rdev.flags().load();
        // md tries it again in earnest.
        if flags.has(RdevFlag::FailFast) && !flags.has(RdevFlag::LastDevice) {
            return;
        }
        recording.failed.store(true, Relaxed);
        let guard = rcu::read_lock();
        // md takes that flag away afterwards, whether it was recorded or not.
        let is_unrecorded = |leg: &Leg| {
            let flags = leg.rdev().flags().load();
            flags.has(RdevFlag::Faulty) && flags.has(RdevFlag::Blocked)
        };
        if self.occupied(&guard).any(|(_, leg)| is_unrecorded(leg))
            && !recording.missing.xchg(true, Full)
        {
            log_line!(
                Critical,
                "md/raid1:{}: {}: cannot record that another device has failed, writes fail until it can.",
                self.mddev().name(),
                rdev.block_device()
            );
        }
    }

    /// For a write, while something is not on record: has the daemon try again, and tells whether it
    /// is now. If the write must not wait, the answer is no.
    ///
    /// Context: make_request, without a pass; may sleep, unless `wait` says no.
    #[cold]
    pub fn record_again(&self, wait: Wait) -> bool {
        let recording = &self.recording;
        let attempts = recording.attempts.load(Relaxed);
        self.want_record();
        if wait == Wait::No {
            return false;
        }
        recording
            .attempted
            .wait_until(|| !recording.is_missing() || recording.attempts.load(Relaxed) != attempts);
        !recording.is_missing()
    }

    fn want_record(&self) {
        let mddev = self.mddev();
        mddev
            .sb_flags()
            .set_all(&[SbFlag::ChangeDevices, SbFlag::ChangePending]);
        mddev.wake_daemon();
    }

    /// Calls `write_metadata`, and looks whether all is on record now.
    ///
    /// Context: the daemon.
    pub fn try_to_record(&self, write_metadata: impl FnOnce()) {
        let recording = &self.recording;
        let is_due = || self.mddev().sb_flags().test(SbFlag::ChangeDevices);
        let is_attempt = recording.is_missing() && is_due();
        if is_attempt {
            recording.failed.store(false, Relaxed);
        }
        write_metadata();
        // md has not come to it, if somebody else was changing the array.
        if !is_attempt || is_due() {
            return;
        }
        if !recording.failed.load(Relaxed) {
            recording.missing.store(false, Relaxed);
            log_line!(
                Notice,
                "md/raid1:{}: recorded; writes go on.",
                self.mddev().name()
            );
        }
        recording.attempts.fetch_add(1, Full);
        recording.attempted.wake_all();
    }
}
