// SPDX-License-Identifier: GPL-2.0

//! Memory that devices read into and write from.
//!
//! C header: [`include/linux/gfp.h`](srctree/include/linux/gfp.h)

use core::ptr::NonNull;

use kernel::{
    ffi,
    page::PAGE_SIZE,
    prelude::*, //
};

use crate::bindings;

/// A buffer made of single pages.
///
/// A device may be writing to it at any time, so its bytes are never borrowed; they are compared
/// and copied from outside the language.
///
/// # Invariants
///
/// Each page is allocated and has an address in the kernel's map of all memory.
pub struct Pages(KVec<NonNull<bindings::page>>);

// SAFETY: Pages belong to no context.
unsafe impl Send for Pages {}
// SAFETY: Shared access is by `memcmp` and `memcpy` only.
unsafe impl Sync for Pages {}

impl Pages {
    /// A buffer of `count` pages.
    ///
    /// Context: may sleep. The pages don't wait for I/O to make memory free; the list of them may.
    pub fn new(count: usize) -> Result<Self> {
        // INVARIANT: No page yet.
        let mut pages = Self(KVec::with_capacity(count, GFP_KERNEL)?);
        for _ in 0..count {
            // SAFETY: No requirements; null means that there was no memory.
            let page = unsafe { bindings::raid1rs_alloc_page(bindings::RAID1RS_GFP_NOIO) };
            // INVARIANT: GFP_NOIO doesn't ask for high memory, so the page is in the kernel's map.
            let page = NonNull::new(page).ok_or(ENOMEM)?;
            // There is room for `count`, so this succeeds.
            let _ = pages.0.push_within_capacity(page);
        }
        Ok(pages)
    }

    /// The length in bytes.
    fn len(&self) -> usize {
        // It's memory that exists, so nothing saturates.
        self.0.len().saturating_mul(PAGE_SIZE)
    }

    /// The parts of pages that hold `bytes` from `offset` on, as far as there are: page, offset in
    /// it, length.
    pub(super) fn span(
        &self,
        offset: usize,
        bytes: usize,
    ) -> impl Iterator<Item = (NonNull<bindings::page>, usize, usize)> + '_ {
        let end = offset.saturating_add(bytes).min(self.len());
        let mut at = offset;
        core::iter::from_fn(move || {
            let within = at % PAGE_SIZE;
            let len = end.checked_sub(at)?.min(PAGE_SIZE - within);
            if len == 0 {
                return None;
            }
            let page = *self.0.get(at / PAGE_SIZE)?;
            // Up to `end`, so nothing saturates.
            at = at.saturating_add(len);
            Some((page, within, len))
        })
    }

    /// Whether the `len` bytes at `offset` are the same in both. What is outside of a buffer equals
    /// nothing.
    pub fn equal(&self, other: &Self, offset: usize, len: usize) -> bool {
        offset.saturating_add(len) <= self.len().min(other.len())
            && self.pairs(other, offset, len).all(|(ours, theirs, len)| {
                // SAFETY: Both are valid for `len` bytes. A device that writes to them meanwhile
                // makes the answer useless, and does no other harm.
                unsafe { bindings::memcmp(ours, theirs, len) == 0 }
            })
    }

    /// Copies the first bytes into `to`, as far as there are.
    pub fn read(&self, to: &mut [u8]) {
        let mut to = to;
        for (page, within, len) in self.span(0, to.len()) {
            let Some((part, rest)) = to.split_at_mut_checked(len) else {
                return;
            };
            // SAFETY: By the type invariant the page is allocated and has an address.
            let from = unsafe { bindings::raid1rs_page_address(page.as_ptr()) };
            // SAFETY: Both are valid for `len` bytes, and a borrowed slice is in no page of ours.
            unsafe {
                bindings::memmove(
                    part.as_mut_ptr().cast(),
                    from.wrapping_byte_add(within),
                    len,
                )
            };
            to = rest;
        }
    }

    /// The addresses of the parts of pages that hold the same bytes in both.
    fn pairs<'a>(
        &'a self,
        other: &'a Self,
        offset: usize,
        len: usize,
    ) -> impl Iterator<Item = (*mut ffi::c_void, *mut ffi::c_void, usize)> + 'a {
        let address = |page: NonNull<bindings::page>, within| {
            // SAFETY: By the type invariant the page is allocated and has an address.
            unsafe { bindings::raid1rs_page_address(page.as_ptr()) }.wrapping_byte_add(within)
        };
        self.span(offset, len).zip(other.span(offset, len)).map(
            move |((ours, within, len), (theirs, _, _))| {
                (address(ours, within), address(theirs, within), len)
            },
        )
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        for page in &self.0 {
            // SAFETY: The page is ours; the last I/O with it has ended, since its bio kept us.
            unsafe { bindings::raid1rs_put_page(page.as_ptr()) };
        }
    }
}
