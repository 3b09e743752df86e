// SPDX-License-Identifier: GPL-2.0

//! Allocating memory where that must not wait for I/O.
//!
//! C header: [`include/linux/sched/mm.h`](srctree/include/linux/sched/mm.h)

use kernel::{
    ffi,
    types::NotThreadSafe, //
};

use crate::bindings;

/// As long as it lives, allocations of this task don't start I/O to make memory free, nor wait for
/// any, whatever their flags.
///
/// For callers that hold what I/O to the array may be waiting for. Scopes nest, and end in the
/// reverse order of their beginning.
pub struct NoIoScope(ffi::c_uint, NotThreadSafe);

impl NoIoScope {
    /// Begins a scope.
    pub fn new() -> Self {
        // SAFETY: Changes a flag of the current task; what it was is given back in `drop`.
        Self(unsafe { bindings::raid1rs_noio_save() }, NotThreadSafe)
    }
}

impl Default for NoIoScope {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for NoIoScope {
    fn drop(&mut self) {
        // SAFETY: It's the same task, since the type isn't `Send`.
        unsafe { bindings::raid1rs_noio_restore(self.0) };
    }
}
