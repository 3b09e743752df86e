// SPDX-License-Identifier: GPL-2.0

//! A table whose entries come and go while it's read without locks.

use core::{
    cell::UnsafeCell,
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        barrier::{
            smp_mb,
            Write, //
        },
        rcu,
        Mutex, //
    },
};

use super::percpu_ref::{
    Drained,
    PercpuBox,
    PercpuRef,
    Shared, //
};

/// A word-sized pointer that is read under RCU, and written under a mutex.
struct RcuPointer<T>(UnsafeCell<*mut T>);

impl<T> RcuPointer<T> {
    fn new(pointer: *mut T) -> Self {
        Self(UnsafeCell::new(pointer))
    }

    #[inline]
    fn load(&self) -> Option<NonNull<T>> {
        // SAFETY: The cell is always a valid pointer-sized value. A volatile load is READ_ONCE();
        // what is behind the pointer is ordered after it by the address dependency, as with
        // rcu_dereference().
        NonNull::new(unsafe { self.0.get().read_volatile() })
    }

    /// Publishes `pointer`. Those who do so exclude each other.
    fn store(&self, pointer: *mut T) {
        // What the pointer leads to has to be visible before the pointer.
        smp_mb(Write);
        // SAFETY: The cell is valid; writers exclude each other.
        unsafe { self.0.get().write_volatile(pointer) };
    }
}

type Slot<T> = RcuPointer<Shared<T>>;

/// The slots, of a number that doesn't change.
struct Table<T: Drained>(KVec<Slot<T>>);

impl<T: Drained> Table<T> {
    fn new(count: usize) -> Result<KBox<Self>> {
        let mut slots = KVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            slots.push_within_capacity(Slot::new(core::ptr::null_mut()))?;
        }
        Ok(KBox::new(Self(slots), GFP_KERNEL)?)
    }
}

/// Memory for a table with empty slots, see [`RcuSlots::rearrange`].
pub struct Room<T: Drained>(KBox<Table<T>>);

/// A number of slots, each empty or with a [`PercpuBox`].
///
/// Readers look at a slot under an RCU guard, and take a [`PercpuRef`] of what is in it if they
/// need it for longer. The table itself is written only when a box comes or goes, so its cache
/// lines are shared by all CPUs.
///
/// # Invariants
///
/// `table` comes from `KBox::into_raw`. Each pointer in it is null or comes from
/// [`PercpuBox::into_raw`]. Both are owned here, and dropped only after an RCU grace period that
/// began when they were no longer published. They change only under `changes`.
pub struct RcuSlots<T: Drained> {
    table: RcuPointer<Table<T>>,
    changes: Pin<KBox<Mutex<()>>>,
}

/// What came of [`RcuSlots::remove`].
pub enum Removal<T: Drained> {
    /// The slot was empty.
    Empty,
    /// References were still out when time was up; the box is still in its slot.
    Busy,
    /// Here is what was in the slot, closed and drained.
    Removed(PercpuBox<T>),
}

/// The slots at one moment, as long as an RCU guard lives; see [`RcuSlots::snapshot`]. A box that
/// has been taken out since is still here, and still the same.
///
/// # Invariants
///
/// What the slots lead to isn't dropped during `'a`: there is an RCU guard for it.
pub struct Snapshot<'a, T: Drained>(&'a [Slot<T>]);

impl<T: Drained> Clone for Snapshot<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Drained> Copy for Snapshot<'_, T> {}

impl<'a, T: Drained> Snapshot<'a, T> {
    /// How many slots there are.
    #[inline]
    pub fn count(self) -> usize {
        self.0.len()
    }

    /// Looks at what is in slot `index`, closed or not.
    ///
    /// Context: any.
    #[inline]
    pub fn peek(self, index: usize) -> Option<&'a T> {
        let shared = self.0.get(index)?.load()?;
        // SAFETY: By the type invariant the box isn't dropped during `'a`.
        Some(unsafe { shared.as_ref() }.value())
    }

    /// Takes a reference to what is in slot `index`; `None` if it's empty or closed.
    ///
    /// Context: any.
    #[inline]
    pub fn get(self, index: usize) -> Option<PercpuRef<T>> {
        let shared = self.0.get(index)?.load()?;
        // SAFETY: By the type invariant the box isn't dropped during the call.
        unsafe { PercpuRef::try_get(shared) }
    }

    /// Closes what is in slot `index`, so that [`Self::get`] fails from now on. Tells whether it
    /// was this call that did so.
    ///
    /// Context: any.
    pub fn kill(self, index: usize) -> bool {
        let shared = self.0.get(index).and_then(Slot::load);
        // SAFETY: By the type invariant the box isn't dropped during the call.
        shared.is_some_and(|shared| unsafe { shared.as_ref() }.kill())
    }
}

// SAFETY: The table owns `PercpuBox<T>`es and gives out references to them, so it's as `Send` and
// `Sync` as they are. Its pointers are only accessed as `RcuPointer` does.
unsafe impl<T: Drained + Send + Sync> Send for RcuSlots<T> {}
// SAFETY: As above.
unsafe impl<T: Drained + Send + Sync> Sync for RcuSlots<T> {}

impl<T: Drained> RcuSlots<T> {
    /// A table of `count` empty slots.
    ///
    /// Context: may sleep.
    pub fn new(count: usize) -> Result<Self> {
        let changes = KBox::pin_init(new_mutex!(()), GFP_KERNEL)?;
        // Last: nothing would free it if something failed after it.
        let table = KBox::into_raw(Table::new(count)?);
        // INVARIANT: All pointers in the table are null.
        Ok(Self {
            table: RcuPointer::new(table),
            changes,
        })
    }

    /// The slots as they are at this moment: an RCU guard alone keeps what is in them alive, but
    /// not in its place. Who looks more than once, and must not mistake one slot for another, looks
    /// at a snapshot.
    #[inline]
    pub fn snapshot<'a>(&'a self, _guard: &'a rcu::Guard) -> Snapshot<'a, T> {
        let slots = match self.table.load() {
            // SAFETY: By the type invariant the table isn't dropped before the guard's critical
            // section ends.
            Some(table) => unsafe { &table.as_ref().0 },
            None => [].as_slice(),
        };
        // INVARIANT: The guard is borrowed for `'a`.
        Snapshot(slots)
    }

    /// How many slots there are.
    #[inline]
    pub fn len(&self, guard: &rcu::Guard) -> usize {
        self.snapshot(guard).count()
    }

    /// Takes a reference to what is in slot `index`; `None` if it's empty or closed.
    ///
    /// Context: any.
    #[inline]
    pub fn get(&self, index: usize, guard: &rcu::Guard) -> Option<PercpuRef<T>> {
        self.snapshot(guard).get(index)
    }

    /// The table, for those who hold the mutex: it doesn't go without that.
    fn locked(&self) -> &[Slot<T>] {
        let Some(table) = self.table.load() else {
            return &[];
        };
        // SAFETY: By the type invariant the pointer is valid until the table is exchanged, for
        // which the mutex has to be held; each caller holds it as long as it uses the slots.
        unsafe { &table.as_ref().0 }
    }

    /// Puts `value` into the empty slot `index`; hands it back if the slot isn't empty.
    ///
    /// Context: may sleep.
    pub fn install(&self, index: usize, value: PercpuBox<T>) -> Result<(), PercpuBox<T>> {
        let _changes = self.changes.lock();
        match self.locked().get(index) {
            Some(slot) if slot.load().is_none() => {
                // INVARIANT: The pointer comes from `into_raw`, and the table owns it now.
                slot.store(value.into_raw());
                Ok(())
            }
            _ => Err(value),
        }
    }

    /// Closes what is in slot `index`, waits at most `milliseconds` for its last reference, and
    /// takes it out of the table. If time is up it stays in the table: closed if it was closed
    /// before, else open again.
    ///
    /// Context: may sleep.
    pub fn remove(&self, index: usize, milliseconds: u32) -> Removal<T> {
        let _changes = self.changes.lock();
        let Some(slot) = self.locked().get(index) else {
            return Removal::Empty;
        };
        let Some(shared) = slot.load() else {
            return Removal::Empty;
        };
        // SAFETY: The pointer comes from `into_raw`. The box stays in the table as long as we hold
        // the mutex, and here it's only borrowed, not dropped.
        let borrowed = ManuallyDrop::new(unsafe { PercpuBox::from_raw(shared) });
        let closed_here = borrowed.kill();
        if !borrowed.wait_drained_for(milliseconds) {
            if closed_here {
                borrowed.resurrect();
            }
            return Removal::Busy;
        }
        Removal::Removed(Self::unpublish(slot, shared))
    }

    /// Takes out what is in slot `index`, references to it or not.
    ///
    /// Context: may sleep.
    pub fn take(&self, index: usize) -> Option<PercpuBox<T>> {
        let _changes = self.changes.lock();
        let slot = self.locked().get(index)?;
        Some(Self::unpublish(slot, slot.load()?))
    }

    /// Empties `slot`, and waits until nobody looks at what was in it. The mutex is held.
    fn unpublish(slot: &Slot<T>, shared: NonNull<Shared<T>>) -> PercpuBox<T> {
        slot.store(core::ptr::null_mut());
        rcu::synchronize_rcu();
        // SAFETY: The pointer was that of a box which the table owned, and owns no more.
        unsafe { PercpuBox::from_raw(shared) }
    }

    /// Room for another table, of `count` slots. May sleep.
    pub fn room(&self, count: usize) -> Result<Room<T>> {
        Ok(Room(Table::new(count)?))
    }

    /// Makes it the table that there is `room` for. `place` says for each occupied slot which one
    /// it becomes; the new ones have to be different, and to exist. A [`Snapshot`] is of either the
    /// old table or the new one.
    ///
    /// Fails without a change, with `EINVAL`, if `place` doesn't keep to that.
    ///
    /// Context: may sleep.
    pub fn rearrange(&self, room: Room<T>, place: impl Fn(usize) -> usize) -> Result {
        let _changes = self.changes.lock();
        let arranged = room.0;
        let slots = self.locked();
        for (index, slot) in (0..slots.len()).zip(slots) {
            let Some(shared) = slot.load() else {
                continue;
            };
            match arranged.0.get(place(index)) {
                Some(place) if place.load().is_none() => place.store(shared.as_ptr()),
                // The boxes are still the old table's.
                _ => return Err(EINVAL),
            }
        }
        let old = self.table.load();
        // INVARIANT: Each box of the old table is in the new one, once.
        self.table.store(KBox::into_raw(arranged));
        rcu::synchronize_rcu();
        if let Some(old) = old {
            // SAFETY: It came from `into_raw`, and nobody looks at it any more. Dropping it doesn't
            // drop the boxes, whose pointers are in the new table.
            drop(unsafe { KBox::from_raw(old.as_ptr()) });
        }
        Ok(())
    }
}

impl<T: Drained> Drop for RcuSlots<T> {
    /// Drops what is left in the table; may sleep.
    fn drop(&mut self) {
        for index in 0..self.locked().len() {
            drop(self.take(index));
        }
        if let Some(table) = self.table.load() {
            // SAFETY: It came from `into_raw`; nobody looks at it any more, as we are being
            // dropped.
            drop(unsafe { KBox::from_raw(table.as_ptr()) });
        }
    }
}
