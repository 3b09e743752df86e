// SPDX-License-Identifier: GPL-2.0

//! Members that left, and what a bitmap can say about them when they come back.
//!
//! md remembers the slot that a member had when it is removed, and when it comes back takes it for
//! one that lacks only what the bitmap says. That is not so
//!
//! - if it left in the middle of its first recovery, or because a replacement has taken over from
//!   it: the bitmap has forgotten since then what it lacks;
//! - if there was no bitmap when it left, or another one. md asks that of members that are added,
//!   but not of those that it has kept and that a user re-adds;
//! - if another member took its place meanwhile, and got all of the data: what that sync copied,
//!   the bitmap has forgotten, even if the sync was cut short;
//! - if the array was shrunk meanwhile, and got along without it: the bitmap forgot what it lacks
//!   as soon as the others had it;
//! - if the array was started after a crash with one leg alone: there is nothing to resync then, so
//!   md forgets what was being written. One that was there until the crash may lack that.
//!
//! md doesn't tell these cases apart, so the personality has to.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex, //
    },
};

use super::superblocks;
use crate::abstractions::md::{
    LockedMddev,
    Rdev, //
};

/// How a member left.
#[derive(Clone, Copy)]
pub enum Departure {
    /// Without some of the array's data, or nobody noted what it would miss.
    Incomplete,
    /// With all that the bitmap didn't say it lacks.
    Noted {
        /// Which bitmap that was, see
        /// [`Bitmap::identity`](crate::abstractions::md::Bitmap::identity).
        bitmap: usize,
        /// The array's event count, by the member's superblock; [`None`] if md doesn't write one.
        events: Option<u64>,
    },
}

/// What the bitmap that there is now can tell.
#[derive(Clone, Copy)]
pub struct Notes {
    /// Which bitmap it is.
    pub bitmap: usize,
    /// It was made, or all other members had what was written, when the array's event count was
    /// this.
    pub cleared: u64,
}

/// A member that has left, and that md still knew when another one left.
#[derive(Clone, Copy)]
struct Entry {
    /// By [`Rdev::address`], or [`VACANT`].
    address: usize,
    /// The device's number. When md has forgotten a member its address may become another one's.
    device: u32,
    how: Departure,
}

impl Entry {
    fn is_of(&self, rdev: &Rdev) -> bool {
        self.address == rdev.address() && self.device == rdev.block_device().number()
    }
}

/// An array's members that have left.
#[pin_data]
pub struct Departed {
    #[pin]
    list: Mutex<KVec<Entry>>,
    /// The array's event count when the bitmap last forgot what a member that is away may lack.
    forgotten: Atomic<u64>,
    /// The array's event count at the crash after which it was started with one leg alone.
    crash: Atomic<u64>,
}

/// No crash.
const NEVER: u64 = u64::MAX;

/// No device has this address.
const VACANT: usize = 0;

impl Departed {
    /// Nobody.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_mutex!(KVec::new()),
            forgotten: Atomic::new(0),
            crash: Atomic::new(NEVER),
        })
    }

    /// Makes sure that [`Self::note`] has room for all `members`. May sleep.
    pub fn make_room(&self, members: usize) -> Result {
        let mut list = self.list.lock();
        let wanted = list.len().saturating_add(members);
        if list.capacity() < wanted {
            let mut larger = KVec::with_capacity(wanted, GFP_KERNEL)?;
            for entry in list.iter().filter(|entry| entry.address != VACANT) {
                larger.push_within_capacity(*entry)?;
            }
            *list = larger;
        }
        Ok(())
    }

    /// `rdev` leaves.
    ///
    /// Context: under `reconfig_mutex`; may sleep.
    pub fn note(&self, mddev: &LockedMddev, rdev: &Rdev, how: Departure) {
        let mut list = self.list.lock();
        for entry in list.iter_mut() {
            // Whoever md has forgotten does not come back.
            let known = mddev.rdevs().any(|rdev| entry.is_of(rdev));
            if !known || entry.is_of(rdev) {
                entry.address = VACANT;
            }
        }
        let entry = Entry {
            address: rdev.address(),
            device: rdev.block_device().number(),
            how,
        };
        match list.iter_mut().find(|entry| entry.address == VACANT) {
            Some(vacant) => *vacant = entry,
            // There is room: it was made when the member came.
            None => drop(list.push_within_capacity(entry)),
        }
    }

    /// None of those who are away can rely on the bitmap any more, now that the array's event count
    /// is `events`: what a sync copies to a new member it will not say of others, and what is
    /// written when that one has all it does not note.
    ///
    /// Context: may sleep.
    pub fn distrust_all(&self, events: u64) {
        // Where md writes no superblocks the count is always 0, which would mean never.
        self.forgotten.store(events.max(1), Relaxed);
        for entry in self.list.lock().iter_mut() {
            entry.how = Departure::Incomplete;
        }
    }

    /// The array starts after a crash, with one leg alone; its event count is still that of then.
    ///
    /// If the bitmap was cleared at that count, all legs were there at the crash. If it was cleared
    /// before, md keeps what it says.
    pub fn note_crash(&self, events: u64) {
        self.crash.store(events, Relaxed);
    }

    /// `rdev` comes: whether the bitmap covers all that it lacks.
    ///
    /// Context: under `reconfig_mutex`; may sleep.
    pub fn bitmap_covers(&self, mddev: &LockedMddev, rdev: &Rdev, notes: Notes) -> bool {
        let list = self.list.lock();
        let entry = list.iter().find(|entry| entry.is_of(rdev));
        match entry.map(|entry| entry.how) {
            Some(Departure::Incomplete) => false,
            Some(Departure::Noted { bitmap, events }) => {
                bitmap == notes.bitmap && events.is_none_or(|events| notes.cleared <= events)
            }
            // md has compared its superblock with `cleared`, when it was added. What it says now is
            // what md has written to it since. Under dm it has not been in the array: its metadata
            // could not be read when that started, and can be now.
            None => {
                self.forgotten.load(Relaxed) <= notes.cleared
                    && self.crash.load(Relaxed) != notes.cleared
                    && superblocks::was_in_sync(mddev, rdev)
            }
        }
    }
}
