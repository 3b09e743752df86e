// SPDX-License-Identifier: GPL-2.0

//! Objects with a reference count, from a pool with a reserve.
//!
//! C header: [`include/linux/mempool.h`](srctree/include/linux/mempool.h)

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::{
        Deref,
        DerefMut, //
    },
    ptr::NonNull, //
};

use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Relaxed, //
    },
};

use super::{
    keeper::Keeper,
    Wait, //
};
use crate::bindings;

/// A pool of `T`s, each with a keeper `K`, which never fails those that may wait.
pub struct Pool<T, K> {
    pool: NonNull<bindings::mempool_t>,
    _nodes: PhantomData<fn() -> (T, K)>,
}

// SAFETY: A mempool has a lock of its own, and the nodes aren't in it.
unsafe impl<T, K> Send for Pool<T, K> {}
// SAFETY: As above.
unsafe impl<T, K> Sync for Pool<T, K> {}

impl<T, K> Pool<T, K> {
    /// A pool that keeps `reserve` nodes for when memory is short. May sleep.
    pub fn new(reserve: i32) -> Result<Self> {
        // What kmalloc gives at least, on every architecture.
        const { assert!(align_of::<Node<T, K>>() <= align_of::<u64>()) };
        // SAFETY: No requirements; null means that there was no memory.
        let pool = unsafe { bindings::raid1rs_kmalloc_pool(reserve, size_of::<Node<T, K>>()) };
        Ok(Self {
            pool: NonNull::new(pool).ok_or(ENOMEM)?,
            _nodes: PhantomData,
        })
    }
}

impl<T, K> Drop for Pool<T, K> {
    fn drop(&mut self) {
        // SAFETY: We own the pool. Its nodes are back: each held a keeper of the object that the
        // pool is part of.
        unsafe { bindings::mempool_destroy(self.pool.as_ptr()) };
    }
}

struct Node<T, K> {
    references: Atomic<i32>,
    /// The next one on a [`PoolList`]; only the list uses it.
    next: Option<NonNull<Node<T, K>>>,
    /// Where the node goes back to; alive as long as `keeper`.
    pool: NonNull<bindings::mempool_t>,
    keeper: K,
    value: T,
}

/// A reference to a `T` from a [`Pool`].
///
/// # Invariants
///
/// The node is initialised, and this object holds one of its references.
pub struct PoolRef<T, K>(NonNull<Node<T, K>>);

// SAFETY: Like an `Arc`.
unsafe impl<T: Send + Sync, K: Send + Sync> Send for PoolRef<T, K> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync, K: Send + Sync> Sync for PoolRef<T, K> {}

impl<T, K: Keeper> PoolRef<T, K> {
    /// Makes a `T` in memory from the pool that `pool` finds by way of `keeper`.
    ///
    /// With [`Wait::No`] there may be no memory; both come back then.
    ///
    /// Context: may sleep with [`Wait::Yes`].
    #[inline]
    pub fn new(
        value: T,
        keeper: K,
        pool: impl for<'a> FnOnce(&'a K) -> &'a Pool<T, K>,
        wait: Wait,
    ) -> Result<Self, (T, K)> {
        let pool = pool(&keeper).pool;
        // SAFETY: The pool is alive: `keeper` keeps it.
        let node = unsafe { bindings::raid1rs_mempool_alloc(pool.as_ptr(), wait.gfp()) };
        let Some(node) = NonNull::new(node.cast::<Node<T, K>>()) else {
            return Err((value, keeper));
        };
        // SAFETY: The pool's elements have the size of a `Node<T, K>`, and kmalloc's alignment.
        unsafe {
            node.write(Node {
                references: Atomic::new(1),
                next: None,
                pool,
                keeper,
                value,
            })
        };
        // INVARIANT: Just initialised, with one reference.
        Ok(Self(node))
    }

    /// What keeps the pool.
    #[inline]
    pub fn keeper(this: &Self) -> &K {
        // SAFETY: By the type invariant.
        unsafe { &this.0.as_ref().keeper }
    }

    /// Whether this is the only reference. If it is, all that was done with the others is visible.
    ///
    /// Context: any.
    pub fn is_only(this: &Self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { this.0.as_ref() }.references.load(Acquire) == 1
    }

    /// The value, to be changed, if this is the only reference.
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        if !Self::is_only(this) {
            return None;
        }
        // SAFETY: By the type invariant. Nobody else can reach the value, nor get a reference but
        // from `this`, which is borrowed.
        Some(unsafe { &mut this.0.as_mut().value })
    }

    /// Gives this reference back, unless it's the last: that one is returned, and is the only one.
    ///
    /// Context: any.
    #[inline]
    pub fn last(this: Self) -> Option<Unique<T, K>> {
        let this = ManuallyDrop::new(this);
        // SAFETY: By the type invariant.
        let references = &unsafe { this.0.as_ref() }.references;
        if references.fetch_sub(1, Full) != 1 {
            return None;
        }
        // Nobody else sees the counter any more.
        references.store(1, Relaxed);
        // INVARIANT: There were no references; now there is this one.
        Some(Unique(Self(this.0)))
    }

    /// Gives the reference away, as the address of the value.
    pub(super) fn into_raw(this: Self) -> *const T {
        let node = ManuallyDrop::new(this).0.as_ptr();
        // SAFETY: By the type invariant.
        unsafe { &raw const (*node).value }
    }

    /// Takes a reference back.
    ///
    /// # Safety
    ///
    /// `value` comes from [`Self::into_raw`], once.
    pub(super) unsafe fn from_value(value: *const T) -> Self {
        let node = value
            .wrapping_byte_sub(core::mem::offset_of!(Node<T, K>, value))
            .cast_mut()
            .cast();
        // INVARIANT: By the requirements, it's the node whose reference was given away.
        // SAFETY: A node's address isn't null.
        Self(unsafe { NonNull::new_unchecked(node) })
    }

    /// Gives this reference back. The one who gives back the last gets what was in the node, whose
    /// memory has returned to the pool then.
    ///
    /// Context: any.
    #[inline]
    pub fn release(this: Self) -> Option<(T, K)> {
        let this = ManuallyDrop::new(this);
        // SAFETY: By the type invariant.
        if unsafe { this.0.as_ref() }.references.fetch_sub(1, Full) != 1 {
            return None;
        }
        // SAFETY: There is no other reference, so the node is ours.
        Some(unsafe { Self::dismantle(this.0) })
    }

    /// # Safety
    ///
    /// Nobody has a reference to `node`, which is not used again.
    #[inline]
    unsafe fn dismantle(node: NonNull<Node<T, K>>) -> (T, K) {
        // SAFETY: By the requirements the node is ours; it's read once and then only its memory is
        // used. `keeper` keeps the pool beyond the call.
        unsafe {
            let Node {
                pool,
                keeper,
                value,
                ..
            } = node.read();
            bindings::mempool_free(node.as_ptr().cast(), pool.as_ptr());
            (value, keeper)
        }
    }
}

impl<T, K> Clone for PoolRef<T, K> {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: By the type invariant. There are never near 2^31 references: each is held by a
        // bio.
        unsafe { self.0.as_ref() }.references.add(1, Relaxed);
        // INVARIANT: We have just taken a reference.
        Self(self.0)
    }
}

impl<T, K> Deref for PoolRef<T, K> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T, K> Drop for PoolRef<T, K> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant. The keeper's type is a `Keeper`, else `new` didn't
        // compile; it isn't needed here.
        if unsafe { self.0.as_ref() }.references.fetch_sub(1, Full) == 1 {
            // SAFETY: As in `release`.
            unsafe {
                let Node {
                    pool,
                    keeper,
                    value,
                    ..
                } = self.0.read();
                drop(value);
                bindings::mempool_free(self.0.as_ptr().cast(), pool.as_ptr());
                drop(keeper);
            }
        }
    }
}

/// The only reference to a `T` from a [`Pool`].
///
/// # Invariants
///
/// There is no other reference to the node.
pub struct Unique<T, K>(PoolRef<T, K>);

impl<T, K: Keeper> Unique<T, K> {
    /// Gives what is in the node to `end`, its memory having returned to the pool, and its keeper
    /// to the caller.
    ///
    /// Context: any.
    #[inline]
    pub fn consume(self, end: impl FnOnce(T)) -> K {
        let node = ManuallyDrop::new(self.0).0.as_ptr();
        // SAFETY: By the type invariant the node is ours; each field is read once, and then only
        // the memory is used. `keeper` keeps the pool beyond the call. Field by field, as the whole
        // would be copied once more.
        let (keeper, value) = unsafe {
            let pool = (*node).pool;
            let keeper = (&raw const (*node).keeper).read();
            let value = (&raw const (*node).value).read();
            bindings::mempool_free(node.cast(), pool.as_ptr());
            (keeper, value)
        };
        end(value);
        keeper
    }

    /// One reference among others that may come.
    pub fn share(self) -> PoolRef<T, K> {
        self.0
    }

    /// What keeps the pool.
    pub fn keeper(&self) -> &K {
        PoolRef::keeper(&self.0)
    }
}

impl<T, K> Deref for Unique<T, K> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T, K> DerefMut for Unique<T, K> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariant nobody else can reach the value.
        unsafe { &mut self.0 .0.as_mut().value }
    }
}

/// A list of [`Unique`] references, linked through their nodes: nothing is allocated.
///
/// # Invariants
///
/// `first` and each node's `next` lead from node to node. Each is from a `Unique` that the list
/// owns.
pub struct PoolList<T, K> {
    first: Option<NonNull<Node<T, K>>>,
}

// SAFETY: A list of `Unique`s is as `Send` as they are; it has no shared access.
unsafe impl<T: Send, K: Send> Send for PoolList<T, K> {}

impl<T, K> Default for PoolList<T, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, K> PoolList<T, K> {
    /// An empty list.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// Whether there is nothing on the list.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Adds one.
    pub fn push(&mut self, unique: Unique<T, K>) {
        let mut node = ManuallyDrop::new(unique.0).0;
        // SAFETY: The node was the unique's, and is the list's now.
        unsafe { node.as_mut().next = self.first };
        self.first = Some(node);
    }

    /// Takes one off.
    pub fn pop(&mut self) -> Option<Unique<T, K>> {
        let mut node = self.first?;
        // SAFETY: By the type invariant the node is the list's.
        self.first = unsafe { node.as_mut() }.next.take();
        // INVARIANT: The node came from a `Unique`, and is the list's no more.
        Some(Unique(PoolRef(node)))
    }

    /// Takes everything off.
    pub fn take_all(&mut self) -> Self {
        core::mem::replace(self, Self::new())
    }
}

impl<T, K> Drop for PoolList<T, K> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
