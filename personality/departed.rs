// SPDX-License-Identifier: GPL-2.0

//! Members that left without the array's data.
//!
//! md remembers the slot that a member had when it is removed, and when it comes back takes it for one that lacks only what
//! the bitmap says. That is not so if it left in the middle of its first recovery, or because a replacement has taken over from it:
//! the bitmap has forgotten since then what it lacks. md doesn't tell these cases apart, so the personality has to.

use kernel::{
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

use crate::abstractions::md::{
    LockedMddev,
    Rdev, //
};

/// Those of an array that are still known to md, by [`Rdev::address`].
#[pin_data]
pub struct Departed {
    #[pin]
    list: Mutex<KVec<usize>>,
}

impl Departed {
    /// Nobody.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_mutex!(KVec::new()),
        })
    }

    /// Makes sure that [`Self::note`] has room for all `members`. May sleep.
    pub fn make_room(&self, members: usize) -> Result {
        Ok(self.list.lock().reserve(members, GFP_KERNEL)?)
    }

    /// `rdev` leaves, and what the bitmap will say is not all that it lacks.
    pub fn note(&self, mddev: &LockedMddev, rdev: &Rdev) {
        let mut list = self.list.lock();
        // Whoever md has forgotten does not come back; the address may be another one's by now.
        list.retain(|address| mddev.rdevs().any(|rdev| rdev.address() == *address));
        // There is room: it was made when the member came.
        let _ = list.push_within_capacity(rdev.address());
    }

    /// `rdev` comes: tells whether it left without the data.
    pub fn take(&self, rdev: &Rdev) -> bool {
        let mut list = self.list.lock();
        let before = list.len();
        list.retain(|address| rdev.address() != *address);
        list.len() != before
    }
}
