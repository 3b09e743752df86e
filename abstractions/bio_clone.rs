// SPDX-License-Identifier: GPL-2.0

//! Clones with a context: before they are sent, and after they have ended. See
//! [`bio_set`](super::bio_set).

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull, //
};

use super::{
    bio::Bio,
    bio_set::{
        bio_of,
        pad_of,
        Pad, //
    },
    keeper::Keeper,
    md::Mddev,
    status::Status,
    work::{
        WorkQueue,
        Workable, //
    }, //
};
use crate::bindings;

/// What gets the clones of one kind back when they have ended.
pub trait EndIo<P, K>: 'static {
    /// A clone has ended.
    ///
    /// Context: any, hard interrupts included.
    fn ended(done: Done<P, K>);
}

/// Common to [`Prepared`] and [`Done`].
///
/// # Invariants (of both)
///
/// The bio comes from a [`Blank`], it's ours, and its pad is initialised.
///
/// # Safety
///
/// [`Self::into_bio`] gives a valid bio away, which nobody else owns.
pub unsafe trait Owned<P, K>: Sized {
    #[doc(hidden)]
    fn into_bio(self) -> NonNull<bindings::bio>;

    /// # Safety
    ///
    /// `bio` comes from [`Self::into_bio`], once.
    #[doc(hidden)]
    unsafe fn from_bio(bio: NonNull<bindings::bio>) -> Self;
}

macro_rules! owned_clone {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<P, K>(NonNull<bindings::bio>, PhantomData<(P, K)>);

        // SAFETY: It owns a bio, which may be used in any context, a `P` and a `K`.
        unsafe impl<P: Send, K: Send> Send for $name<P, K> {}
        // SAFETY: Shared references read those.
        unsafe impl<P: Sync, K: Sync> Sync for $name<P, K> {}

        // SAFETY: By the type invariant.
        unsafe impl<P, K> Owned<P, K> for $name<P, K> {
            #[inline]
            fn into_bio(self) -> NonNull<bindings::bio> {
                ManuallyDrop::new(self).0
            }

            #[inline]
            unsafe fn from_bio(bio: NonNull<bindings::bio>) -> Self {
                // INVARIANT: By the requirements they are those of the object before.
                Self(bio, PhantomData)
            }
        }

        impl<P, K> Deref for $name<P, K> {
            type Target = Bio;

            #[inline]
            fn deref(&self) -> &Bio {
                // SAFETY: By the type invariant.
                unsafe { Bio::from_ptr(self.0.as_ptr()) }
            }
        }

        impl<P, K> $name<P, K> {
            /// The context.
            #[inline]
            pub fn context(&self) -> &P {
                // SAFETY: By the type invariant the pad is initialised.
                unsafe { &(*pad_of::<P, K>(self.0)).context }
            }

            /// The keeper.
            #[inline]
            pub fn keeper(&self) -> &K {
                // SAFETY: As above.
                unsafe { &(*pad_of::<P, K>(self.0)).keeper }
            }

            /// Frees the clone.
            #[inline]
            pub fn into_context(self) -> (P, K) {
                let bio = self.into_bio();
                // SAFETY: The pad is initialised, and not used again. The bio is ours, and `keeper`
                // keeps its set alive beyond `bio_put`.
                unsafe {
                    let Pad { keeper, context } = pad_of::<P, K>(bio).read();
                    bindings::bio_put(bio.as_ptr());
                    (context, keeper)
                }
            }
        }

        impl<P, K> Drop for $name<P, K> {
            fn drop(&mut self) {
                // SAFETY: The object isn't used after this.
                drop(unsafe { Self::from_bio(self.0) }.into_context());
            }
        }
    };
}

owned_clone!(
    /// A clone that is not yet submitted.
    Prepared
);
owned_clone!(
    /// A clone that has ended.
    Done
);

impl<P, K> Prepared<P, K> {
    /// # Safety
    ///
    /// `bio` comes from a [`Blank`](super::bio_set::Blank) that is given up, and its pad is
    /// initialised.
    #[inline]
    pub(super) unsafe fn new(bio: NonNull<bindings::bio>) -> Self {
        // INVARIANT: By the requirements.
        Self(bio, PhantomData)
    }
}

impl<P: Send + 'static, K: Keeper + Send + 'static> Prepared<P, K> {
    /// Where on its device the clone starts, in sectors (512 bytes).
    #[inline]
    pub fn set_sector(&mut self, sector: u64) {
        // SAFETY: The bio is ours.
        unsafe { (*self.as_ptr()).bi_iter.bi_sector = sector };
    }

    /// Cuts the clone down to `sectors` after the first `skip` (512 bytes each).
    pub fn trim(&mut self, skip: u32, sectors: u32) {
        // SAFETY: The bio is ours. C refuses, with a warning, what isn't inside of it.
        unsafe { bindings::bio_trim(self.as_ptr(), u64::from(skip), u64::from(sectors)) };
    }

    /// Sets flags of the operation.
    #[inline]
    pub fn set_flags(&mut self, flags: u32) {
        // SAFETY: The bio is ours.
        unsafe { (*self.as_ptr()).bi_opf |= flags };
    }

    /// Clears flags of the operation.
    #[inline]
    pub fn clear_flags(&mut self, flags: u32) {
        // SAFETY: The bio is ours.
        unsafe { (*self.as_ptr()).bi_opf &= !flags };
    }

    /// Tells those who trace the block layer which sector of the array this is.
    #[inline]
    pub fn trace_remap(&self, mddev: &Mddev, sector: u64) {
        // SAFETY: Bio and mddev are alive.
        unsafe { bindings::raid1rs_trace_remap(mddev.as_ptr(), self.as_ptr(), sector) };
    }

    /// Sends the clone to its device. `H` gets it back, perhaps before this returns.
    ///
    /// Context: may sleep.
    #[inline]
    pub fn submit<H: EndIo<P, K>>(self) {
        let bio = self.into_bio().as_ptr();
        // SAFETY: The bio was ours, and is now the block layer's until it calls `end_io`.
        unsafe {
            (*bio).bi_end_io = Some(end_io::<P, K, H>);
            bindings::submit_bio_noacct(bio);
        }
    }

    /// Sends the clone to its device, and waits until it has ended.
    ///
    /// Context: may sleep, and not inside of a submission: the bio would start only after it.
    pub fn submit_and_wait(self) -> Status {
        // SAFETY: The bio is ours, and is again when C returns.
        unsafe { bindings::submit_bio_wait(self.as_ptr()) };
        self.status()
    }

    /// Ends the clone without sending it.
    ///
    /// Context: any.
    pub fn end_here<H: EndIo<P, K>>(self, status: Status) {
        let bio = self.into_bio();
        // SAFETY: The bio is ours.
        unsafe { (*bio.as_ptr()).bi_status = status.into_raw() };
        // INVARIANT: It was a `Prepared`.
        H::ended(Done(bio, PhantomData));
    }
}

/// # Safety
///
/// `bio` was submitted by [`Prepared::submit`] with the same type parameters, and has ended.
unsafe extern "C" fn end_io<P, K, H: EndIo<P, K>>(bio: *mut bindings::bio) {
    // SAFETY: C never calls back with a null pointer.
    let bio = unsafe { NonNull::new_unchecked(bio) };
    // INVARIANT: `submit` gave up a `Prepared` with the same bio, and the block layer gives it
    // back.
    H::ended(Done(bio, PhantomData));
}

impl<P: Send + 'static, K: Keeper + Send + 'static> Done<Workable<P>, K> {
    /// Has `H` called with the clone by a worker of the queue that `queue` finds by way of the
    /// keeper: not in interrupt context, and may sleep.
    ///
    /// Context: any.
    pub fn defer<H: EndIo<Workable<P>, K>>(
        self,
        queue: impl for<'a> FnOnce(&'a K) -> &'a WorkQueue,
    ) {
        let queue = queue(self.keeper()).0;
        let bio = self.into_bio();
        // SAFETY: The bio was ours, with an initialised pad; it's the worker's now. The work isn't
        // queued already, since whoever queues gives the clone up. What a `Keeper` gives out by
        // reference stays as long as it lives, and it lives until the worker has it.
        unsafe {
            let context = &raw mut (*pad_of::<Workable<P>, K>(bio)).context;
            Workable::queue_raw(context, queue, deferred::<P, K, H>);
        }
    }
}

/// # Safety
///
/// `work` was queued by [`Done::defer`] with the same type parameters.
unsafe extern "C" fn deferred<P, K, H>(work: *mut bindings::work_struct)
where
    H: EndIo<Workable<P>, K>,
{
    let pad = work
        .wrapping_byte_sub(core::mem::offset_of!(Pad<Workable<P>, K>, context))
        .cast::<Pad<Workable<P>, K>>();
    // SAFETY: The work is the first thing in the context, which is in the pad of a bio.
    let bio = unsafe { NonNull::new_unchecked(bio_of(pad)) };
    // INVARIANT: `defer` gave up a `Done` with this bio.
    H::ended(Done(bio, PhantomData));
}
