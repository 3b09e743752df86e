// SPDX-License-Identifier: GPL-2.0

//! What a request holds of its array while it is under way.
//!
//! # When a write may start
//!
//! An array that has seen no write for a while is *clean*: its superblocks say that the members
//! agree, so that no resync is needed after a crash. Before the first write they must say
//! otherwise, and stay so as long as writes are under way. md core keeps:
//!
//! - `writes_pending`, a percpu reference count of writes under way;
//! - `in_sync`: the array is clean, or is becoming so;
//! - `sync_checkers`: how many tasks are about to set `in_sync` if there are no writes. While there
//!   are any, `writes_pending` is in its slow, exact mode;
//! - the flag `SbFlag::ChangePending`: superblocks are due that writes have to wait for.
//!
//! Who wants the array clean (`set_in_sync()`) adds to `sync_checkers`, makes `writes_pending`
//! exact, and if it then reads zero sets `in_sync`; a full barrier; then takes itself off
//! `sync_checkers`. The writer first counts itself in `writes_pending`; a full barrier; then reads
//! `in_sync` and `sync_checkers`. By the barriers one of them sees the other: if the checker has
//! missed the writer's count, the writer's reads come after the checker's announcement, and find
//! `sync_checkers` or `in_sync` set. So **a writer that has counted itself and then finds
//! `sync_checkers` zero, and after that `in_sync`**, knows that `in_sync` stays zero as long as
//! it's counted. (`md_write_start()` reads them the other way round, and can miss a checker that is
//! through in between; so its caller has to ask [`WriteToken::is_current`] when nobody can come
//! between any more.) The RCU critical section around the writer's steps is md core's: switching
//! `writes_pending` between its modes waits for such sections.
//!
//! `in_sync` being zero isn't enough: the superblocks must have been written since. The writer that
//! finds the array clean clears `in_sync` and sets `ChangePending`, both under `mddev->lock`, in
//! this order; `md_write_start()` in C reads both without the lock, and one that comes between the
//! two stores starts to write too early. Here the lock is looked at between the two: having seen
//! `in_sync` zero, and then the lock free, it sees `ChangePending` set if it was set along with
//! clearing `in_sync`. If the lock is taken, whoever has it, we say that we would have to wait.

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    prelude::*,
    sync::{
        barrier::{
            smp_mb,
            Full,
            Read, //
        },
        rcu, //
    },
};

use super::{
    access::{
        read_field,
        write_field, //
    },
    flags::MddevFlag,
    mddev::Mddev, //
};
use crate::{
    abstractions::bio::Bio,
    bindings, //
};

/// A reference to an array's `active_io`: md can't suspend the array before it's dropped.
///
/// md holds such a reference itself during [`make_request`](super::Personality::make_request); a
/// request that goes on for longer takes one of its own. Whoever suspends an array, in order to add
/// and remove devices, or to change its bitmap or level, waits until there is none.
///
/// This alone does not keep the array from being *stopped*: see the [module](super).
///
/// # Invariants
///
/// The array is alive, and this object holds one count of its `active_io`.
pub struct ActiveIo(NonNull<Mddev>);

// SAFETY: A percpu reference may be given back from any context, and `Mddev` is `Send` and `Sync`.
unsafe impl Send for ActiveIo {}
// SAFETY: As above.
unsafe impl Sync for ActiveIo {}

impl Deref for ActiveIo {
    type Target = Mddev;

    #[inline]
    fn deref(&self) -> &Mddev {
        // SAFETY: By the type invariant.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for ActiveIo {
    /// One more reference. Works also while somebody waits for them to go.
    #[inline]
    fn clone(&self) -> Self {
        self.active_get()
    }
}

impl Drop for ActiveIo {
    /// Context: any.
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant we have a count to give back.
        unsafe { bindings::raid1rs_md_active_put(self.0.as_ref().as_ptr()) };
    }
}

/// The right to write to an array: its superblocks say that writes are under way, and will say so
/// until the token is dropped.
///
/// # Invariants
///
/// The array is alive, and this object holds one count of its `writes_pending`.
pub struct WriteToken(NonNull<Mddev>);

// SAFETY: A percpu reference may be given back from any context.
unsafe impl Send for WriteToken {}
// SAFETY: There is nothing to be done with a shared reference but to read fields of the array.
unsafe impl Sync for WriteToken {}

impl WriteToken {
    /// Whether the superblocks still say that the array is in use.
    ///
    /// They do, with two exceptions. In a stop and in a reboot md core calls
    /// [`quiesce`](super::Personality::quiesce), on and off, and marks the array clean without
    /// looking at `writes_pending`. And a token of [`Mddev::write_start`] may have been given out
    /// while the array was being marked clean: see the [module](self). A writer that had its token
    /// by then, but was not yet visible to `quiesce`, has to ask, and start again with a new token
    /// if the answer is no.
    #[inline]
    pub fn is_current(&self) -> bool {
        // SAFETY: By the type invariant.
        let mddev = unsafe { self.0.as_ref() };
        read_field!(mddev, in_sync) == 0 && !mddev.must_wait_for_superblock()
    }
}

impl Clone for WriteToken {
    /// A second token, for a part of the same write that may take longer.
    ///
    /// Context: any.
    fn clone(&self) -> Self {
        // SAFETY: By the type invariant the array is alive; while we have a count it isn't marked
        // clean, whoever else gets one.
        unsafe { bindings::raid1rs_md_writes_get(self.0.as_ref().as_ptr()) };
        // INVARIANT: We have just got one count.
        Self(self.0)
    }
}

impl Drop for WriteToken {
    /// Context: any.
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant we have a count to give back.
        unsafe { bindings::md_write_end(self.0.as_ref().as_ptr()) };
    }
}

impl Mddev {
    /// Takes a reference to `active_io`.
    ///
    /// To be called only where there is one: in [`make_request`](super::Personality::make_request),
    /// or by who has an [`ActiveIo`]. Others use [`Self::try_active_get`].
    ///
    /// Context: any.
    #[inline]
    pub fn active_get(&self) -> ActiveIo {
        // SAFETY: The array is alive, and the count isn't zero: somebody has a reference.
        unsafe { bindings::raid1rs_md_active_get(self.as_ptr()) };
        // INVARIANT: We have just got one count.
        ActiveIo(NonNull::from(self))
    }

    /// Takes a reference to `active_io`, unless the array is suspended or about to be.
    ///
    /// Context: any.
    pub fn try_active_get(&self) -> Option<ActiveIo> {
        // SAFETY: The array is alive.
        if unsafe { bindings::raid1rs_md_active_tryget(self.as_ptr()) } {
            // INVARIANT: We have just got one count.
            Some(ActiveIo(NonNull::from(self)))
        } else {
            None
        }
    }

    /// Gets the right to write, and waits until the superblocks say so. `bio` is the write that
    /// it's for.
    ///
    /// Fails with `EROFS` if the array is read-only for good, and with `EINVAL` if `bio` isn't a
    /// write.
    ///
    /// Context: may sleep, until the management thread has written the superblocks. For that it
    /// needs `reconfig_mutex`: whoever waits here must hold nothing that a holder of the mutex
    /// waits for, such as what [`quiesce`](super::Personality::quiesce) waits for.
    pub fn write_start(&self, bio: &Bio) -> Result<WriteToken> {
        if !bio.is_write() {
            return Err(EINVAL);
        }
        // C has a BUG_ON() for this. It's set only when nobody has the array open any more.
        if self.ro() == bindings::md_ro_state_MD_RDONLY {
            return Err(EROFS);
        }
        // SAFETY: The array and the bio are alive, and C only reads the bio.
        unsafe { bindings::md_write_start(self.as_ptr(), bio.as_ptr()) };
        // INVARIANT: C has counted a write.
        let token = WriteToken(NonNull::from(self));
        if self.must_wait_for_superblock() {
            // SAFETY: The array is alive. C takes md's lock once, so that we see what was stored
            // under it, and then waits.
            unsafe { bindings::raid1rs_md_wait_superblock(self.as_ptr()) };
        }
        Ok(token)
    }

    /// Gets the right to write if that can be had without waiting, and without a change of the
    /// array's state. It's [`Self::write_start`] otherwise.
    ///
    /// Context: any.
    #[inline]
    pub fn try_write_start(&self) -> Option<WriteToken> {
        if !self.is_rdwr() {
            return None;
        }
        let guard = rcu::read_lock();
        // SAFETY: The array is alive. A count may be taken from zero: this is no lifetime.
        unsafe { bindings::raid1rs_md_writes_get(self.as_ptr()) };
        // INVARIANT: We have just got one count. If it turns out that we must not write, dropping
        // it does what the end of a write does.
        let token = WriteToken(NonNull::from(self));
        // Pairs with the barrier in set_in_sync(): see the module's documentation.
        smp_mb(Full);
        if read_field!(self, safemode) == 1 {
            // As in C: a timer has asked for the array to be clean, which it won't be.
            write_field!(self, safemode, 0);
        }
        // In this order: a checker sets `in_sync` before it takes itself off.
        let checked = read_field!(self, sync_checkers) != 0;
        smp_mb(Read);
        let clean = checked || read_field!(self, in_sync) != 0;
        drop(guard);
        if clean || self.must_wait_for_superblock() {
            return None;
        }
        Some(token)
    }

    /// Whether, for all that can be told without a lock, a writer that has seen `in_sync` zero
    /// would have to wait for the superblocks.
    #[inline]
    fn must_wait_for_superblock(&self) -> bool {
        self.flags().test(MddevFlag::HasSuperblock)
            // SAFETY: The array is alive.
            && unsafe { bindings::raid1rs_md_superblock_due(self.as_ptr()) }
    }
}
