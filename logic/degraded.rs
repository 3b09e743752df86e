// SPDX-License-Identifier: GPL-2.0

//! Who is a working leg: assembly, failure, spares, replacements and removal, slot by slot.
//!
//! A slot holds a member and, while it is being replaced, a replacement. All functions take views
//! of the slots and answer with what to do; the caller changes md's flags, under the lock that
//! guards them.

use super::read_policy::Slot;

/// A member device, as far as its slot is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// It has failed (`Faulty`).
    pub faulty: bool,
    /// It holds the array's data everywhere (`In_sync`).
    pub in_sync: bool,
    /// Its recovery is complete (`recovery_offset == MaxSector`); with `in_sync` clear, it waits to
    /// be made active.
    pub recovered: bool,
    /// It is only offered by another node of a cluster (`Candidate`).
    pub candidate: bool,
    /// Somebody asked to replace it (`WantReplacement`).
    pub want_replacement: bool,
}

impl Device {
    /// Whether it can be relied upon for all of the array's data.
    #[inline]
    pub fn works(&self) -> bool {
        self.in_sync && !self.faulty
    }
}

/// What is in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SlotView {
    /// The member itself.
    pub member: Option<Device>,
    /// The device that is to take its place.
    pub replacement: Option<Device>,
}

impl SlotView {
    /// Whether a device in the slot works.
    #[inline]
    pub fn works(&self) -> bool {
        self.member.is_some_and(|device| device.works())
            || self.replacement.is_some_and(|device| device.works())
    }
}

/// How many slots work: the X of "active with X out of Y mirrors".
pub fn working(slots: impl Iterator<Item = SlotView>) -> usize {
    count(slots, SlotView::works)
}

/// How many slots do not work (`mddev->degraded`).
pub fn degraded(slots: impl Iterator<Item = SlotView>) -> usize {
    count(slots, |slot| !slot.works())
}

fn count(slots: impl Iterator<Item = SlotView>, test: impl Fn(&SlotView) -> bool) -> usize {
    // The library's `count()` has a panic in it, for an overflow.
    slots.fold(0, |count: usize, slot| {
        count.saturating_add(usize::from(test(&slot)))
    })
}

/// Each slot with its number.
fn numbered<I: Iterator<Item = SlotView>>(slots: I) -> impl Iterator<Item = (Slot, SlotView)> {
    (0..Slot::MAX).zip(slots)
}

/// What becomes of a slot's devices at assembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assembly {
    /// Each stays where it is.
    AsItIs,
    /// The member is gone: the replacement becomes the member, and goes on recovering.
    MoveDown,
    /// The member is not in sync although it is being replaced: this can't be, and the array is
    /// refused.
    Contradiction,
}

/// Looks at one slot before the array starts.
pub fn assemble(slot: SlotView) -> Assembly {
    match (slot.member, slot.replacement) {
        (_, None) => Assembly::AsItIs,
        (None, Some(_)) => Assembly::MoveDown,
        (Some(member), Some(_)) if member.in_sync => Assembly::AsItIs,
        (Some(_), Some(_)) => Assembly::Contradiction,
    }
}

/// What an error, or a user who says so, does to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It has failed already; nothing changes.
    Already,
    /// It is the last one that works and stays in the array.
    KeepLast,
    /// It fails, and leaves so many slots that work. `last` tells that these are none, because the
    /// array is set to fail its last device too.
    Fail {
        /// The number of the line "Operation continuing on N devices".
        left: usize,
        /// No device works any more.
        last: bool,
    },
}

/// Where a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The slot, below `raid_disks`.
    pub slot: Slot,
    /// In it as the replacement.
    pub replacement: bool,
}

/// Whether the device at `place` may fail. `fail_last` is md's `fail_last_dev`.
pub fn fail(slots: impl Iterator<Item = SlotView>, place: Place, fail_last: bool) -> Failure {
    let mut left: usize = 0;
    let mut failing = None;
    for (index, mut slot) in numbered(slots) {
        if index == place.slot {
            let device = if place.replacement {
                &mut slot.replacement
            } else {
                &mut slot.member
            };
            failing = device.take();
        }
        left = left.saturating_add(usize::from(slot.works()));
    }
    match failing {
        None => Failure::Already,
        Some(device) if device.faulty => Failure::Already,
        // One that never worked takes nothing away.
        Some(device) if left > 0 || !device.works() => Failure::Fail { left, last: false },
        Some(_) if fail_last => Failure::Fail { left, last: true },
        Some(_) => Failure::KeepLast,
    }
}

/// What a device brings along when it is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The only slot that it may have, if md says so (`raid_disk >= 0`).
    pub only: Option<Slot>,
    /// The slot that it was in before (`saved_raid_disk >= 0`).
    pub saved: Option<Slot>,
}

/// Where a spare goes; [`None`] if there is no place for it (`EEXIST`).
///
/// Its former slot, if that is empty; else the first empty one; else it replaces the first member
/// that is in sync, wants it and has no replacement yet. A replacement never comes before a missing
/// member.
pub fn place_spare(slots: impl Iterator<Item = SlotView>, newcomer: Newcomer) -> Option<Place> {
    let mut empty = None;
    let mut wanted = None;
    let mut former = None;
    for (slot, view) in numbered(slots) {
        if newcomer.only.is_some_and(|only| only != slot) {
            continue;
        }
        match (view.member, view.replacement) {
            (None, _) if newcomer.saved == Some(slot) => former = Some(slot),
            (None, _) => empty = empty.or(Some(slot)),
            // One that is still to be recovered can't have a replacement: by their superblocks, an
            // array with both does not start.
            (Some(member), None) if member.want_replacement && member.in_sync => {
                wanted = wanted.or(Some(slot));
            }
            _ => (),
        }
    }
    let member = former.or(empty).map(|slot| Place {
        slot,
        replacement: false,
    });
    member.or(wanted.map(|slot| Place {
        slot,
        replacement: true,
    }))
}

/// What the end of a recovery does to a slot (`spare_active`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// The member becomes in sync.
    pub member: bool,
    /// The replacement becomes in sync.
    pub replacement: bool,
    /// The member has been replaced: it loses `In_sync` and becomes faulty, so that it is removed
    /// and not added again.
    pub retire: bool,
    /// The slot works now, and did not before: one less that is degraded.
    pub gained: bool,
}

/// Looks at one slot after a recovery.
pub fn activate(slot: SlotView) -> Activation {
    let ready = |device: Device| device.recovered && !device.faulty && !device.in_sync;
    let replacement = slot
        .replacement
        .is_some_and(|device| ready(device) && !device.candidate);
    let retire = replacement && slot.member.is_some();
    let member = !retire && slot.member.is_some_and(ready);
    Activation {
        member,
        replacement,
        retire,
        gained: (member || replacement) && !slot.works(),
    }
}

/// What to do about the removal of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is not there.
    Absent,
    /// It is in use, or a recovery can still make it useful (`EBUSY`).
    Busy,
    /// The slot loses it.
    Remove,
    /// The slot loses it, and the replacement takes its place; with no I/O in flight.
    MoveDown,
}

/// Whether the device at `place` may be removed, once no request uses it.
///
/// One that works may not. One that does not work yet is kept as long as there is a slot that does
/// work, from which to recover it.
pub fn remove(slots: impl Iterator<Item = SlotView> + Clone, place: Place) -> Removal {
    let working = working(slots.clone());
    let Some(slot) = slots.clone().nth(usize::from(place.slot)) else {
        return Removal::Absent;
    };
    let (device, moves_down) = if place.replacement {
        (slot.replacement, false)
    } else {
        (slot.member, slot.replacement.is_some())
    };
    match device {
        None => Removal::Absent,
        Some(device) if device.in_sync => Removal::Busy,
        Some(device) if !device.faulty && working > 0 => Removal::Busy,
        Some(_) if moves_down => Removal::MoveDown,
        Some(_) => Removal::Remove,
    }
}

/// Which slot each occupied slot gets when the number of slots becomes `count`, in order and
/// without holes; [`None`] if there are more devices than slots (`EBUSY`).
///
/// A slot moves as a whole, replacement included.
pub fn pack(
    slots: impl Iterator<Item = SlotView> + Clone,
    count: usize,
) -> Option<impl Iterator<Item = (Slot, Slot)>> {
    let occupied = |slot: &SlotView| slot.member.is_some() || slot.replacement.is_some();
    if self::count(slots.clone(), occupied) > count {
        return None;
    }
    let from = numbered(slots).filter(move |(_, slot)| occupied(slot));
    Some((0..Slot::MAX).zip(from).map(|(to, (from, _))| (from, to)))
}
