// SPDX-License-Identifier: GPL-2.0

//! Going on in process context with what ended in an interrupt.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::ptr::NonNull;

use kernel::{
    prelude::*,
    types::Opaque, //
};

use super::{
    keeper::Keeper,
    pool::PoolRef, //
};
use crate::bindings;

/// Threads of the kernel's, on all CPUs, that run work one after the other.
pub struct WorkQueue(pub(super) NonNull<bindings::workqueue_struct>);

// SAFETY: A workqueue may be used from any context.
unsafe impl Send for WorkQueue {}
// SAFETY: As above.
unsafe impl Sync for WorkQueue {}

impl WorkQueue {
    /// A new queue for work that nobody waits for to get memory: if there is none for a thread, it
    /// runs later. May sleep.
    pub fn new(name: &'static CStr) -> Result<Self> {
        Self::with_flags(name, 0)
    }

    /// A new queue with a thread of its own, `name` in `ps`, that is there even when memory is
    /// short. May sleep.
    pub fn for_progress(name: &'static CStr) -> Result<Self> {
        Self::with_flags(name, bindings::wq_flags_WQ_MEM_RECLAIM)
    }

    fn with_flags(name: &'static CStr, flags: bindings::wq_flags) -> Result<Self> {
        // SAFETY: `name` is a string that C copies.
        let queue = unsafe { bindings::raid1rs_alloc_unbound_workqueue(name.as_char_ptr(), flags) };
        Ok(Self(NonNull::new(queue).ok_or(ENOMEM)?))
    }
}

impl Drop for WorkQueue {
    /// Waits for the work that is queued. May sleep.
    fn drop(&mut self) {
        // SAFETY: We own the queue.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}

/// Something from a pool that can be queued on a [`WorkQueue`], by the one who has the only right
/// to do so at a time.
#[repr(C)]
pub struct Workable<T> {
    work: Opaque<bindings::work_struct>,
    value: T,
}

// SAFETY: The work_struct is only touched by `queue`, and by C while it's queued.
unsafe impl<T: Sync> Sync for Workable<T> {}
// SAFETY: As above; it isn't queued while it's moved, since queueing holds a reference.
unsafe impl<T: Send> Send for Workable<T> {}

impl<T> Workable<T> {
    /// Makes `value` workable.
    pub fn new(value: T) -> Self {
        Self {
            work: Opaque::uninit(),
            value,
        }
    }

    /// The value again.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Has `run` called with the address of `this`, which is that of its work.
    ///
    /// Context: any.
    ///
    /// # Safety
    ///
    /// `this` is valid, stays where it is until `run` is called, and isn't queued. `queue` is that
    /// of a [`WorkQueue`] that isn't dropped before `run` is called.
    pub(super) unsafe fn queue_raw(
        this: *const Self,
        queue: NonNull<bindings::workqueue_struct>,
        run: unsafe extern "C" fn(*mut bindings::work_struct),
    ) {
        // The work is the first field.
        let work = this.cast_mut().cast::<bindings::work_struct>();
        // SAFETY: By the requirements: as it isn't queued it may be initialised. The work can run,
        // and the queue go, before `queue_work()` has returned; but that uses the queue only under
        // a lock that `destroy_workqueue()` takes as well, to see whether there is any work, and
        // the memory is freed after an RCU grace period.
        unsafe {
            bindings::raid1rs_init_work(work, Some(run));
            bindings::raid1rs_queue_work(queue.as_ptr(), work);
        }
    }
}

impl<T> core::ops::Deref for Workable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What is done with a `PoolRef<Workable<Self>, K>` that was queued.
pub trait Work<K>: Sized {
    /// Runs in process context, and may sleep.
    fn run(this: PoolRef<Workable<Self>, K>);
}

/// The only permission to queue something: there is one at a time, and [`queue`] consumes it.
///
/// # Invariants
///
/// No other permission for the same object exists, and it's not queued.
pub struct Permit<T, K>(PoolRef<Workable<T>, K>);

impl<T: Work<K> + Send + Sync + 'static, K: Keeper + Send + Sync + 'static> Permit<T, K> {
    /// Gives a reference back, and turns the last one into a permit.
    ///
    /// Context: any.
    pub fn from_last(reference: PoolRef<Workable<T>, K>) -> Option<Self> {
        // INVARIANT: Nobody else has a reference, hence none a permit, nor is it queued: a permit
        // and the queue have a reference each.
        PoolRef::last(reference).map(|only| Self(only.share()))
    }

    /// Has [`Work::run`] called with the object on the queue that `queue` finds by way of it.
    ///
    /// Context: any.
    pub fn queue(self, queue: impl for<'a> FnOnce(&'a PoolRef<Workable<T>, K>) -> &'a WorkQueue) {
        let queue = queue(&self.0).0;
        // The queue has our reference.
        let object = PoolRef::into_raw(self.0);
        // SAFETY: By the type invariant the work isn't queued. It stays where it is until `run` has
        // got the reference. `run` fits the type parameters. The object keeps the queue until it
        // runs.
        unsafe { Workable::queue_raw(object, queue, run::<T, K>) };
    }
}

/// # Safety
///
/// `work` was queued by [`Permit::queue`] with the same type parameters.
unsafe extern "C" fn run<T: Work<K>, K: Keeper>(work: *mut bindings::work_struct) {
    // SAFETY: `queue` gave up a reference to the `Workable<T>` that starts with `work`.
    let this = unsafe { PoolRef::from_value(work.cast::<Workable<T>>()) };
    T::run(this);
}
