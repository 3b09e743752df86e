// SPDX-License-Identifier: GPL-2.0

//! The processor's cycle counter.
//!
//! C header: [`include/linux/timex.h`](srctree/include/linux/timex.h)

use crate::bindings;

/// The counter's value: good for comparing times, and much cheaper than a clock. Processors may
/// differ a little.
///
/// Context: any.
#[inline]
pub fn cycles() -> u64 {
    // SAFETY: Reads a register.
    unsafe { bindings::raid1rs_cycles() }
}
