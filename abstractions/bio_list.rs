// SPDX-License-Identifier: GPL-2.0

//! Lists of clones, linked through the clones themselves.
//!
//! C header: [`include/linux/bio.h`](srctree/include/linux/bio.h), `struct bio_list`

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use super::bio_set::Owned;
use crate::bindings;

/// A first-in first-out list of clones in state `S`: [`Prepared`](super::bio_set::Prepared) or
/// [`Done`](super::bio_set::Done). Nothing is allocated, so it can be used in any context.
///
/// # Invariants
///
/// `first` and the `bi_next` of each bio lead from bio to bio, ending with `last`. All are from
/// [`Owned::into_bio`] of an `S`, and owned by the list.
pub struct BioList<P, K, S: Owned<P, K>> {
    first: Option<NonNull<bindings::bio>>,
    last: Option<NonNull<bindings::bio>>,
    _clones: PhantomData<(S, P, K)>,
}

// SAFETY: A list of `S` is as `Send` as they are; it has no shared access.
unsafe impl<P, K, S: Owned<P, K> + Send> Send for BioList<P, K, S> {}

impl<P, K, S: Owned<P, K>> Default for BioList<P, K, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, K, S: Owned<P, K>> BioList<P, K, S> {
    /// An empty list.
    pub const fn new() -> Self {
        Self {
            first: None,
            last: None,
            _clones: PhantomData,
        }
    }

    /// Whether there is nothing on the list.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Adds a clone at the end.
    #[inline]
    pub fn push(&mut self, clone: S) {
        let bio = clone.into_bio();
        // SAFETY: The bio is ours, as is the last one of the list.
        unsafe {
            (*bio.as_ptr()).bi_next = core::ptr::null_mut();
            match self.last {
                Some(last) => (*last.as_ptr()).bi_next = bio.as_ptr(),
                None => self.first = Some(bio),
            }
        }
        self.last = Some(bio);
    }

    /// Takes the first clone off.
    #[inline]
    pub fn pop(&mut self) -> Option<S> {
        let bio = self.first?;
        // SAFETY: By the type invariant the bio is ours and came from `into_bio`.
        let clone = unsafe {
            self.first = NonNull::new((*bio.as_ptr()).bi_next);
            (*bio.as_ptr()).bi_next = core::ptr::null_mut();
            S::from_bio(bio)
        };
        if self.first.is_none() {
            self.last = None;
        }
        Some(clone)
    }

    /// Moves all of `other` to the end.
    pub fn append(&mut self, other: &mut Self) {
        let Some(first) = other.first.take() else {
            return;
        };
        match self.last {
            // SAFETY: The last bio of the list is ours.
            Some(last) => unsafe { (*last.as_ptr()).bi_next = first.as_ptr() },
            None => self.first = Some(first),
        }
        self.last = other.last.take();
    }

    /// Takes everything off.
    pub fn take_all(&mut self) -> Self {
        core::mem::replace(self, Self::new())
    }
}

impl<P, K, S: Owned<P, K>> Iterator for BioList<P, K, S> {
    type Item = S;

    fn next(&mut self) -> Option<S> {
        self.pop()
    }
}

impl<P, K, S: Owned<P, K>> Drop for BioList<P, K, S> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
