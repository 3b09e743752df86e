// SPDX-License-Identifier: GPL-2.0

//! Sharing a value between CPUs without a shared counter.
//!
//! A [`PercpuBox`] owns a value that many contexts use at once, each by a [`PercpuRef`]. Taking and
//! giving back a reference write only memory of the local CPU, as long as the box is *open*.
//! [`PercpuBox::kill`] closes it: no new references are given out, and once those that are out have
//! come back the box is *drained*. A drained box can be opened again, or dropped.
//!
//! This is what a request is counted with, and a member device that requests use: the healthy path
//! touches no cache line that another CPU writes, and yet a freeze or a removal can wait for the
//! last user.
//!
//! C header: [`include/linux/percpu-refcount.h`](srctree/include/linux/percpu-refcount.h)

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Release, //
        },
        rcu, //
    },
    types::Opaque, //
};

use super::wait::WaitQueue;
use crate::bindings;

/// What a shared value does when its last reference is given back after [`PercpuBox::kill`].
pub trait Drained {
    /// Called by whoever gave back the last reference.
    ///
    /// Context: any, hard interrupts included; an RCU read-side critical section.
    fn drained(&self);
}

/// The counter and the value, at an address that doesn't change.
#[pin_data(PinnedDrop)]
pub(super) struct Shared<T: Drained> {
    #[pin]
    counter: Opaque<bindings::percpu_ref>,
    /// Woken when the counter reaches zero.
    #[pin]
    drained: WaitQueue,
    /// [`OPEN`], [`CHANGING`] or [`CLOSED`].
    state: Atomic<i32>,
    #[pin]
    value: T,
}

/// References are given out.
const OPEN: i32 = 0;
/// Someone is inside `kill` or `resurrect`.
const CHANGING: i32 = 1;
/// No references are given out.
const CLOSED: i32 = 2;

impl<T: Drained> Shared<T> {
    fn new(value: impl PinInit<T, Error>) -> impl PinInit<Self, Error> {
        // The value first and the counter last: what may fail comes before what would not be
        // undone.
        try_pin_init!(Self {
            value <- value,
            counter <- Opaque::try_ffi_init(|counter| {
                // SAFETY: `counter` is valid for writes, and pinned as part of `Self`.
                // `on_zero` is correct for a counter that is a field of `Shared<T>`.
                let err = unsafe {
                    bindings::percpu_ref_init(
                        counter,
                        Some(Self::on_zero),
                        bindings::PERCPU_REF_ALLOW_REINIT,
                        bindings::GFP_KERNEL,
                    )
                };
                kernel::error::to_result(err)
            }),
            drained <- WaitQueue::new(),
            state: Atomic::new(OPEN),
        }? Error)
    }

    /// The counter's release function.
    ///
    /// # Safety
    ///
    /// `counter` is the `counter` of a live `Shared<T>`, and its count has just become zero.
    unsafe extern "C" fn on_zero(counter: *mut bindings::percpu_ref) {
        let counter: *const Opaque<bindings::percpu_ref> = counter.cast();
        // SAFETY: By the requirements of this function `counter` is a field of a `Shared<T>`. That
        // is still alive: it's freed only after an RCU grace period that began when the count was
        // zero (see `PercpuBox::drop`), and percpu_ref calls its release function inside an RCU
        // read-side critical section.
        let shared = unsafe { &*kernel::container_of!(counter, Self, counter) };
        shared.value.drained();
        shared.drained.wake_all();
    }
}

#[pinned_drop]
impl<T: Drained> PinnedDrop for Shared<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` initialised the counter, and nobody uses it any more: a `Shared` is dropped
        // only by `PercpuBox`, when the count is zero and an RCU grace period has passed.
        unsafe { bindings::percpu_ref_exit(self.counter.get()) };
    }
}

/// The owner of a value that is shared by [`PercpuRef`]s.
///
/// # Invariants
///
/// The pointer comes from a pinned `KBox<Shared<T>>` that this object owns. The counter is killed
/// only when it's live, and resurrected only when it's dead: the initial count is given back just
/// once.
pub struct PercpuBox<T: Drained>(NonNull<Shared<T>>);

// SAFETY: A `PercpuBox` is an owner of a `T` that gives out `&T` to any context; so `T` has to be
// both `Send` and `Sync`, as for an `Arc`.
unsafe impl<T: Drained + Send + Sync> Send for PercpuBox<T> {}
// SAFETY: As above.
unsafe impl<T: Drained + Send + Sync> Sync for PercpuBox<T> {}

impl<T: Drained> PercpuBox<T> {
    /// Makes an open box.
    ///
    /// Context: may sleep.
    pub fn new(value: impl PinInit<T, Error>) -> Result<Self> {
        let shared = KBox::pin_init(Shared::new(value), GFP_KERNEL)?;
        // SAFETY: The value stays pinned: it's only used through the pointer, and never moved.
        let shared = KBox::into_raw(unsafe { Pin::into_inner_unchecked(shared) });
        // INVARIANT: A fresh counter is open, and the box is ours.
        Ok(Self(NonNull::from(
            // SAFETY: `KBox::into_raw` gives a valid pointer.
            unsafe { &mut *shared },
        )))
    }

    #[inline]
    fn shared(&self) -> &Shared<T> {
        // SAFETY: By the type invariant the pointer is valid as long as `self`.
        unsafe { self.0.as_ref() }
    }

    /// Gives the box away as a pointer.
    pub(super) fn into_raw(self) -> *mut Shared<T> {
        core::mem::ManuallyDrop::new(self).0.as_ptr()
    }

    /// Takes a box back.
    ///
    /// # Safety
    ///
    /// `shared` comes from [`Self::into_raw`], and is taken back only once.
    pub(super) unsafe fn from_raw(shared: NonNull<Shared<T>>) -> Self {
        // INVARIANT: By the requirements of this function the invariants are those of the box that
        // was given to `into_raw`.
        Self(shared)
    }

    /// Takes a reference, or `None` if the box is closed.
    ///
    /// Context: any.
    #[inline]
    pub fn try_ref(&self) -> Option<PercpuRef<T>> {
        // SAFETY: The box is borrowed, so it isn't dropped during the call.
        unsafe { PercpuRef::try_get(self.0) }
    }

    /// Closes the box, and tells whether it was this call that did so. If it wasn't, the box may be
    /// closed, or about to be opened by a [`Self::resurrect`] under way, which this doesn't stop.
    ///
    /// It doesn't wait for the references that are out.
    ///
    /// Context: any.
    pub fn kill(&self) -> bool {
        self.shared().kill()
    }

    /// Whether the box is closed.
    pub fn is_closed(&self) -> bool {
        self.shared().is_closed()
    }

    /// Whether the box is closed and every reference has come back.
    pub fn is_drained(&self) -> bool {
        // SAFETY: The counter is initialised and lives as long as `self`.
        unsafe { bindings::percpu_ref_is_zero(self.shared().counter.get()) }
    }

    /// The queue on which waiting for [`Self::is_drained`] is done; it's woken when the last
    /// reference comes back.
    pub fn drained_queue(&self) -> &WaitQueue {
        &self.shared().drained
    }

    /// Waits until the box is drained.
    ///
    /// Context: may sleep. The box must be closed.
    pub fn wait_drained(&self) {
        self.shared().drained.wait_until(|| self.is_drained());
    }

    /// Waits until the box is drained, at most for `milliseconds`; tells whether it is.
    ///
    /// Context: may sleep. The box must be closed.
    pub fn wait_drained_for(&self, milliseconds: u32) -> bool {
        self.shared()
            .drained
            .wait_until_for(milliseconds, || self.is_drained())
    }

    /// Opens a closed box, drained or not, and tells whether it was this call that did so.
    ///
    /// What the caller wrote before this call is seen by whoever takes a reference afterwards and
    /// then executes a read barrier.
    ///
    /// Context: may sleep.
    pub fn resurrect(&self) -> bool {
        let shared = self.shared();
        if shared.state.cmpxchg(CLOSED, CHANGING, Full).is_err() {
            return false;
        }
        // SAFETY: The counter is initialised and lives as long as `self`. It's dead: only `kill`
        // sets `CLOSED`, after it has killed the counter, and we have taken that away.
        unsafe { bindings::percpu_ref_resurrect(shared.counter.get()) };
        shared.state.store(OPEN, Release);
        true
    }
}

impl<T: Drained> Shared<T> {
    pub(super) fn value(&self) -> &T {
        &self.value
    }

    /// See [`PercpuBox::kill`].
    pub(super) fn kill(&self) -> bool {
        if self.state.cmpxchg(OPEN, CHANGING, Full).is_err() {
            return false;
        }
        // SAFETY: The counter is initialised and lives as long as `self`. It's live: it is at
        // first, and after `resurrect`, which are the two that set `OPEN`; and we have taken that
        // away. A live counter isn't about to switch its mode (`percpu_ref_resurrect` waits until
        // it has, before `resurrect` stores `OPEN`), so this doesn't sleep.
        unsafe { bindings::percpu_ref_kill_and_confirm(self.counter.get(), None) };
        self.state.store(CLOSED, Release);
        true
    }

    fn is_closed(&self) -> bool {
        self.state.load(Acquire) == CLOSED
    }
}

impl<T: Drained> Deref for PercpuBox<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.shared().value
    }
}

impl<T: Drained> Drop for PercpuBox<T> {
    /// Closes the box if it's open, and waits for the last reference. May sleep.
    fn drop(&mut self) {
        // If it's closed already, so much the better. Nobody is inside `kill` or `resurrect`: they
        // borrow the box.
        self.kill();
        self.wait_drained();
        // The one who gave back the last reference may still be inside `on_zero`.
        rcu::synchronize_rcu();
        // SAFETY: By the type invariant the pointer came out of a pinned `KBox`, which we own.
        // Nobody refers to it any more: the count is zero, and `on_zero` has returned.
        drop(unsafe { Pin::new_unchecked(KBox::from_raw(self.0.as_ptr())) });
    }
}

/// A reference to the value of a [`PercpuBox`], which stays alive as long as the reference.
///
/// # Invariants
///
/// The pointer is that of a `PercpuBox<T>`, and this object holds one count of it.
pub struct PercpuRef<T: Drained>(NonNull<Shared<T>>);

// SAFETY: As for `PercpuBox`.
unsafe impl<T: Drained + Send + Sync> Send for PercpuRef<T> {}
// SAFETY: As above.
unsafe impl<T: Drained + Send + Sync> Sync for PercpuRef<T> {}

impl<T: Drained> PercpuRef<T> {
    /// Takes a reference, unless the box is closed.
    ///
    /// # Safety
    ///
    /// `shared` is that of a box which isn't dropped during the call.
    #[inline]
    pub(super) unsafe fn try_get(shared: NonNull<Shared<T>>) -> Option<Self> {
        // SAFETY: By the requirements `shared` is alive, so its counter is initialised.
        if unsafe { bindings::raid1rs_percpu_ref_tryget_live(shared.as_ref().counter.get()) } {
            // INVARIANT: We have just got one count.
            Some(Self(shared))
        } else {
            None
        }
    }
}

impl<T: Drained> Clone for PercpuRef<T> {
    /// One more reference. This works on a closed box, too: it isn't drained as long as we are
    /// here.
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: We hold a count, so the counter is alive.
        unsafe { bindings::raid1rs_percpu_ref_get(self.0.as_ref().counter.get()) };
        // INVARIANT: We have just got one count.
        Self(self.0)
    }
}

impl<T: Drained> Deref for PercpuRef<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: We hold a count, and `PercpuBox` frees the value only when there is none.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T: Drained> Drop for PercpuRef<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: We hold a count and give it back. Nothing of `self` is used afterwards.
        unsafe { bindings::raid1rs_percpu_ref_put(self.0.as_ref().counter.get()) };
    }
}
