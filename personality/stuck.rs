// SPDX-License-Identifier: GPL-2.0

//! Legs that have failed while requests are stuck on them, with a device that hangs.
//!
//! md takes failed members out by itself, and suspends the array for that: it lets no request in,
//! and waits until all have ended. A stuck one would stop the healthy legs with it. md leaves a
//! member alone that counts pending requests. Requests here don't count there one by one, as that
//! would be a cache line that all processors write; but a leg that fails gets one count, until the
//! last of its requests has ended.

use kernel::sync::atomic::Full;

use super::{
    layout::Layout,
    leg::Leg, //
};

/// What keeps md from taking out a leg that is about to fail.
pub struct Hold<'a> {
    legs: Layout<'a>,
    index: usize,
    leg: &'a Leg,
}

impl<'a> Layout<'a> {
    /// Has md leave the leg in the slot `index` alone, to be said before it's marked as failed.
    /// [`None`] if there is none, or md does already.
    ///
    /// Context: any; `membership` is held.
    pub fn hold(self, index: usize) -> Option<Hold<'a>> {
        let leg = self.peek(index)?;
        leg.rdev().pending_inc();
        if leg.held.xchg(true, Full) {
            leg.rdev().pending_dec(leg.conf().mddev());
            return None;
        }
        Some(Hold {
            legs: self,
            index,
            leg,
        })
    }
}

impl Hold<'_> {
    /// Closes the leg: no request gets a reference to it any more, and md leaves it alone as long as
    /// there are any.
    ///
    /// Context: any; `membership` is held.
    pub fn close(self) {
        if !self.legs.kill(self.index) {
            // Somebody has closed it on trial, and looks whether it has failed when that is over.
            self.leg.release();
        }
    }
}

impl Leg {
    /// md need not leave the leg alone any more.
    ///
    /// Context: any.
    pub(super) fn release(&self) {
        if self.held.xchg(false, Full) {
            self.rdev().pending_dec(self.conf().mddev());
        }
    }
}
