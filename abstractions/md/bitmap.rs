// SPDX-License-Identifier: GPL-2.0

//! The write-intent bitmap of an array, of whichever kind: md's own, the lockless one, or none.
//!
//! A bitmap records which regions of an array have been written to, so that a resync after a crash,
//! or a recovery of a device that was away, covers only those.
//!
//! C header: `drivers/md/md-bitmap.h`

use core::mem::MaybeUninit;

use kernel::{
    error::to_result,
    prelude::*, //
};

use super::{
    access::read_field,
    mddev::{
        Mddev,
        MddevHandle, //
    },
    Sector, //
};
use crate::bindings;

/// The bitmap of an array, which may have none: the methods say what they do then.
///
/// md core exchanges an array's bitmap only while the array is suspended, no sync is running, and
/// `reconfig_mutex` is held. (It resizes one also while it isn't, see [`Self::resize`]; and dm-raid
/// does so without the mutex, while it resumes a volume that nothing else can be done to.) So it's
/// there for those who hold an [`ActiveIo`](super::ActiveIo), for the sync thread, and for
/// callbacks with the mutex. The methods are for them. (All but [`Self::is_present`], which anybody
/// may call.)
#[derive(Clone, Copy)]
pub struct Bitmap<'a>(&'a Mddev);

/// A range that a write has been recorded for. To be given to [`Bitmap::end_write`], once.
#[must_use]
pub struct BitmapRange {
    sector: Sector,
    sectors: usize,
    discard: bool,
}

/// A write-behind request under way: one that goes on after its sender was told that it has ended.
/// md core waits for them where it takes a bitmap away.
///
/// # Invariants
///
/// The bitmap of the array has counted a write-behind request for this object.
#[must_use]
pub struct BehindWrite(MddevHandle);

impl Drop for BehindWrite {
    /// Context: any.
    fn drop(&mut self) {
        // SAFETY: The array is alive. By the type invariant it had a bitmap. That stays during the
        // call, though C waits for the count only: who has this also has a pass of the gate, for
        // which a stop waits after that, and a reference to `active_io`, for which a change of the
        // bitmap does.
        unsafe { bindings::raid1rs_bitmap_end_behind(self.0.as_ptr()) };
    }
}

/// Whether a range has to be synced, and how far that goes.
pub struct SyncNeed {
    /// Whether the bitmap says so; also if there is no bitmap.
    pub needed: bool,
    /// For how many sectors the answer holds.
    pub sectors: Sector,
}

/// State of the bitmap.
pub struct BitmapStats {
    /// The array's event count when the bitmap was made, or when a write ended last that all
    /// members had: of a device whose superblock is older it doesn't tell all that it lacks. Always
    /// zero for the lockless bitmap.
    pub events_cleared: u64,
}

impl Mddev {
    /// The bitmap.
    #[inline]
    pub fn bitmap(&self) -> Bitmap<'_> {
        Bitmap(self)
    }
}

impl Bitmap<'_> {
    /// Whether the array has a bitmap.
    #[inline]
    pub fn is_present(&self) -> bool {
        !read_field!(self.0, bitmap).is_null()
    }

    /// Tells one bitmap from another; 0 for none. One that has gone may have had the number of one
    /// that there is.
    pub fn identity(&self) -> usize {
        read_field!(self.0, bitmap).addr()
    }

    /// Whether the bitmap is in use; with `flush`: whether it's in use and there is something that
    /// could be written.
    #[inline]
    pub fn enabled(&self, flush: bool) -> bool {
        // SAFETY: The array is alive, and its bitmap as well, for those who may call this.
        self.is_present() && unsafe { bindings::raid1rs_bitmap_enabled(self.0.as_ptr(), flush) }
    }

    /// Records that a range is going to be written to, or discarded. The record isn't on disk
    /// before [`Self::unplug`], and nothing may be written before that.
    ///
    /// `None`: there is no bitmap, or it doesn't want to know.
    ///
    /// Context: may sleep, for memory and for counters that overflow.
    #[inline]
    pub fn start_write(
        &self,
        sector: Sector,
        sectors: Sector,
        discard: bool,
    ) -> Option<BitmapRange> {
        if !self.is_present() {
            return None;
        }
        let mut range = BitmapRange {
            sector,
            // CAST: C takes an `unsigned long`, which has as many bits.
            sectors: sectors as usize,
            discard,
        };
        // SAFETY: As in `enabled`. C changes the range to one that suits its bitmap.
        let started = unsafe {
            bindings::raid1rs_bitmap_start(
                self.0.as_ptr(),
                &mut range.sector,
                &mut range.sectors,
                discard,
            )
        };
        started.then_some(range)
    }

    /// The write to `range` has ended, on all members that are to have it.
    ///
    /// For a bitmap of md's own kind, how the write ended isn't asked: if the array is degraded,
    /// the range stays marked.
    ///
    /// Context: any.
    #[inline]
    pub fn end_write(&self, range: BitmapRange) {
        // SAFETY: As in `enabled`; the write was started on the same bitmap, since that can't be
        // exchanged while the caller's request is under way.
        unsafe {
            bindings::raid1rs_bitmap_end(
                self.0.as_ptr(),
                range.sector,
                range.sectors,
                range.discard,
            )
        };
    }

    /// Writes to disk what was recorded and isn't there yet, and waits for it.
    ///
    /// With `sync` false a worker does it, and this waits for the worker: needed where the task is
    /// submitting a bio, so that what it sent itself would wait for its return.
    ///
    /// Context: may sleep.
    pub fn unplug(&self, sync: bool) {
        // SAFETY: As in `enabled`.
        unsafe { bindings::raid1rs_bitmap_unplug(self.0.as_ptr(), sync) };
    }

    /// Whether the range from `sector` on has to be synced; nothing is marked. (The lockless bitmap
    /// marks it all the same, up to the array's end when the sync is given up.)
    ///
    /// Context: the sync thread; interrupts are enabled.
    pub fn needs_sync(&self, sector: Sector) -> SyncNeed {
        self.start_sync(sector, true)
    }

    /// Asks whether the range from `sector` on has to be synced, and marks it as being synced
    /// unless `degraded`: then there will remain something to do, and the marks stay as they are.
    ///
    /// Without a bitmap everything has to be synced.
    ///
    /// Context: the sync thread; interrupts are enabled.
    pub fn start_sync(&self, sector: Sector, degraded: bool) -> SyncNeed {
        let mut sectors = 0;
        // SAFETY: As in `enabled`.
        let needed = unsafe {
            bindings::raid1rs_bitmap_start_sync(self.0.as_ptr(), sector, &mut sectors, degraded)
        };
        SyncNeed { needed, sectors }
    }

    /// The sync that [`Self::start_sync`] marked at `sector` was given up: it's needed again.
    /// Returns how many sectors from there on this goes for.
    ///
    /// Context: any.
    pub fn end_sync(&self, sector: Sector) -> Sector {
        let mut sectors = 0;
        // SAFETY: As in `enabled`.
        unsafe { bindings::raid1rs_bitmap_end_sync(self.0.as_ptr(), sector, &mut sectors) };
        sectors
    }

    /// From time to time: waits until all sync I/O has ended, and clears the marks of
    /// what is in sync, up to `sector`.
    ///
    /// Context: the sync thread; may sleep.
    pub fn cond_end_sync(&self, sector: Sector) {
        // SAFETY: As in `enabled`.
        unsafe { bindings::raid1rs_bitmap_cond_end_sync(self.0.as_ptr(), sector) };
    }

    /// The sync is over: no range is being synced any more.
    ///
    /// Context: the sync thread; interrupts are enabled.
    pub fn close_sync(&self) {
        // SAFETY: As in `enabled`.
        unsafe { bindings::raid1rs_bitmap_close_sync(self.0.as_ptr()) };
    }

    /// Whether write-behind requests may be counted by it: it's one of md's own kind.
    ///
    /// A task can't start two ranges of the lockless one at a time: that waits while a page of it
    /// is being written out, which waits for the ranges in it. And a request that goes on behind is
    /// started twice.
    #[inline]
    pub fn takes_behind_writes(&self) -> bool {
        self.is_of_md()
    }

    /// Whether it's there, and not a lockless one.
    #[inline]
    fn is_of_md(&self) -> bool {
        self.is_present() && read_field!(self.0, bitmap_id) == bindings::md_submodule_id_ID_BITMAP
    }

    /// Counts a write-behind request, for as long as the result lives. `None`: there is no bitmap
    /// to count it.
    ///
    /// The bitmap has to stay until then: see [`Bitmap`].
    ///
    /// Context: any.
    pub fn start_behind_write(&self) -> Option<BehindWrite> {
        if !self.takes_behind_writes() || !self.enabled(false) {
            return None;
        }
        // SAFETY: As in `enabled`, and there is a bitmap.
        unsafe { bindings::raid1rs_bitmap_start_behind(self.0.as_ptr()) };
        // INVARIANT: C has counted it.
        Some(BehindWrite(self.0.handle()))
    }

    /// Its state; `None` without a bitmap.
    pub fn stats(&self) -> Option<BitmapStats> {
        let mut stats = MaybeUninit::<bindings::md_bitmap_stats>::zeroed();
        // SAFETY: As in `enabled`; `stats` is valid for writes.
        let err = unsafe { bindings::raid1rs_bitmap_stats(self.0.as_ptr(), stats.as_mut_ptr()) };
        if err != 0 {
            return None;
        }
        // SAFETY: All zeroes is a valid value, and so is what C has put there.
        let stats = unsafe { stats.assume_init() };
        Some(BitmapStats {
            events_cleared: stats.events_cleared,
        })
    }

    /// Fits the bitmap to a new size of the devices. Nothing to do without a bitmap.
    ///
    /// Context: under `reconfig_mutex`, no sync running; may sleep, and calls
    /// [`quiesce`](super::Personality::quiesce).
    pub fn resize(&self, sectors: Sector) -> Result {
        // SAFETY: As in `enabled`.
        to_result(unsafe { bindings::raid1rs_bitmap_resize(self.0.as_ptr(), sectors) })
    }

    /// Marks what is from `start` on and before `end` as due to be synced, down to the beginning of
    /// the region that `start` is in, and writes that to disk. Nothing to do without a bitmap of
    /// md's own kind.
    ///
    /// Afterwards the array's resync offset is at the beginning of that region or before it.
    ///
    /// Context: where nobody can resize the bitmap meanwhile: under `reconfig_mutex`, or in
    /// [`quiesce`](super::Personality::quiesce) at the end of a resize by dm-raid. No sync running,
    /// no write under way; may sleep.
    pub fn mark_dirty(&self, start: Sector, end: Sector) {
        if !self.is_of_md() || !self.enabled(false) {
            return;
        }
        let bytes = read_field!(self.0, bitmap_info.chunksize);
        // CAST: As many bits.
        let chunk = |sector: Sector| ((sector << 9) as usize).checked_div(bytes);
        let (Some(first), Some(last)) = (chunk(start), chunk(end.saturating_sub(1))) else {
            return;
        };
        // SAFETY: As in `enabled`, and nobody resizes the bitmap meanwhile. What is behind its end C
        // leaves alone.
        unsafe { bindings::raid1rs_bitmap_dirty(self.0.as_ptr(), first, last) };
        self.unplug(true);
    }
}
