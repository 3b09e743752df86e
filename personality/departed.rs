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

/// Those of an array that are still known to md, by [`Rdev::address`]; or [`VACANT`].
#[pin_data]
pub struct Departed {
    #[pin]
    list: Mutex<KVec<usize>>,
}

/// No device has this address.
const VACANT: usize = 0;

impl Departed {
    /// Nobody.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_mutex!(KVec::new()),
        })
    }

    /// Makes sure that [`Self::note`] has room for all `members`. May sleep.
    pub fn make_room(&self, members: usize) -> Result {
        let mut list = self.list.lock();
        let wanted = list.len().saturating_add(members);
        if list.capacity() < wanted {
            let mut larger = KVec::with_capacity(wanted, GFP_KERNEL)?;
            for address in list.iter().filter(|address| **address != VACANT) {
                larger.push_within_capacity(*address)?;
            }
            *list = larger;
        }
        Ok(())
    }

    /// `rdev` leaves, and what the bitmap will say is not all that it lacks.
    pub fn note(&self, mddev: &LockedMddev, rdev: &Rdev) {
        let mut list = self.list.lock();
        for address in list.iter_mut() {
            // Whoever md has forgotten does not come back; the address may be another one's by now.
            if !mddev.rdevs().any(|rdev| rdev.address() == *address) {
                *address = VACANT;
            }
        }
        match list.iter_mut().find(|address| **address == VACANT) {
            Some(vacant) => *vacant = rdev.address(),
            // There is room: it was made when the member came.
            None => drop(list.push_within_capacity(rdev.address())),
        }
    }

    /// `rdev` comes: tells whether it left without the data.
    pub fn take(&self, rdev: &Rdev) -> bool {
        let mut list = self.list.lock();
        let entry = list.iter_mut().find(|address| **address == rdev.address());
        let found = entry.is_some();
        if let Some(entry) = entry {
            *entry = VACANT;
        }
        found
    }
}
