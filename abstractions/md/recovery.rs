// SPDX-License-Identifier: GPL-2.0

//! An array's resync, recovery, check or repair, and its management thread.

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

use super::{
    access::{
        read_field,
        write_field, //
    },
    flags::{
        Flags,
        RecoveryFlag, //
    },
    mddev::Mddev,
    Sector, //
};
use crate::bindings;

impl Mddev {
    /// State of the sync thread, and which kind of sync it does.
    #[inline]
    pub fn recovery(&self) -> Flags<'_, RecoveryFlag> {
        // SAFETY: The word is part of the array, and changed by atomic bit operations.
        unsafe { Flags::new(&raw mut (*self.as_ptr()).recovery) }
    }

    /// Up to where the data of all members is known to agree;
    /// [`MAX_SECTOR`](super::MAX_SECTOR): everywhere. The sync thread advances it.
    #[inline]
    pub fn resync_offset(&self) -> Sector {
        read_field!(self, resync_offset)
    }

    /// Sets up to where the data agrees. Where no sync can be running.
    pub fn set_resync_offset(&self, sector: Sector) {
        write_field!(self, resync_offset, sector);
    }

    /// How much of each device a resync covers.
    pub fn resync_max_sectors(&self) -> Sector {
        read_field!(self, resync_max_sectors)
    }

    /// Sets how much of each device a resync covers. Where no sync can be running.
    pub fn set_resync_max_sectors(&self, sectors: Sector) {
        write_field!(self, resync_max_sectors, sectors);
    }

    /// Where a user wants the sync to pause.
    #[inline]
    pub fn resync_max(&self) -> Sector {
        read_field!(self, resync_max)
    }

    /// Up to where the running sync has issued I/O; below 3 it's a state: 0 none, 1 and 2 waiting.
    #[inline]
    pub fn curr_resync(&self) -> Sector {
        read_field!(self, curr_resync)
    }

    /// Counts sectors in which members were found to differ.
    pub fn add_resync_mismatches(&self, sectors: Sector) {
        // SAFETY: The field is valid as long as the array is borrowed, and accessed atomically.
        let mismatches =
            unsafe { Atomic::from_ptr(&raw mut (*self.as_ptr()).resync_mismatches.counter) };
        mismatches.add(sectors as i64, Relaxed);
    }

    /// Reports that `sectors` which [`Personality::sync_request`](super::Personality::sync_request)
    /// issued are done, well or not. All that were issued have to be reported: md waits for them.
    ///
    /// Context: any.
    pub fn done_sync(&self, sectors: Sector) {
        let mut left = sectors;
        while left > 0 {
            // C counts in an `int`.
            let part = left.min(1 << 30);
            // SAFETY: The array is alive.
            unsafe { bindings::md_done_sync(self.as_ptr(), part as c_int) };
            left = left.saturating_sub(part);
        }
    }

    /// Has the running sync give up, because of an error. The sectors in question have to be
    /// reported to [`Self::done_sync`] all the same.
    ///
    /// Context: any.
    pub fn sync_error(&self) {
        // SAFETY: The array is alive.
        unsafe { bindings::md_sync_error(self.as_ptr()) };
    }

    /// Wakes the management thread, if there is one by now.
    ///
    /// Context: any.
    #[inline]
    pub fn wake_daemon(&self) {
        // SAFETY: The array is alive; C reads the thread's pointer under RCU.
        unsafe { bindings::raid1rs_md_wakeup(self.as_ptr()) };
    }

    /// What the management thread has to do regularly for md core: write superblocks, start and
    /// collect the sync thread, remove and add devices. Takes `reconfig_mutex` if it can get it at
    /// once.
    ///
    /// Context: only in [`Personality::daemon`](super::Personality::daemon); may sleep.
    pub fn check_recovery(&self) {
        // SAFETY: The array is alive. `daemon` is called only while the array has a personality.
        unsafe { bindings::md_check_recovery(self.as_ptr()) };
    }
}
