// SPDX-License-Identifier: GPL-2.0

//! What isn't on record yet, a leg's failure or its bad blocks, and holds writes up until it is.

use kernel::sync::{
    atomic::Full,
    barrier::smp_mb, //
};

use super::{
    conf::Conf,
    leg::Leg, //
};
use crate::{
    abstractions::{
        md::{
            BadBlocks,
            RdevFlag,
            RdevHandle, //
        },
        percpu_ref::PercpuRef, //
    },
    logic::range::SectorRange,
};

impl Conf {
    /// Whether anybody keeps a record of failures, and says when it's done. Under dm-raid without
    /// metadata devices nobody does, though md core goes on as if user space did.
    pub fn has_record(&self) -> bool {
        !(self.mddev().is_dm() && self.mddev().is_external())
    }
}

impl Leg {
    /// Whether a write to the device has failed.
    pub fn write_error_seen(&self) -> bool {
        self.rdev().flags().test(RdevFlag::WriteErrorSeen)
    }

    /// The bad blocks in `range` where the leg isn't written to, because that has failed before.
    #[inline]
    pub fn avoided(&self, range: SectorRange) -> Option<SectorRange> {
        if !self.rdev().has_bad_blocks() || !self.write_error_seen() {
            return None;
        }
        self.first_bad(range)
    }

    /// Whether a write to `range` isn't sent here at all. If just a part of it is bad it is: the
    /// other part has to be written.
    #[inline]
    pub fn avoids(&self, range: SectorRange) -> bool {
        self.avoided(range)
            .is_some_and(|bad| bad.start() <= range.start() && range.end() <= bad.end())
    }

    /// Whether a write to `range` has to wait until the metadata tells of a failure of this leg, or
    /// of its bad blocks there.
    #[inline]
    pub fn blocks_write(&self, range: SectorRange) -> bool {
        if self.write_error_seen() && self.is_to_record(range) {
            self.block(range);
        }
        self.rdev().is_blocked()
    }

    /// md takes the flag away when it has recorded the bad blocks in `range`, and then doesn't look
    /// again: it must not stay if that has happened meanwhile.
    #[cold]
    fn block(&self, range: SectorRange) {
        let flags = self.rdev().flags();
        flags.set(RdevFlag::BlockedBadBlocks);
        smp_mb(Full);
        if !self.is_to_record(range) {
            flags.clear(RdevFlag::BlockedBadBlocks);
            // Others may have found it, and wait; for their own bad blocks they set it again. The
            // daemon, too: it ends no write meanwhile that waits for the metadata.
            self.rdev().wake_blocked();
            self.conf().mddev().wake_daemon();
        }
    }

    /// Whether the leg has bad blocks in `range` that are not on record yet, but will be.
    #[inline]
    pub fn is_to_record(&self, range: SectorRange) -> bool {
        self.rdev().has_bad_blocks() && self.is_to_record_some(range)
    }

    #[cold]
    fn is_to_record_some(&self, range: SectorRange) -> bool {
        let rdev = self.rdev();
        let known = rdev.bad_blocks(range.start(), range.len());
        let unknown = matches!(
            known,
            BadBlocks::Some {
                acknowledged: false,
                ..
            }
        );
        if !unknown || rdev.flags().test(RdevFlag::Faulty) {
            return false;
        }
        // Who keeps the metadata in user space may give up keeping a list. A leg that has bad
        // blocks fails then, but not the last one.
        let abandoned = self.conf().mddev().is_external()
            && !rdev.flags().test(RdevFlag::ExternalBadBlocks)
            && self.conf().is_last_working(self);
        !abandoned
    }
}

/// A leg whose failure the metadata doesn't tell yet, held in place until it does.
pub struct BlockedLeg {
    rdev: RdevHandle,
    conf: PercpuRef<Conf>,
}

impl BlockedLeg {
    /// Of a leg that was found in its slot under an RCU guard that is still held.
    pub fn new(leg: &Leg) -> Self {
        // md doesn't remove a device with a count, and we look at it before we let go of a leg.
        leg.rdev().pending_inc();
        Self {
            rdev: leg.rdev,
            conf: leg.conf.clone(),
        }
    }

    /// Waits until the metadata tells, or for five seconds. If it doesn't tell of all bad blocks
    /// then, they are written again: md may have written them without noticing, and nobody would
    /// ever acknowledge them.
    ///
    /// Context: may sleep.
    pub fn wait_unblocked(&self) {
        let mddev = self.conf.mddev();
        self.rdev.wait_unblocked(mddev);
        if mddev.is_persistent() {
            self.rdev.rewrite_bad_blocks();
        }
    }
}

impl Drop for BlockedLeg {
    fn drop(&mut self) {
        self.rdev.pending_dec(self.conf.mddev());
    }
}
