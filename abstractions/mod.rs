// SPDX-License-Identifier: GPL-2.0

//! Safe Rust over what C offers: the only place, with [`bindings`](crate::bindings), that has
//! unsafe code. Nothing here knows about RAID-1.
//!
//! One file for each C object; [`md`] is over md core.

pub mod bio;
mod bio_clone;
pub mod bio_copy;
pub mod bio_list;
pub mod bio_set;
pub mod block_device;
pub mod cycles;
pub mod keeper;
pub mod log;
pub mod md;
pub mod noio;
pub mod pages;
pub mod percpu_ref;
pub mod plug;
pub mod pool;
pub mod rcu_slots;
pub mod status;
pub mod wait;
pub mod work;

use crate::bindings;

/// Whether the caller may be made to wait: for memory, or for others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It may; for memory though not by starting I/O, as it's part of I/O itself.
    Yes,
    /// It may not.
    No,
}

impl Wait {
    #[inline]
    fn gfp(self) -> bindings::gfp_t {
        match self {
            Self::Yes => bindings::RAID1RS_GFP_NOIO,
            Self::No => bindings::RAID1RS_GFP_NOWAIT,
        }
    }
}

/// Whether this may be what a user asked for: it's not an interrupt, and not a thread of the
/// kernel. Context: any.
pub fn in_user_task() -> bool {
    // SAFETY: Reads a field of the current task.
    unsafe { bindings::raid1rs_in_user_task() }
}

/// Lets other tasks run, if it's their turn. Context: may sleep.
pub fn cond_resched() {
    // SAFETY: No requirements beyond the context.
    unsafe { bindings::raid1rs_cond_resched() };
}

/// As `synchronize_rcu`, within a fraction of a millisecond, at the price of interrupting every
/// CPU: for what is rare and urgent. Context: may sleep.
pub fn synchronize_rcu_expedited() {
    // SAFETY: No requirements beyond the context.
    unsafe { bindings::synchronize_rcu_expedited() };
}

/// Seconds since the system started; not those in which it was asleep. Context: any.
pub fn seconds() -> u64 {
    // SAFETY: No requirements.
    let seconds = unsafe { bindings::ktime_get_seconds() };
    u64::try_from(seconds).unwrap_or(0)
}
