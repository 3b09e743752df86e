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

impl Layout<'_> {
    /// Closes the leg in the slot `index`, which has failed: no request gets a reference to it any
    /// more, and md leaves it alone as long as there are any.
    ///
    /// Context: any.
    pub fn close_failed(self, index: usize) {
        let Some(leg) = self.peek(index) else {
            return;
        };
        // Before it's closed: what follows may follow at once.
        leg.hold();
        if !self.kill(index) {
            // Whoever has closed it, on trial or because it has failed, sees to it.
            leg.release();
        }
    }
}

impl Leg {
    fn hold(&self) {
        self.rdev().pending_inc();
        if self.held.xchg(true, Full) {
            self.rdev().pending_dec(self.conf().mddev());
        }
    }

    /// md need not leave the leg alone any more.
    ///
    /// Context: any.
    pub(super) fn release(&self) {
        if self.held.xchg(false, Full) {
            self.rdev().pending_dec(self.conf().mddev());
        }
    }
}
