// SPDX-License-Identifier: GPL-2.0

//! The management thread of an array.
//!
//! C header: `drivers/md/md.h`

use core::cell::UnsafeCell;

use kernel::prelude::*;

use super::{
    access::read_field,
    locked::LockedMddev,
    mddev::MddevHandle,
    personality::Personality,
    vtable::PersonalityVTable, //
};
use crate::bindings;

/// A management thread, which runs [`Personality::daemon`] each time it's woken.
///
/// It's made when the array is set up, while that can still fail; nobody can wake it yet. When the
/// array starts, [`Self::install`] hands it to md core. A thread that was not handed over ends when
/// this is dropped.
///
/// # Invariants
///
/// The pointer is null, or a thread from `md_register_thread` that is ours. It's only changed under
/// the array's `reconfig_mutex`, or by who owns the object.
pub struct Thread {
    mddev: MddevHandle,
    thread: UnsafeCell<*mut bindings::md_thread>,
}

// SAFETY: A thread may be stopped by any other.
unsafe impl Send for Thread {}
// SAFETY: By the type invariant `thread` isn't changed by two tasks at a time.
unsafe impl Sync for Thread {}

impl Thread {
    /// A thread with the name "mdX_NAME", for an array of the personality `T`.
    ///
    /// Context: may sleep. Fails with `ENOMEM`.
    pub fn new<T: Personality>(mddev: &LockedMddev, name: &CStr) -> Result<Self> {
        // SAFETY: The array is alive, and outlives the thread: it's stopped by us, or by md core
        // before it lets the personality go. `name` is a string that C copies.
        let thread = unsafe {
            bindings::md_register_thread(
                Some(PersonalityVTable::<T>::daemon_callback),
                mddev.as_ptr(),
                name.as_char_ptr(),
            )
        };
        if thread.is_null() {
            return Err(ENOMEM);
        }
        // INVARIANT: It's a fresh thread.
        Ok(Self {
            mddev: mddev.handle(),
            thread: UnsafeCell::new(thread),
        })
    }

    /// Hands the thread to md core, which stops it when it stops the array. Does nothing the second
    /// time, or if the array has a thread.
    pub fn install(&self, mddev: &LockedMddev) {
        if !core::ptr::eq(self.mddev.as_ptr(), mddev.as_ptr())
            || !read_field!(mddev, thread).is_null()
        {
            return;
        }
        // SAFETY: We hold the `reconfig_mutex`, so nobody else accesses the cell.
        let thread = unsafe { self.thread.get().replace(core::ptr::null_mut()) };
        if !thread.is_null() {
            // SAFETY: The array is alive, and has no thread; it gets ours.
            unsafe { bindings::raid1rs_md_thread_assign(mddev.as_ptr(), thread) };
        }
    }
}

impl Drop for Thread {
    /// Context: may sleep; `reconfig_mutex` is held, as it is when a personality's data is dropped.
    fn drop(&mut self) {
        // SAFETY: The thread is null, which C doesn't mind, or ours to stop. The array is alive.
        unsafe { bindings::md_unregister_thread(self.mddev.as_ptr(), self.thread.get()) };
    }
}
