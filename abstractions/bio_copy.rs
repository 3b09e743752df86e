// SPDX-License-Identifier: GPL-2.0

//! Bios with data of their own: for what is written after its sender has gone on.
//!
//! C header: [`include/linux/bio.h`](srctree/include/linux/bio.h)

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::page::PAGE_SIZE;

use super::{
    bio::Bio,
    Wait, //
};
use crate::bindings;

/// Flags that a copy must not have.
const OF_THE_ORIGINAL: u32 = bindings::RAID1RS_REQ_INTEGRITY
    | bindings::RAID1RS_REQ_ALLOC_CACHE
    | bindings::RAID1RS_REQ_POLLED;

/// A copy of a bio, with its data at the time of copying. It's never submitted itself: clones of it
/// are.
///
/// # Invariants
///
/// The bio comes from `bio_kmalloc`, is initialised, and is ours. Each of its vectors is an own
/// page.
pub struct BioCopy(NonNull<bindings::bio>);

// SAFETY: Memory belongs to no context.
unsafe impl Send for BioCopy {}
// SAFETY: A shared reference only reads it.
unsafe impl Sync for BioCopy {}

impl BioCopy {
    /// Copies `bio` and its data. `None`: there is no memory at hand, or the data takes more pages
    /// than a bio can have.
    ///
    /// Context: any but interrupts.
    pub fn new(bio: &Bio) -> Option<Self> {
        let bytes = usize::try_from(bio.sectors()).ok()?.checked_mul(512)?;
        let pages = bytes.div_ceil(PAGE_SIZE);
        if pages > bindings::BIO_MAX_VECS as usize {
            return None;
        }
        // CAST: Not more than the limit.
        let copy = Self::empty(bio, pages as u16)?;
        let mut left = bytes;
        while left > 0 {
            // SAFETY: No requirements; null means that there was no memory.
            let page = unsafe { bindings::raid1rs_alloc_page(Wait::No.gfp()) };
            let page = NonNull::new(page)?;
            let len = left.min(PAGE_SIZE);
            // CAST: Not more than a page.
            // SAFETY: The bio is ours and has a vector for each page.
            unsafe { bindings::__bio_add_page(copy.0.as_ptr(), page.as_ptr(), len as u32, 0) };
            // INVARIANT: The page is the bio's from now on.
            left = left.saturating_sub(len);
        }
        // SAFETY: Both bios are valid, and none of them is a device's yet. C copies as much as both
        // have. Who changes the data of a write under way gets either content, on a device as here.
        unsafe { bindings::bio_copy_data(copy.0.as_ptr(), bio.as_ptr()) };
        Some(copy)
    }

    /// A bio like `like`, with room for that many pages, but for what belongs to `like` alone: its
    /// integrity data (the block layer makes new one if the device wants it), where its memory
    /// comes from, and who polls for its end.
    fn empty(like: &Bio, pages: u16) -> Option<Self> {
        // SAFETY: No requirements; null means that there was no memory.
        let bio = unsafe { bindings::bio_kmalloc(pages, Wait::No.gfp()) };
        let bio = NonNull::new(bio)?;
        let from = like.as_ptr();
        // SAFETY: `bio` is memory for a bio and that many vectors behind it. It has no device;
        // clones will. `from` is alive and nobody changes it.
        unsafe {
            let to = bio.as_ptr();
            bindings::raid1rs_bio_init_inline(to, pages, (*from).bi_opf & !OF_THE_ORIGINAL);
            (*to).bi_iter.bi_sector = (*from).bi_iter.bi_sector;
            (*to).bi_ioprio = (*from).bi_ioprio;
            (*to).bi_write_hint = (*from).bi_write_hint;
            (*to).bi_write_stream = (*from).bi_write_stream;
        }
        // INVARIANT: Just initialised, without a page.
        Some(Self(bio))
    }
}

impl Deref for BioCopy {
    type Target = Bio;

    fn deref(&self) -> &Bio {
        // SAFETY: By the type invariant.
        unsafe { Bio::from_ptr(self.0.as_ptr()) }
    }
}

impl Drop for BioCopy {
    /// Context: any.
    fn drop(&mut self) {
        // SAFETY: The bio and its pages are ours; its clones have ended, as they have to before
        // what they were cloned from (see `Blank::clone_of`).
        unsafe {
            bindings::bio_free_pages(self.0.as_ptr());
            bindings::bio_uninit(self.0.as_ptr());
            bindings::kfree(self.0.as_ptr().cast());
        }
    }
}
