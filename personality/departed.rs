// SPDX-License-Identifier: GPL-2.0

//! Members that left, and what a bitmap can say about them when they come back.
//!
//! md remembers the slot that a member had when it is removed, and when it comes back takes it for one that lacks only what
//! the bitmap says. That is not so
//!
//! - if it left in the middle of its first recovery, or because a replacement has taken over from it: the bitmap has forgotten
//!   since then what it lacks;
//! - if there was no bitmap when it left, or another one. md asks that of members that are added, but not of those that it has kept
//!   and that a user re-adds.
//!
//! md doesn't tell these cases apart, so the personality has to.

use kernel::{
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

use crate::abstractions::md::{
    LockedMddev,
    Rdev, //
};

/// How a member left.
#[derive(Clone, Copy)]
pub enum Departure {
    /// Without some of the array's data, or nobody noted what it would miss.
    Incomplete,
    /// With all that the bitmap didn't say it lacks, when the array's event count was this.
    AsOf(u64),
    /// As before; nobody counts the array's events.
    Unknown,
}

impl Departure {
    /// Whether a bitmap tells all that the member lacks. It does not know of anything before the event count `cleared`,
    /// when it was made or all other members had what was written.
    pub fn is_told_by(self, cleared: Option<u64>) -> bool {
        match (self, cleared) {
            (Self::Incomplete, _) => false,
            (Self::AsOf(left), Some(cleared)) => cleared <= left,
            // Without a bitmap it gets everything in any case.
            (Self::AsOf(_), None) | (Self::Unknown, _) => true,
        }
    }
}

/// Those of an array that are still known to md, by [`Rdev::address`]; or [`VACANT`].
#[pin_data]
pub struct Departed {
    #[pin]
    list: Mutex<KVec<(usize, Departure)>>,
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
            for entry in list.iter().filter(|(address, _)| *address != VACANT) {
                larger.push_within_capacity(*entry)?;
            }
            *list = larger;
        }
        Ok(())
    }

    /// `rdev` leaves.
    pub fn note(&self, mddev: &LockedMddev, rdev: &Rdev, how: Departure) {
        let mut list = self.list.lock();
        for (address, _) in list.iter_mut() {
            // Whoever md has forgotten does not come back; the address may be another one's by now.
            if !mddev.rdevs().any(|rdev| rdev.address() == *address) {
                *address = VACANT;
            }
        }
        let entry = (rdev.address(), how);
        match list.iter_mut().find(|(address, _)| *address == VACANT) {
            Some(vacant) => *vacant = entry,
            // There is room: it was made when the member came.
            None => drop(list.push_within_capacity(entry)),
        }
    }

    /// `rdev` comes: tells how it left, if it did.
    pub fn take(&self, rdev: &Rdev) -> Option<Departure> {
        let mut list = self.list.lock();
        let entry = list
            .iter_mut()
            .find(|(address, _)| *address == rdev.address())?;
        entry.0 = VACANT;
        Some(entry.1)
    }
}
