// SPDX-License-Identifier: GPL-2.0

//! How many guests that have something to do run at a time.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of slots, some of them free.
pub struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// One of them, taken until this goes.
pub struct Slot<'a>(&'a Slots);

impl Slots {
    /// So many, all free.
    pub fn new(number: usize) -> Self {
        Self {
            free: Mutex::new(number),
            freed: Condvar::new(),
        }
    }

    /// Waits for a free one. A number is never left half changed, so a panic elsewhere is no matter.
    pub fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
