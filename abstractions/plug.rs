// SPDX-License-Identifier: GPL-2.0

//! Plugging: gathering what a task submits until it's done, or goes to sleep.
//!
//! C header: [`include/linux/blkdev.h`](srctree/include/linux/blkdev.h)

use core::mem::MaybeUninit;

use kernel::{
    ffi,
    prelude::*, //
};

use super::{
    bio_list::BioList,
    bio_set::Prepared, //
};
use crate::bindings;

/// What is done with clones that were gathered.
pub trait Unplug<P, K>: 'static {
    /// After how many clones gathering has to stop.
    const LIMIT: u32;

    /// The task is done (`sleeping` is false, and this may sleep), or goes to sleep (`sleeping` is
    /// true, and it may not; its interrupts are on).
    fn unplug(gathered: BioList<P, K, Prepared<P, K>>, sleeping: bool);
}

/// What C keeps on the list of the task's plug.
#[repr(C)]
struct Gathering<P, K> {
    /// First, because `blk_check_plugged` allocates and finds the whole by it.
    callback: bindings::blk_plug_cb,
    /// C has allocated it with zeroes; initialised iff `count` isn't 0.
    clones: MaybeUninit<BioList<P, K, Prepared<P, K>>>,
    count: u32,
}

/// Keeps `clone` until the current task is done with what it's submitting. Hands it back if the
/// task has no plug.
///
/// `key` tells one gathering from another: clones with the same `U` and `key` are gathered
/// together.
///
/// Context: process; may sleep if [`Unplug::LIMIT`] is reached.
pub fn gather<P, K, U: Unplug<P, K>>(
    key: *const (),
    clone: Prepared<P, K>,
) -> Result<(), Prepared<P, K>> {
    // SAFETY: `unplug` fits what it's called with: C calls it with the `Gathering` that it
    // allocates here. `key` is only compared.
    let callback = unsafe {
        bindings::blk_check_plugged(
            Some(unplug::<P, K, U>),
            key.cast_mut().cast(),
            size_of::<Gathering<P, K>>() as ffi::c_int,
        )
    };
    if callback.is_null() {
        return Err(clone);
    }
    let gathering: *mut Gathering<P, K> = callback.cast();
    // SAFETY: C gave us a zeroed `Gathering`, or one that an earlier call filled; the function
    // pointer in it is that of the same type parameters. It's this task's alone.
    let full = unsafe {
        if (*gathering).count == 0 {
            (*gathering).clones.write(BioList::new());
        }
        (*gathering).clones.assume_init_mut().push(clone);
        // The limit is reached long before the highest number.
        (*gathering).count = (*gathering).count.saturating_add(1);
        (*gathering).count >= U::LIMIT
    };
    if full {
        // SAFETY: The callback is on the list of this task's plug. Once off it's ours, as if C had
        // taken it off to call it.
        unsafe {
            bindings::raid1rs_unlink_plug_callback(callback);
            unplug::<P, K, U>(callback, false);
        }
    }
    Ok(())
}

/// # Safety
///
/// `callback` is the start of a `Gathering<P, K>` with something in it, off any list, and is given
/// up by the caller.
unsafe extern "C" fn unplug<P, K, U: Unplug<P, K>>(
    callback: *mut bindings::blk_plug_cb,
    sleeping: bool,
) {
    let gathering: *mut Gathering<P, K> = callback.cast();
    // SAFETY: By the requirements; `gather` leaves no empty one. The list is read out once, and the
    // memory is C's kmalloc.
    let clones = unsafe {
        let clones = (*gathering).clones.assume_init_read();
        bindings::kfree(gathering.cast());
        clones
    };
    U::unplug(clones, sleeping);
}
