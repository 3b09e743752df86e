// SPDX-License-Identifier: GPL-2.0

//! A gate: whoever goes through it is inside until they go out, and a freeze waits until nobody is.
//!
//! Coming in and going out touch nothing but a [`Presence`], which in the kernel counts per CPU. An
//! array has two gates:
//! - Every request is inside the first for as long as it lives. Frozen, it's the array that is.
//! - A write tries the second, too, once it's inside the first. If it's let in it needs nothing
//!   else. If not, it doesn't wait, but takes a ticket for its [range](super::range_locks). So when
//!   a freeze of this gate is complete, every write that is under way has a ticket, and sync units
//!   and repairs, which have tickets of the other kind, exclude just those that overlap them.
//!   Nobody has waited for that but the one who froze it. After the thaw a write may still have a
//!   ticket; it does no harm.
//!
//! The caller does the waiting:
//! - To come in: [`Gate::try_enter`]; if that fails, wait for a thaw and try again. The pass that
//!   it gives is dropped to go out.
//! - To freeze: under the freezer's mutex [`Gate::begin_freeze`]; then wait until
//!   [`Gate::is_frozen`], which the drop of the last pass makes true.
//! - To thaw: under the mutex [`Gate::thaw`]; wake those who wait to come in, if it says so.
//!
//! A request that is put aside for the daemon stays inside. A freeze must not wait for the daemon,
//! which may be the one that freezes: so the freezer does the daemon's job meanwhile. One kind
//! leaves early, and for good: a write that waits for nothing but the metadata.

/// Who is inside: a counter that can be closed.
///
/// # Ordering
///
/// The gate relies on these, and on nothing else:
/// - What happened before [`resurrect`](Self::resurrect) is seen after a
///   [`try_enter`](Self::try_enter) that it let in: the last sync unit, and the array's new shape.
/// - What happened before a pass was dropped is seen after [`is_drained`](Self::is_drained) said
///   yes.
///
/// A `percpu_ref` gives neither by itself. It wants a barrier in front of `percpu_ref_resurrect()`,
/// which first clears the dead bit by a plain store, so that for a moment others get in through the
/// shared counter; a read barrier behind `percpu_ref_tryget_live()`, which orders nothing in
/// per-CPU mode; and a barrier behind `percpu_ref_is_zero()`. x86 gives the hardware's part of
/// these for free.
pub trait Presence {
    /// What one who is inside holds. Dropping it is going out; not necessarily on the CPU, or in
    /// the task, that came in.
    type Pass;

    /// Comes in; [`None`] if closed. From [`kill`](Self::kill) on this may still succeed for a
    /// moment, but not any more once [`is_drained`](Self::is_drained) said yes.
    fn try_enter(&self) -> Option<Self::Pass>;
    /// Closes. Not called again before [`resurrect`](Self::resurrect).
    fn kill(&self);
    /// Whether it is closed and nobody is inside. Stays true until it is opened.
    fn is_drained(&self) -> bool;
    /// Opens again after [`kill`](Self::kill), whether drained or not.
    fn resurrect(&self);
}

/// How many freezes are in effect; the caller's mutex guards it.
#[derive(Debug, Default)]
pub struct Freezes {
    depth: u32,
}

impl Freezes {
    /// None.
    pub const NONE: Freezes = Freezes { depth: 0 };

    /// Whether there is any.
    #[inline]
    pub fn any(&self) -> bool {
        self.depth > 0
    }
}

/// What a thaw did.
#[must_use = "those who wait to enter may sleep for ever if nobody wakes them"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thawed {
    /// The gate is open: wake those who wait to enter.
    Open,
    /// Another freeze is still in effect.
    StillFrozen,
    /// There was no freeze: a bug of the caller, with no effect.
    Unbalanced,
}

/// One gate of an array.
#[derive(Debug)]
pub struct Gate<P> {
    presence: P,
}

impl<P> Gate<P> {
    /// A gate over an open presence.
    pub const fn new(presence: P) -> Self {
        Gate { presence }
    }

    /// The counter, to wait on.
    #[inline]
    pub fn presence(&self) -> &P {
        &self.presence
    }
}

impl<P: Presence> Gate<P> {
    /// Comes in; [`None`] while a freeze is in effect.
    #[inline]
    pub fn try_enter(&self) -> Option<P::Pass> {
        self.presence.try_enter()
    }

    /// Lets no one in any more. Freezes nest, also those of different tasks; each has to wait until
    /// [`is_frozen`](Self::is_frozen) by itself, and ends with one [`thaw`](Self::thaw).
    pub fn begin_freeze(&self, freezes: &mut Freezes) {
        if freezes.depth == 0 {
            self.presence.kill();
        }
        freezes.depth = freezes.depth.saturating_add(1);
    }

    /// Whether nobody is inside any more, for one who has a freeze in effect.
    #[inline]
    pub fn is_frozen(&self) -> bool {
        self.presence.is_drained()
    }

    /// Ends one freeze, which need not have come as far as being frozen.
    pub fn thaw(&self, freezes: &mut Freezes) -> Thawed {
        match freezes.depth {
            0 => Thawed::Unbalanced,
            1 => {
                freezes.depth = 0;
                self.presence.resurrect();
                Thawed::Open
            }
            depth => {
                freezes.depth = depth.saturating_sub(1);
                Thawed::StillFrozen
            }
        }
    }
}
