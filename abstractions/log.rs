// SPDX-License-Identifier: GPL-2.0

//! Kernel messages in md's own form, which people and their tools know: without the module's name
//! in front, which the kernel crate's `pr_*!` add.
//!
//! C header: [`include/linux/printk.h`](srctree/include/linux/printk.h)

use kernel::{
    ffi,
    fmt,
    prelude::*,
    types::Opaque, //
};

use crate::bindings;

/// How grave a message is, from `KERN_CRIT` to `KERN_DEBUG`.
#[derive(Clone, Copy)]
pub enum Level {
    /// `KERN_CRIT`
    Critical,
    /// `KERN_ERR`
    Error,
    /// `KERN_WARNING`
    Warning,
    /// `KERN_NOTICE`
    Notice,
    /// `KERN_INFO`
    Info,
    /// `KERN_DEBUG`
    Debug,
}

/// Prints one line; the newline is added. What [`log_line!`](crate::log_line) expands to.
pub fn print(level: Level, message: fmt::Arguments<'_>) {
    let format = match level {
        Level::Critical => c"\x012%pA\n",
        Level::Error => c"\x013%pA\n",
        Level::Warning => c"\x014%pA\n",
        Level::Notice => c"\x015%pA\n",
        Level::Info => c"\x016%pA\n",
        Level::Debug => c"\x017%pA\n",
    };
    // SAFETY: `%pA` takes a pointer to `fmt::Arguments`, which lives until the call returns.
    unsafe {
        bindings::_printk(
            format.as_char_ptr(),
            core::ptr::from_ref(&message).cast::<ffi::c_void>(),
        )
    };
}

/// Prints a line of the given [`Level`].
#[macro_export]
macro_rules! log_line {
    ($level:ident, $($arg:tt)+) => {
        $crate::abstractions::log::print(
            $crate::abstractions::log::Level::$level,
            ::kernel::prelude::fmt!($($arg)+),
        )
    };
}

/// Something that knows how to print itself, but not that it's in a kernel.
pub struct Plain<T>(pub T);

impl<T: core::fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

/// Lets through ten messages in five seconds, and counts the others.
#[pin_data]
pub struct RateLimit {
    #[pin]
    state: Opaque<bindings::ratelimit_state>,
}

// SAFETY: The state has a lock of its own.
unsafe impl Send for RateLimit {}
// SAFETY: As above.
unsafe impl Sync for RateLimit {}

impl RateLimit {
    /// A new limit.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            state <- Opaque::ffi_init(|state| {
                // SAFETY: `state` is valid for writes.
                unsafe { bindings::raid1rs_ratelimit_init(state) }
            }),
        })
    }

    /// Whether a message may be printed now.
    ///
    /// Context: any.
    pub fn allows(&self) -> bool {
        // SAFETY: `new` initialised the state; the name is a string.
        unsafe { bindings::raid1rs_printk_ratelimit(self.state.get(), c"raid1_rs".as_char_ptr()) }
    }
}
