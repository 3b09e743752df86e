// SPDX-License-Identifier: GPL-2.0

//! Which leg is in which slot.
//!
//! The lower half of the table are members, the upper half their replacements, in the same order.
//! When the number of mirrors changes, or a replacement takes its member's place, another table is
//! published; so what belongs together has to be asked of one [`Layout`]. Who changes what is
//! counted of it (`mddev->degraded`) takes the layout with [`Conf::membership`] held: whoever
//! publishes another one counts again after that.

use kernel::sync::rcu;

use super::{
    conf::Conf,
    leg::{
        Leg,
        LegRef, //
    }, //
};
use crate::{
    abstractions::{
        md::Rdev,
        rcu_slots::Snapshot, //
    },
    logic::{
        degraded::{
            Device,
            Place,
            SlotView, //
        },
        read_policy::Slot,
    },
};

/// The table of legs at one moment.
#[derive(Clone, Copy)]
pub struct Layout<'a>(Snapshot<'a, Leg>);

impl<'a> Layout<'a> {
    /// How many slots there are for members.
    #[inline]
    pub fn raid_disks(self) -> usize {
        self.0.count() / 2
    }

    /// How many slots there are, those for replacements included.
    #[inline]
    pub fn slots(self) -> usize {
        self.0.count()
    }

    /// A reference to the leg in the slot `index`; [`None`] if it's empty, or the leg closed.
    ///
    /// Context: any.
    #[inline]
    pub fn get(self, index: usize) -> Option<LegRef> {
        self.0.get(index)
    }

    /// What is in the slot `index`, closed or not.
    #[inline]
    pub fn peek(self, index: usize) -> Option<&'a Leg> {
        self.0.peek(index)
    }

    /// The occupied slots, replacements included.
    #[inline]
    pub fn occupied(self) -> impl Iterator<Item = (Slot, &'a Leg)> + Clone + 'a {
        (0..self.0.count()).filter_map(move |index| Some((slot_of(index), self.0.peek(index)?)))
    }

    /// What is in each slot.
    pub fn slot_views(self) -> impl Iterator<Item = SlotView> + Clone + 'a {
        let device = move |index: usize| -> Option<Device> { self.peek(index).map(Leg::device) };
        let disks = self.raid_disks();
        (0..disks).map(move |slot| SlotView {
            member: device(slot),
            replacement: device(slot.saturating_add(disks)),
        })
    }

    /// The index of the slot that `place` means.
    pub fn index(self, place: Place) -> usize {
        let half = if place.replacement {
            self.raid_disks()
        } else {
            0
        };
        // There is no slot with an index that saturates.
        half.saturating_add(usize::from(place.slot))
    }

    /// Where `rdev` is.
    pub fn find(self, rdev: &Rdev) -> Option<Place> {
        let (slot, _) = self.occupied().find(|(_, leg)| leg.rdev().ptr_eq(rdev))?;
        let (index, disks) = (usize::from(slot), self.raid_disks());
        let replacement = index >= disks;
        let slot = if replacement { index - disks } else { index };
        Some(Place {
            slot: slot_of(slot),
            replacement,
        })
    }

    /// Closes the leg in the slot `index`: no request gets a reference to it any more. Tells whether
    /// it was this call that did so.
    ///
    /// Context: any.
    pub(super) fn kill(self, index: usize) -> bool {
        self.0.kill(index)
    }
}

/// The slot with that index. No format of md's has as many as a [`Slot`] can name.
#[inline]
pub fn slot_of(index: usize) -> Slot {
    Slot::try_from(index).unwrap_or(Slot::MAX)
}

impl Conf {
    /// The legs as they are at this moment.
    #[inline]
    pub fn layout<'a>(&'a self, guard: &'a rcu::Guard) -> Layout<'a> {
        Layout(self.legs.snapshot(guard))
    }

    /// How many slots there are for members.
    #[inline]
    pub fn raid_disks(&self, guard: &rcu::Guard) -> usize {
        self.layout(guard).raid_disks()
    }

    /// What is in each slot.
    pub fn slot_views<'a>(
        &'a self,
        guard: &'a rcu::Guard,
    ) -> impl Iterator<Item = SlotView> + Clone + 'a {
        self.layout(guard).slot_views()
    }

    /// The occupied slots, replacements included.
    #[inline]
    pub fn occupied<'a>(
        &'a self,
        guard: &'a rcu::Guard,
    ) -> impl Iterator<Item = (Slot, &'a Leg)> + Clone + 'a {
        self.layout(guard).occupied()
    }

    /// Where a resync has to begin that could begin at `sector`: not behind what a leg lacks that
    /// is still to be recovered. md takes what a resync has passed for recovered, if a recovery is
    /// due as well.
    pub fn resync_start(&self, sector: u64) -> u64 {
        self.occupied(&rcu::read_lock())
            .filter_map(|(_, leg)| leg.lacks_from())
            .fold(sector, u64::min)
    }

    /// How many slots are occupied.
    pub fn occupied_count(&self) -> usize {
        // `count()` would link in a panic.
        self.occupied(&rcu::read_lock())
            .fold(0, |count: usize, _| count.saturating_add(1))
    }
}
