// SPDX-License-Identifier: GPL-2.0

//! What C offers: md's private headers as bindgen sees them, our own shims, and the kernel crate's
//! bindings for everything else.
//!
//! Only `abstractions` may use this.

#![allow(
    clippy::all,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unused_imports,
    unsafe_op_in_unsafe_fn
)]

pub(crate) use kernel::bindings::*;

// Imports `kernel::bindings::*` for itself; what it declares goes before both imports.
include!(env!("RAID1_RS_BINDINGS"));
