// SPDX-License-Identifier: GPL-2.0

//! Single accesses to fields of C's structs, which C may be changing at the same time.
//!
//! The wrappers never make a reference to a C struct. They load and store single fields through raw
//! pointers, in one piece each: what `READ_ONCE()` and `WRITE_ONCE()` do. By the kernel's memory
//! model that is no data race with C's own accesses to an aligned word, plain ones included. (The
//! kernel crate's `Atomic` says the same, at the price of a call for each access where inline
//! helpers are off.)

use kernel::prelude::*;

/// What the processor loads and stores in one piece, and what any bits are a value of.
///
/// # Safety
///
/// The type has to be such an integer, of at most the processor's word, or a thin pointer.
pub(super) unsafe trait Word: Copy {}

// SAFETY: An integer of 32 bits.
unsafe impl Word for i32 {}
// SAFETY: As above.
unsafe impl Word for u32 {}
// SAFETY: An integer of 64 bits; the module is for 64-bit processors.
unsafe impl Word for i64 {}
// SAFETY: As above.
unsafe impl Word for u64 {}
// SAFETY: As above.
unsafe impl Word for usize {}
// SAFETY: `T` is sized, so the pointer is thin.
unsafe impl<T> Word for *mut T {}

/// The same pointer; refuses to compile if a [`Word`] isn't what it points to.
#[inline(always)]
pub(super) const fn to_word<T: Word>(field: *const T) -> *const T {
    field
}

/// As [`to_word`].
#[inline(always)]
pub(super) const fn to_word_mut<T: Word>(field: *mut T) -> *mut T {
    field
}

/// `READ_ONCE()` of a field of what a wrapper's `as_ptr()` points to.
macro_rules! read_field {
    ($wrapper:expr, $($field:tt)+) => {{
        let object = $wrapper.as_ptr();
        // SAFETY: The object is alive as long as its wrapper is borrowed. The field is an aligned
        // word, read in one piece.
        unsafe {
            $crate::abstractions::md::access::to_word(&raw const (*object).$($field)+).read_volatile()
        }
    }};
}

/// `WRITE_ONCE()` of a field of what a wrapper's `as_ptr()` points to.
macro_rules! write_field {
    ($wrapper:expr, $($field:ident).+, $value:expr) => {{
        let value = $value;
        let object = $wrapper.as_ptr();
        // SAFETY: The object is alive as long as its wrapper is borrowed. The field is an aligned
        // word, written in one piece.
        unsafe {
            $crate::abstractions::md::access::to_word_mut(&raw mut (*object).$($field).+)
                .write_volatile(value)
        }
    }};
}

pub(super) use {
    read_field,
    write_field, //
};

/// A count that C keeps in an `int`, which is never negative in an array that was started.
#[inline]
pub(super) fn count(value: c_int) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// The `int` for a count; one that doesn't fit becomes the largest there is.
#[inline]
pub(super) fn int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}
