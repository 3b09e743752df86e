// SPDX-License-Identifier: GPL-2.0

//! Pools of bios with room for their owner's context.
//!
//! A [`CloneSet`] makes clones of a request, each with a context of type `P` in the memory before
//! the bio (its front pad), so that a clone and what has to be known about it are one allocation.
//! The type of a clone says what may be done with it:
//!
//! - [`Blank`]: allocated, without context.
//! - [`Prepared`]: with context, not yet submitted. [`Prepared::submit`] consumes it, and names the
//!   [`EndIo`] that gets it back.
//! - in flight: nobody has it but the block layer.
//! - [`Done`]: it has ended. Its context is taken out, which frees the bio.
//!
//! So a clone can't be submitted twice, touched while it's in flight, or forgotten.
//!
//! A clone has to go before the set that it was taken from. For that it holds a *keeper*, a
//! reference to an object that the set is part of, and returns to the set before it lets the keeper
//! go.
//!
//! C header: [`include/linux/bio.h`](srctree/include/linux/bio.h)

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    ffi,
    prelude::*,
    types::Opaque, //
};

use super::{
    bio::{
        opf,
        Bio, //
    },
    block_device::BlockDevice,
    keeper::Keeper,
    pages::Pages,
    Wait, //
};
use crate::bindings;

pub use super::bio_clone::{
    Done,
    EndIo,
    Owned,
    Prepared, //
};

/// How many bios each set keeps in reserve, for when memory is short.
const RESERVE: u32 = bindings::BIO_POOL_SIZE;

/// Creates a `bio_set` in place.
fn init_set(front_pad: usize, flags: u32) -> impl PinInit<Opaque<bindings::bio_set>, Error> {
    Opaque::try_ffi_init(move |set: *mut bindings::bio_set| {
        // SAFETY: `set` is valid for writes; C wants it zeroed. It's pinned as part of its owner.
        let err = unsafe {
            set.write_bytes(0, 1);
            bindings::bioset_init(set, RESERVE, front_pad as u32, flags as ffi::c_int)
        };
        kernel::error::to_result(err)
    })
}

/// A pool for the parts that are split off requests.
#[pin_data(PinnedDrop)]
pub struct SplitSet {
    #[pin]
    set: Opaque<bindings::bio_set>,
}

// SAFETY: A bio_set has locks of its own.
unsafe impl Send for SplitSet {}
// SAFETY: As above.
unsafe impl Sync for SplitSet {}

impl SplitSet {
    /// A new pool. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self { set <- init_set(0, 0) }? Error)
    }

    pub(super) fn as_ptr(&self) -> *mut bindings::bio_set {
        self.set.get()
    }
}

#[pinned_drop]
impl PinnedDrop for SplitSet {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` initialised the set. Its bios are back: the front of a request that was
        // split is a request of its own, which ends before what counts it is given back; and an
        // array is freed when all counts are.
        unsafe { bindings::bioset_exit(self.set.get()) };
    }
}

/// What is in front of the bio of a clone.
pub(super) struct Pad<P, K> {
    pub(super) keeper: K,
    pub(super) context: P,
}

/// A pool of clones with a context of type `P` and a keeper of type `K`.
#[pin_data(PinnedDrop)]
pub struct CloneSet<P, K> {
    #[pin]
    set: Opaque<bindings::bio_set>,
    _clones: PhantomData<fn() -> (P, K)>,
}

// SAFETY: A bio_set has locks of its own; contexts and keepers are not in it, but in the clones.
unsafe impl<P, K> Send for CloneSet<P, K> {}
// SAFETY: As above.
unsafe impl<P, K> Sync for CloneSet<P, K> {}

impl<P, K> CloneSet<P, K> {
    /// Bytes between the start of the pad and the bio.
    const FRONT_PAD: usize = {
        assert!(align_of::<Pad<P, K>>() <= align_of::<bindings::bio>());
        size_of::<Pad<P, K>>().next_multiple_of(align_of::<bindings::bio>())
    };

    /// A new pool. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        Self::with_flags(bindings::BIOSET_PERCPU_CACHE)
    }

    /// A new pool for requests that take several clones each. May sleep.
    ///
    /// Inside of a submission, what a task sends starts only after it. So when memory is short,
    /// those who have some of their clones would wait for ever for those who have the others; a
    /// thread of the pool's own starts what they have sent.
    pub fn for_several_each() -> impl PinInit<Self, Error> {
        Self::with_flags(bindings::BIOSET_PERCPU_CACHE | bindings::BIOSET_NEED_RESCUER)
    }

    /// A new pool for few clones, without a cache for each CPU. May sleep.
    pub fn for_few() -> impl PinInit<Self, Error> {
        Self::with_flags(0)
    }

    /// A new pool for bios with data of their own, see [`Blank::over_pages`]. May sleep.
    pub fn with_vectors() -> impl PinInit<Self, Error> {
        Self::with_flags(bindings::BIOSET_NEED_BVECS)
    }

    fn with_flags(flags: u32) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            set <- init_set(Self::FRONT_PAD, flags),
            _clones: PhantomData,
        }? Error)
    }
}

#[pinned_drop]
impl<P, K> PinnedDrop for CloneSet<P, K> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` initialised the set. Its clones are back: each held a keeper of the object
        // that the set is part of.
        unsafe { bindings::bioset_exit(self.set.get()) };
    }
}

/// A clone without a context.
///
/// # Invariants
///
/// The bio comes from a `CloneSet<P, K>` which is alive as long as `keeper`. It's ours, and its
/// pad is not initialised.
pub struct Blank<P, K> {
    bio: NonNull<bindings::bio>,
    keeper: ManuallyDrop<K>,
    _context: PhantomData<P>,
}

impl<P: Send + 'static, K: Keeper + Send + 'static> Blank<P, K> {
    /// Clones `parent` for `device`, from the set that `set` finds by way of `keeper`. The data
    /// is shared with the parent, which must not end before the clone.
    ///
    /// With [`Wait::No`] the reserve isn't touched, and there may be no memory; the keeper comes
    /// back then.
    ///
    /// Context: may sleep with [`Wait::Yes`].
    #[inline]
    pub fn clone_of(
        parent: &Bio,
        device: &BlockDevice,
        keeper: K,
        set: impl for<'a> FnOnce(&'a K) -> &'a CloneSet<P, K>,
        wait: Wait,
    ) -> Result<Self, K> {
        let from = set(&keeper).set.get();
        // SAFETY: The set, the parent and the device are alive; the parent stays until the clone
        // has ended, which the caller sees to (see above).
        let bio = unsafe {
            bindings::bio_alloc_clone(device.as_ptr(), parent.as_ptr(), wait.gfp(), from)
        };
        // SAFETY: It's from that set.
        unsafe { Self::fresh(bio, keeper) }
    }

    /// What a set gave, or the keeper back if that's nothing.
    ///
    /// # Safety
    ///
    /// `bio` is null, or nobody else's and from a set that was found by way of `keeper`.
    #[inline]
    unsafe fn fresh(bio: *mut bindings::bio, keeper: K) -> Result<Self, K> {
        match NonNull::new(bio) {
            // INVARIANT: By the contract of this function. The set was found by a function that
            // returns a reference with the lifetime of a borrow of `keeper`, and what a `Keeper`
            // gives out by reference stays as long as it lives. Nobody has written to the pad.
            Some(bio) => Ok(Self {
                bio,
                keeper: ManuallyDrop::new(keeper),
                _context: PhantomData,
            }),
            None => Err(keeper),
        }
    }

    /// A bio for `device` that isn't a clone: operation `opf` on `bytes` from `offset` on in the
    /// buffer that `pages` finds by way of `keeper`. The set is one
    /// [`with_vectors`](CloneSet::with_vectors).
    ///
    /// The keeper comes back if the buffer has no such bytes, or if they take more pages than a bio
    /// can have.
    ///
    /// Context: may sleep.
    pub fn over_pages(
        device: &BlockDevice,
        opf: u32,
        offset: usize,
        bytes: usize,
        keeper: K,
        set: impl for<'a> FnOnce(&'a K) -> &'a CloneSet<P, K>,
        pages: impl for<'a> FnOnce(&'a K) -> Option<&'a Pages>,
    ) -> Result<Self, K> {
        let from = set(&keeper).set.get();
        let Some(pages) = pages(&keeper) else {
            return Err(keeper);
        };
        let (count, covered) = pages
            .span(offset, bytes)
            .fold((0_usize, 0_usize), |(count, covered), (_, _, len)| {
                (count.saturating_add(1), covered.saturating_add(len))
            });
        if covered != bytes || count > bindings::BIO_MAX_VECS as usize {
            return Err(keeper);
        }
        // CAST: C's limit fits.
        let count = count as u16;
        // SAFETY: The set and the device are alive.
        let bio = unsafe {
            bindings::bio_alloc_bioset(device.as_ptr(), count, opf, Wait::Yes.gfp(), from)
        };
        if !bio.is_null() {
            for (page, within, len) in pages.span(offset, bytes) {
                // SAFETY: The bio is ours and has a vector for each page. The pages stay allocated
                // as long as the keeper, which goes after the bio.
                unsafe { bindings::__bio_add_page(bio, page.as_ptr(), len as u32, within as u32) };
            }
        }
        // SAFETY: It's from that set.
        unsafe { Self::fresh(bio, keeper) }
    }

    /// A bio that flushes the cache of `device`, and has no data. With [`Wait::No`] as
    /// [`Self::clone_of`].
    ///
    /// Context: may sleep with [`Wait::Yes`].
    pub fn flush_of(
        device: &BlockDevice,
        keeper: K,
        set: impl for<'a> FnOnce(&'a K) -> &'a CloneSet<P, K>,
        wait: Wait,
    ) -> Result<Self, K> {
        let from = set(&keeper).set.get();
        let opf = opf::WRITE | opf::PREFLUSH;
        // SAFETY: The set and the device are alive.
        let bio = unsafe { bindings::bio_alloc_bioset(device.as_ptr(), 0, opf, wait.gfp(), from) };
        // SAFETY: It's from that set.
        unsafe { Self::fresh(bio, keeper) }
    }

    /// The clone with its context.
    #[inline]
    pub fn with(self, context: P) -> Prepared<P, K> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: We don't use `keeper` again: `this` is not dropped.
        let keeper = unsafe { ManuallyDrop::take(&mut this.keeper) };
        // SAFETY: `CloneSet::new` asked for that much room before the bio, aligned like it.
        unsafe {
            pad_of::<P, K>(this.bio).write(Pad { keeper, context });
        }
        // SAFETY: The pad is initialised now, and `this` is not dropped.
        unsafe { Prepared::new(this.bio) }
    }
}

impl<P, K> Drop for Blank<P, K> {
    fn drop(&mut self) {
        // SAFETY: The bio is ours, and its set is alive until the keeper goes, which is next and
        // happens once.
        unsafe {
            bindings::bio_put(self.bio.as_ptr());
            ManuallyDrop::drop(&mut self.keeper);
        }
    }
}

#[inline]
pub(super) fn pad_of<P, K>(bio: NonNull<bindings::bio>) -> *mut Pad<P, K> {
    bio.as_ptr()
        .cast::<u8>()
        .wrapping_sub(CloneSet::<P, K>::FRONT_PAD)
        .cast()
}

/// The bio that the pad is in front of.
#[inline]
pub(super) fn bio_of<P, K>(pad: *mut Pad<P, K>) -> *mut bindings::bio {
    pad.wrapping_byte_add(CloneSet::<P, K>::FRONT_PAD).cast()
}
