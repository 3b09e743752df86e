// SPDX-License-Identifier: GPL-2.0

//! The gate: every request is inside it for as long as it lives, and a freeze waits until nobody is.
//!
//! Coming in and going out touch nothing but a [`Presence`], which in the kernel counts per CPU. While
//! a sync runs, writes need a ticket for their range as well ([`Mode::Ranged`]). The gate becomes
//! ranged only while nobody is inside, so no write without a ticket is left when the first unit is
//! synced. It becomes plain again without further ado: a write that still has a ticket does no harm.
//!
//! The caller does the waiting:
//! - To come in: [`Gate::try_enter`]; if that fails, wait for a thaw and try again. The pass that it
//!   gives is dropped to go out.
//! - To freeze: under the freezer's mutex [`Gate::begin_freeze`]; then wait until
//!   [`Gate::is_frozen`], which the drop of the last pass makes true.
//! - To thaw: under the mutex [`Gate::thaw`]; wake those who wait to come in, if it says so.
//!
//! A request that is put aside for the daemon goes out, and comes in again when it goes on: a freeze
//! must not wait for the daemon, which may be the one that freezes. In between everything may have
//! changed, the mode too ([`Mode::needs_range`]).

/// Who is inside: a counter that can be closed.
///
/// # Ordering
///
/// The gate relies on these, and on nothing else:
/// - What happened before [`resurrect`](Self::resurrect) is seen after a
///   [`try_enter`](Self::try_enter) that it let in: the mode, and the array's new shape.
/// - What happened before a pass was dropped is seen after [`is_drained`](Self::is_drained) said yes.
///
/// A `percpu_ref` gives neither by itself. It wants a barrier in front of `percpu_ref_resurrect()`,
/// which first clears the dead bit by a plain store, so that for a moment others get in through the
/// shared counter; a read barrier behind `percpu_ref_tryget_live()`, which orders nothing in per-CPU
/// mode; and a barrier behind `percpu_ref_is_zero()`. x86 gives the hardware's part of these for
/// free.
pub trait Presence {
    /// What one who is inside holds. Dropping it is going out; not necessarily on the CPU, or in the
    /// task, that came in.
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

/// What a write needs beside being inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: no sync runs.
    Plain,
    /// A ticket for its [range](super::range_locks): a sync runs.
    Ranged,
}

impl Mode {
    /// Whether a write has to take a range ticket, which it may `hold` already, from before it was
    /// put aside. A ticket is kept until the write is complete, whatever the mode becomes.
    #[inline]
    pub fn needs_range(self, hold: bool) -> bool {
        self == Mode::Ranged && !hold
    }
}

/// Where the mode is kept.
///
/// What happened before [`set`](Self::set), the last sync unit in particular, is seen after
/// [`get`](Self::get) gave that mode: a release and an acquire.
pub trait ModeCell {
    /// The mode.
    fn get(&self) -> Mode;
    /// Changes it.
    fn set(&self, mode: Mode);
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

/// The gate can't become ranged now: somebody is, or may be, inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFrozen;

/// The gate of one array.
#[derive(Debug)]
pub struct Gate<P, M> {
    presence: P,
    mode: M,
}

impl<P, M> Gate<P, M> {
    /// A gate over an open presence.
    pub const fn new(presence: P, mode: M) -> Self {
        Gate { presence, mode }
    }

    /// The counter, to wait on.
    #[inline]
    pub fn presence(&self) -> &P {
        &self.presence
    }
}

impl<P: Presence, M: ModeCell> Gate<P, M> {
    /// Comes in; [`None`] while a freeze is in effect.
    #[inline]
    pub fn try_enter(&self) -> Option<P::Pass> {
        self.presence.try_enter()
    }

    /// What a write that is inside needs. It must have come in before it asks: then, if the answer
    /// is [`Mode::Plain`], no sync unit starts until it has gone out.
    #[inline]
    pub fn mode(&self, _pass: &P::Pass) -> Mode {
        self.mode.get()
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

    /// From now on writes need range tickets. Under the mutex, in a freeze that is complete.
    pub fn make_ranged(&self, freezes: &Freezes) -> Result<(), NotFrozen> {
        if !freezes.any() || !self.presence.is_drained() {
            return Err(NotFrozen);
        }
        self.mode.set(Mode::Ranged);
        Ok(())
    }

    /// Writes need no range tickets any more. The last sync unit has ended.
    pub fn make_plain(&self) {
        self.mode.set(Mode::Plain);
    }
}
