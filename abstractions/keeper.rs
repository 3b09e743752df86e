// SPDX-License-Identifier: GPL-2.0

//! References that keep what they refer to alive and in its place.

use core::ops::Deref;

use super::{
    percpu_ref::{
        Drained,
        PercpuRef, //
    },
    pool::PoolRef, //
};

/// An owned reference that keeps things alive and in their place: whatever its safe interface gives
/// out by reference stays valid for as long as the object lives, even if the object itself is
/// moved.
///
/// # Safety
///
/// Implementations keep that promise.
pub unsafe trait Keeper: Deref {}

// SAFETY: The value is in a pinned box, which isn't dropped as long as a reference is out.
unsafe impl<T: Drained> Keeper for PercpuRef<T> {}

// SAFETY: The node is allocated from a pool, and goes back there only with the last reference.
unsafe impl<T, K: Keeper> Keeper for PoolRef<T, K> {}
