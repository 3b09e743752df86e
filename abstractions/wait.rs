// SPDX-License-Identifier: GPL-2.0

//! Wait queues.
//!
//! C header: [`include/linux/wait.h`](srctree/include/linux/wait.h)

use core::mem::MaybeUninit;

use kernel::{
    ffi,
    prelude::*,
    types::Opaque, //
};

use crate::bindings;

/// A queue of tasks that wait for a condition.
///
/// Unlike `kernel::sync::CondVar`, which is tied to a lock, a task here queues itself first and
/// tests the condition afterwards, again after each wake-up; so no wake-up is lost, whatever the
/// condition reads.
#[pin_data]
pub struct WaitQueue {
    #[pin]
    head: Opaque<bindings::wait_queue_head>,
}

// SAFETY: A wait queue head has a lock of its own and may be used from any context.
unsafe impl Send for WaitQueue {}
// SAFETY: As above.
unsafe impl Sync for WaitQueue {}

impl WaitQueue {
    /// An empty queue.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            head <- Opaque::ffi_init(|head| {
                // SAFETY: `head` is valid for writes and pinned; the class key is static.
                unsafe {
                    bindings::__init_waitqueue_head(
                        head,
                        c"raid1_rs".as_char_ptr(),
                        kernel::static_lock_class!().as_ptr(),
                    )
                }
            }),
        })
    }

    /// Wakes everyone who waits here, to test their condition again.
    ///
    /// What the caller wrote before is seen by their test.
    ///
    /// Context: any.
    pub fn wake_all(&self) {
        // SAFETY: `new` initialised the head.
        if unsafe { bindings::raid1rs_wait_has_sleeper(self.head.get()) } {
            // SAFETY: As above. 0 stands for everyone, exclusive or not.
            unsafe {
                bindings::__wake_up(
                    self.head.get(),
                    bindings::TASK_NORMAL,
                    0,
                    core::ptr::null_mut(),
                )
            };
        }
    }

    /// Sleeps until `condition` holds. Not interruptible.
    ///
    /// `condition` is called at least once, with the task's state set for sleeping: it must not
    /// sleep itself.
    ///
    /// Context: may sleep.
    pub fn wait_until(&self, condition: impl FnMut() -> bool) {
        self.wait(None, condition);
    }

    /// As [`Self::wait_until`], at most for `milliseconds`; tells whether the condition held.
    pub fn wait_until_for(&self, milliseconds: u32, condition: impl FnMut() -> bool) -> bool {
        // SAFETY: Just a calculation.
        let jiffies = unsafe { bindings::raid1rs_msecs_to_jiffies(milliseconds) };
        self.wait(Some(jiffies as ffi::c_long), condition)
    }

    fn wait(&self, timeout: Option<ffi::c_long>, mut condition: impl FnMut() -> bool) -> bool {
        if condition() {
            return true;
        }
        let mut left = timeout;
        let mut entry = MaybeUninit::<bindings::wait_queue_entry>::uninit();
        // SAFETY: `entry` is valid for writes, and doesn't move until `finish_wait`.
        unsafe { bindings::init_wait_entry(entry.as_mut_ptr(), 0) };
        let held = loop {
            // SAFETY: Both were initialised. The entry is ours.
            unsafe {
                bindings::prepare_to_wait_event(
                    self.head.get(),
                    entry.as_mut_ptr(),
                    bindings::TASK_UNINTERRUPTIBLE as ffi::c_int,
                )
            };
            if condition() {
                break true;
            }
            match left {
                // SAFETY: We are in a context that may sleep.
                None => unsafe { bindings::schedule() },
                Some(0) => break false,
                // SAFETY: As above.
                Some(jiffies) => left = Some(unsafe { bindings::schedule_timeout(jiffies) }),
            }
        };
        // SAFETY: Both were initialised. Afterwards the entry is on no list and may go.
        unsafe { bindings::finish_wait(self.head.get(), entry.as_mut_ptr()) };
        held
    }
}
