// SPDX-License-Identifier: GPL-2.0

//! Bios: what all of them have, and the requests that md core hands to a personality.
//!
//! C header: [`include/linux/bio.h`](srctree/include/linux/bio.h)

use core::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull, //
};

use kernel::types::Opaque;

use super::{
    bio_set::SplitSet,
    md::Mddev,
    status::Status,
    Wait, //
};
use crate::bindings;

/// A bio that somebody owns.
#[repr(transparent)]
pub struct Bio(Opaque<bindings::bio>);

/// Flags of an operation (`blk_opf_t`), and the operations themselves.
pub mod opf {
    use crate::bindings;

    /// The bits that say which operation it is; odd ones send data to the device.
    pub const OP_MASK: u32 = (1 << bindings::REQ_OP_BITS) - 1;
    /// Read.
    pub const READ: u32 = bindings::req_op_REQ_OP_READ;
    /// Write.
    pub const WRITE: u32 = bindings::req_op_REQ_OP_WRITE;
    /// Discard.
    pub const DISCARD: u32 = bindings::req_op_REQ_OP_DISCARD;
    /// The device's cache has to be flushed before.
    pub const PREFLUSH: u32 = bindings::RAID1RS_REQ_PREFLUSH;
    /// Fail rather than wait for a resource.
    pub const NOWAIT: u32 = bindings::RAID1RS_REQ_NOWAIT;
    /// Reading ahead, which may fail at any time.
    pub const RAHEAD: u32 = bindings::RAID1RS_REQ_RAHEAD;
    /// All or nothing: must not be split.
    pub const ATOMIC: u32 = bindings::RAID1RS_REQ_ATOMIC;
    /// The driver is to give up early, where it would try again (`MD_FAILFAST`).
    pub const FAILFAST: u32 = bindings::RAID1RS_MD_FAILFAST;
}

impl Bio {
    /// The C bio.
    #[inline]
    pub fn as_ptr(&self) -> *mut bindings::bio {
        self.0.get()
    }

    /// # Safety
    ///
    /// `bio` is valid for as long as `'a`.
    #[inline]
    pub(super) unsafe fn from_ptr<'a>(bio: *mut bindings::bio) -> &'a Self {
        // SAFETY: By the requirements; `Bio` is a transparent wrapper of an `Opaque`.
        unsafe { &*bio.cast() }
    }

    /// Operation and flags.
    #[inline]
    pub fn opf(&self) -> u32 {
        // SAFETY: The bio is alive; its owner alone changes it, and isn't doing so now.
        unsafe { (*self.as_ptr()).bi_opf }
    }

    /// The operation, without flags.
    #[inline]
    pub fn op(&self) -> u32 {
        self.opf() & opf::OP_MASK
    }

    /// Whether data goes to the device (discards count as such).
    #[inline]
    pub fn is_write(&self) -> bool {
        self.op() & 1 != 0
    }

    /// Whether all of `flags` are set.
    #[inline]
    pub fn has(&self, flags: u32) -> bool {
        self.opf() & flags == flags
    }

    /// The first sector (512 bytes).
    #[inline]
    pub fn sector(&self) -> u64 {
        // SAFETY: As in `opf`.
        unsafe { (*self.as_ptr()).bi_iter.bi_sector }
    }

    /// The length in sectors (512 bytes).
    #[inline]
    pub fn sectors(&self) -> u32 {
        // SAFETY: As in `opf`.
        unsafe { (*self.as_ptr()).bi_iter.bi_size >> 9 }
    }

    /// How the request ended.
    #[inline]
    pub fn status(&self) -> Status {
        // SAFETY: As in `opf`.
        Status::from_raw(unsafe { (*self.as_ptr()).bi_status })
    }
}

/// When a request began, for the device's I/O statistics.
#[derive(Clone, Copy)]
pub struct StartTime(usize);

/// A request from md core.
///
/// It has one owner and is ended once: by [`Self::complete`], which consumes it. One that is
/// dropped ends with an I/O error, so that it can't be forgotten.
///
/// # Invariants
///
/// The pointer is valid, and the bio is ours to end.
pub struct Incoming(NonNull<bindings::bio>);

// SAFETY: A bio may be ended in any context.
unsafe impl Send for Incoming {}
// SAFETY: A shared reference only reads it.
unsafe impl Sync for Incoming {}

impl Deref for Incoming {
    type Target = Bio;

    #[inline]
    fn deref(&self) -> &Bio {
        // SAFETY: By the type invariant.
        unsafe { Bio::from_ptr(self.0.as_ptr()) }
    }
}

impl Incoming {
    /// Takes a request over.
    ///
    /// # Safety
    ///
    /// `bio` is valid and the caller hands the duty to end it to the new object.
    #[inline]
    pub unsafe fn from_raw(bio: NonNull<bindings::bio>) -> Self {
        // INVARIANT: By the requirements.
        Self(bio)
    }

    #[inline]
    fn into_raw(self) -> *mut bindings::bio {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// Ends the request. A status that is set already (by a part that was split off) stays.
    ///
    /// Context: any.
    #[inline]
    pub fn complete(self, status: Status) {
        let bio = self.into_raw();
        // SAFETY: We owned the bio, and own it no more after `bio_endio`.
        unsafe {
            if !status.is_ok() {
                (*bio).bi_status = status.into_raw();
            }
            bindings::bio_endio(bio);
        }
    }

    /// Whether whoever handles the request may be made to wait.
    #[inline]
    pub fn wait(&self) -> Wait {
        if self.has(opf::NOWAIT) {
            Wait::No
        } else {
            Wait::Yes
        }
    }

    /// Ends a request with [`opf::NOWAIT`] that would have had to wait: its sender is to try again
    /// from where it may.
    ///
    /// Context: any.
    pub fn would_block(self) {
        // SAFETY: We owned the bio, and give it up.
        unsafe { bindings::raid1rs_bio_wouldblock(self.into_raw()) };
    }

    /// Splits the first `sectors` off, and sends the rest back to the block layer, which brings it
    /// again. `None`: there was no memory, and the request has ended with an error.
    ///
    /// `sectors` must be less than the length and not 0.
    ///
    /// Context: may sleep; inside make_request only.
    pub fn split_front(self, sectors: u32, set: &SplitSet) -> Option<Self> {
        // SAFETY: We own the bio. C keeps the rest, and gives us the front; both end when they are
        // ended, in any order.
        let front =
            unsafe { bindings::bio_submit_split_bioset(self.into_raw(), sectors, set.as_ptr()) };
        // INVARIANT: The new bio is ours.
        NonNull::new(front).map(Self)
    }

    /// Flushes the caches of all members before a request with [`opf::PREFLUSH`]. `None`: that was
    /// all, the request will end when they are flushed. Else it goes on, without that flag, and
    /// ends only when they are flushed, too.
    ///
    /// Context: may sleep; inside make_request only.
    pub fn flush_members(self, mddev: &Mddev) -> Option<Self> {
        let bio = self.into_raw();
        // SAFETY: We own the bio; inside make_request md holds active_io.
        if unsafe { bindings::md_flush_request(mddev.as_ptr(), bio) } {
            return None;
        }
        // INVARIANT: C hasn't taken the bio.
        NonNull::new(bio).map(Self)
    }

    /// Counts the request in the statistics of the device that it was sent to. `None` if the device
    /// keeps none.
    #[inline]
    pub fn account_start(&self) -> Option<StartTime> {
        // SAFETY: The bio is alive, and meant for an open device.
        match unsafe { bindings::raid1rs_bio_account_start(self.as_ptr()) } {
            0 => None,
            start => Some(StartTime(start)),
        }
    }

    /// The end of what [`Self::account_start`] began.
    #[inline]
    pub fn account_end(&self, start: Option<StartTime>) {
        if let Some(StartTime(start)) = start {
            // SAFETY: The bio is alive, and still says which device it was sent to.
            unsafe {
                bindings::bio_end_io_acct_remapped(self.as_ptr(), start, (*self.as_ptr()).bi_bdev)
            };
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // SAFETY: We own the bio, and nobody uses `self` after this.
        unsafe {
            (*self.0.as_ptr()).bi_status = Status::IO_ERROR.into_raw();
            bindings::bio_endio(self.0.as_ptr());
        }
    }
}

/// Whether this task is inside the block layer's submission of a bio: what it submits now starts
/// only after it has returned, so it must not wait for that.
pub fn is_submitting() -> bool {
    // SAFETY: Reads a field of the current task.
    unsafe { bindings::raid1rs_submitting_bios() }
}
