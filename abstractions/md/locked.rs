// SPDX-License-Identifier: GPL-2.0

//! Arrays whose configuration can't change, because the caller holds `reconfig_mutex`.

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    error::to_result,
    prelude::*,
    types::NotThreadSafe, //
};

use super::{
    access::{
        int,
        write_field, //
    },
    mddev::Mddev,
    rdev::{
        Rdev,
        RdevHandle, //
    },
    Sector, //
};
use crate::bindings;

/// An array, and the proof that this task holds its `reconfig_mutex`.
///
/// md core takes the mutex before some of its callbacks, and they get this type. There is no other
/// way to come by it, and it can't be passed to another task.
///
/// # Invariants
///
/// As long as a reference exists, the task that has it holds the array's `reconfig_mutex`, or
/// nobody else can reach the array.
#[repr(transparent)]
pub struct LockedMddev(Mddev, NotThreadSafe);

impl Deref for LockedMddev {
    type Target = Mddev;

    #[inline]
    fn deref(&self) -> &Mddev {
        &self.0
    }
}

impl LockedMddev {
    /// # Safety
    ///
    /// `mddev` points to an initialised array that stays alive for `'a`, and for that time this
    /// task holds its `reconfig_mutex`.
    #[inline]
    pub(super) unsafe fn from_ptr<'a>(mddev: *mut bindings::mddev) -> &'a Self {
        // SAFETY: By the requirements; the type is a transparent wrapper.
        unsafe { &*mddev.cast() }
    }

    /// The devices of the array: members, spares, failed ones.
    pub fn rdevs(&self) -> impl Iterator<Item = &Rdev> {
        Devices {
            mddev: self,
            // SAFETY: The array is alive, and its list can't change while the mutex is held.
            next: unsafe { (*self.as_ptr()).disks.next },
        }
    }

    /// The same, for taking in: see [`Member`].
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.rdevs().map(Member)
    }

    /// Sets the level that the array changes to.
    pub fn set_new_level(&self, level: i32) {
        write_field!(self, new_level, level);
    }

    /// Sets the layout that the array changes to.
    pub fn set_new_layout(&self, layout: i32) {
        write_field!(self, new_layout, layout);
    }

    /// Sets the size of a chunk that the array changes to.
    pub fn set_new_chunk_sectors(&self, sectors: i32) {
        write_field!(self, new_chunk_sectors, sectors);
    }

    /// Sets how many devices the array has.
    pub fn set_raid_disks(&self, disks: usize) {
        write_field!(self, raid_disks, int(disks));
    }

    /// Sets how many devices a change adds; to 0 when the change is done.
    pub fn set_delta_disks(&self, disks: i32) {
        write_field!(self, delta_disks, disks);
    }

    /// Sets how much of each device is used.
    pub fn set_dev_sectors(&self, sectors: Sector) {
        write_field!(self, dev_sectors, sectors);
    }

    /// Sets the size of the array, unless a user has done so.
    pub fn set_array_sectors(&self, sectors: Sector) {
        // SAFETY: The array is alive and the mutex is held.
        unsafe { bindings::md_set_array_sectors(self.as_ptr(), sectors) };
    }

    /// Clears flags that this personality has no use for, when it takes an array over.
    pub fn clear_unsupported_flags(&self, flags: &[super::MddevFlag]) {
        for flag in flags {
            self.flags().clear(*flag);
        }
    }

    /// Marks the array active, and waits until the superblocks say so. To be called before memory
    /// is allocated with `GFP_KERNEL` under the mutex: that might wait for a write to this very
    /// array.
    ///
    /// Context: may sleep.
    pub fn allow_write(&self) {
        // SAFETY: The array is alive and the mutex is held.
        unsafe { bindings::md_allow_write(self.as_ptr()) };
    }

    /// Sets the array up for data integrity, if all members can do it.
    pub fn integrity_register(&self) -> Result {
        // SAFETY: The array is alive and the mutex is held.
        to_result(unsafe { bindings::md_integrity_register(self.as_ptr()) })
    }

    /// Fits the limits of the array's queue to a device that joins a running array. Fails if they
    /// can't be. Does nothing under dm.
    ///
    /// Context: may sleep.
    pub fn stack_new_rdev(&self, rdev: &Rdev) -> Result {
        // SAFETY: Both are alive and the mutex is held.
        to_result(unsafe { bindings::mddev_stack_new_rdev(self.as_ptr(), rdev.as_ptr()) })
    }

    /// Makes the link "rd0" (or whatever its slot) to the device in the array's folder in sysfs. A
    /// replacement gets none.
    pub fn link_rdev(&self, rdev: &Rdev) -> Result {
        // SAFETY: Both are alive, and the mutex is held, so that the device keeps its slot.
        to_result(unsafe { bindings::raid1rs_rdev_link(self.as_ptr(), rdev.as_ptr()) })
    }

    /// Removes the link that [`Self::link_rdev`] made. The device has to have the same slot as
    /// then.
    pub fn unlink_rdev(&self, rdev: &Rdev) {
        // SAFETY: As in `link_rdev`.
        unsafe { bindings::raid1rs_rdev_unlink(self.as_ptr(), rdev.as_ptr()) };
    }
}

/// Walks through the devices of an array.
struct Devices<'a> {
    mddev: &'a LockedMddev,
    next: *mut bindings::list_head,
}

impl<'a> Iterator for Devices<'a> {
    type Item = &'a Rdev;

    fn next(&mut self) -> Option<&'a Rdev> {
        // SAFETY: The array is alive.
        let head = unsafe { &raw mut (*self.mddev.as_ptr()).disks };
        if self.next == head {
            return None;
        }
        // SAFETY: An entry of the list that is not its head is in a `md_rdev`.
        let rdev = unsafe { kernel::container_of!(self.next, bindings::md_rdev, same_set) };
        // SAFETY: As the mutex is held, no device leaves the list, and those in it are alive.
        unsafe {
            self.next = (*rdev).same_set.next;
            Some(Rdev::from_ptr(rdev))
        }
    }
}

/// A device that a personality may take in as a member.
///
/// Callbacks get it where md hands a device over: when an array is set up, and in
/// [`hot_add`](super::Personality::hot_add).
pub struct Member<'a>(&'a Rdev);

impl<'a> Member<'a> {
    /// # Safety
    ///
    /// md core is handing the device over: it won't free it before the personality lets it go.
    #[inline]
    pub(super) unsafe fn new(rdev: &'a Rdev) -> Self {
        Self(rdev)
    }

    /// A reference for keeping, which stands for the personality's claim on the device.
    ///
    /// It may be kept until [`hot_remove`](super::Personality::hot_remove) succeeds for the device,
    /// or [`free`](super::Personality::free) returns: before either, all copies have to be gone,
    /// and all I/O that uses them has to have ended. If the callback that got the `Member` fails,
    /// they have to be gone before it returns.
    #[inline]
    pub fn handle(&self) -> RdevHandle {
        // SAFETY: md doesn't free the device before the time that is said above.
        unsafe { RdevHandle::new(NonNull::from(self.0)) }
    }
}

impl Deref for Member<'_> {
    type Target = Rdev;

    #[inline]
    fn deref(&self) -> &Rdev {
        self.0
    }
}
