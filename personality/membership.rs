// SPDX-License-Identifier: GPL-2.0

//! Members come, go, fail, and become active.
//!
//! The rules are in [`crate::logic::degraded`]; here they are applied to md's flags, under
//! [`Conf::membership`].

use kernel::{
    prelude::*,
    sync::{
        atomic::Relaxed,
        rcu, //
    },
};

use super::{
    conf::Conf,
    leg::Leg, //
};
use crate::{
    abstractions::{
        bio::is_submitting,
        in_user_task,
        md::{
            LockedMddev,
            MddevFlag,
            Member,
            Rdev,
            RdevFlag,
            RecoveryFlag,
            SbFlag, //
        },
        percpu_ref::PercpuBox,
        rcu_slots::Removal as Removed,
        synchronize_rcu_expedited, //
    },
    log_line,
    logic::{
        degraded::{
            self,
            activate,
            place_spare,
            Failure,
            Newcomer,
            Place,
            Removal, //
        },
        read_policy::Slot,
    },
};

/// How long the removal of a leg waits for the last request that uses it, in milliseconds. mdadm tries
/// again for 50 ms, and md does so whenever the daemon runs.
const REMOVE_PATIENCE_MS: u32 = 20;

impl Conf {
    /// The index of the slot that `place` means.
    pub fn index(&self, place: Place, guard: &rcu::Guard) -> usize {
        let half = if place.replacement {
            self.raid_disks(guard)
        } else {
            0
        };
        // There is no slot with an index that saturates.
        half.saturating_add(usize::from(place.slot))
    }

    /// Where `rdev` is.
    pub fn find(&self, rdev: &Rdev, guard: &rcu::Guard) -> Option<Place> {
        let (index, _) = self
            .occupied(guard)
            .find(|(_, leg)| leg.rdev().ptr_eq(rdev))?;
        let disks = self.raid_disks(guard);
        let replacement = index >= disks;
        let slot = if replacement { index - disks } else { index };
        Some(Place {
            slot: slot as Slot,
            replacement,
        })
    }

    /// Puts `member` into a slot as a leg.
    ///
    /// Context: may sleep.
    pub fn install(conf: &PercpuBox<Self>, member: &Member<'_>, place: Place) -> Result {
        let reference = conf.try_ref().ok_or(EBUSY)?;
        if !member.block_device().is_rotational() {
            member.flags().set(RdevFlag::NonRotational);
        }
        let leg = PercpuBox::new(Ok(Leg::new(member.handle(), reference)))?;
        let index = conf.index(place, &rcu::read_lock());
        match conf.legs.install(index, leg) {
            Ok(()) => Ok(()),
            Err(leg) => {
                drop(leg);
                Err(EEXIST)
            }
        }
    }
}

/// A device has failed, or a user says so.
///
/// Context: any.
pub fn error(conf: &Conf, rdev: &Rdev) {
    let mddev = conf.mddev();
    let guard = rcu::read_lock();
    let by_request = conf
        .find(rdev, &guard)
        .and_then(|place| conf.legs.peek(conf.index(place, &guard), &guard))
        .is_some_and(Leg::take_failing);
    let failure = {
        let _membership = conf.membership.lock();
        let failure = match conf.find(rdev, &guard) {
            Some(place) => degraded::fail(
                conf.slot_views(&guard),
                place,
                mddev.flags().test(MddevFlag::FailLastDevice),
            ),
            // A spare: it takes nothing away.
            None => Failure::Fail {
                left: degraded::working(conf.slot_views(&guard)),
                last: false,
            },
        };
        if let Failure::Fail { last, .. } = failure {
            if last {
                mddev.flags().set(MddevFlag::Broken);
            }
            let flags = rdev.flags();
            flags.set(RdevFlag::Blocked);
            flags.clear(RdevFlag::InSync);
            flags.set(RdevFlag::Faulty);
            mddev.set_degraded(degraded::degraded(conf.slot_views(&guard)));
            conf.balance.set_stale();
        }
        failure
    };
    match failure {
        Failure::Already => (),
        Failure::KeepLast if by_request || !may_be_command() => (),
        Failure::KeepLast => {
            // This is how md tells a user that the answer is no. It also stops all writes, so the
            // daemon takes it back.
            mddev.flags().set(MddevFlag::Broken);
            conf.unbreak.store(true, Relaxed);
            mddev.wake_daemon();
        }
        Failure::Fail { left, .. } => {
            if let Some(place) = conf.find(rdev, &guard) {
                conf.legs.kill(conf.index(place, &guard), &guard);
            }
            mddev.recovery().set(RecoveryFlag::Interrupted);
            mddev
                .sb_flags()
                .set_all(&[SbFlag::ChangeDevices, SbFlag::ChangePending]);
            log_line!(
                Critical,
                "md/raid1:{}: Disk failure on {}, disabling device.",
                mddev.name(),
                rdev.block_device()
            );
            log_line!(
                Critical,
                "md/raid1:{}: Operation continuing on {} devices.",
                mddev.name(),
                left
            );
        }
    }
}

/// Whether an error may be what a user asked for, and not, say, the end of a failed write of the metadata,
/// for which nobody waits for an answer.
fn may_be_command() -> bool {
    in_user_task() && !is_submitting()
}

/// Lets writes go on after a user was told that the last leg can't be failed.
///
/// Context: the daemon; may sleep.
pub fn unbreak(conf: &Conf) {
    if conf.unbreak.xchg(false, kernel::sync::atomic::Full) {
        // The user's answer is given inside an RCU read-side critical section.
        synchronize_rcu_expedited();
        let guard = rcu::read_lock();
        if degraded::working(conf.slot_views(&guard)) > 0 {
            conf.mddev().flags().clear(MddevFlag::Broken);
        }
    }
}

/// Takes a device in.
pub fn hot_add(conf: &PercpuBox<Conf>, mddev: &LockedMddev, member: &Member<'_>) -> Result {
    let place = {
        let guard = rcu::read_lock();
        let newcomer = Newcomer {
            only: member.raid_disk().map(|slot| slot as Slot),
            saved: member.saved_raid_disk().map(|slot| slot as Slot),
        };
        place_spare(conf.slot_views(&guard), newcomer).ok_or(EEXIST)?
    };
    // A replacement as well: it gets the same requests, so its blocks must not be larger.
    mddev.stack_new_rdev(member)?;
    if place.replacement {
        member.flags().clear(RdevFlag::InSync);
        member.flags().set(RdevFlag::Replacement);
    }
    let before = member.raid_disk();
    member.set_raid_disk(mddev, Some(usize::from(place.slot)));
    if let Err(err) = Conf::install(conf, member, place) {
        member.set_raid_disk(mddev, before);
        if place.replacement {
            member.flags().clear(RdevFlag::Replacement);
        }
        return Err(err);
    }
    Ok(())
}

/// Lets a device go.
pub fn hot_remove(conf: &Conf, mddev: &LockedMddev, rdev: &Rdev) -> Result {
    let guard = rcu::read_lock();
    let Some(place) = conf.find(rdev, &guard) else {
        return Ok(());
    };
    let removal = degraded::remove(conf.slot_views(&guard), place);
    let index = conf.index(place, &guard);
    drop(guard);
    let moves_down = match removal {
        Removal::Absent => return Ok(()),
        Removal::Busy => return Err(EBUSY),
        Removal::Remove => false,
        Removal::MoveDown => true,
    };
    let leg = match conf.legs.remove(index, REMOVE_PATIENCE_MS) {
        Removed::Empty => return Ok(()),
        Removed::Busy => {
            // It may have failed while it was closed on trial, and must not be open then.
            if rdev.flags().test(RdevFlag::Faulty) {
                conf.legs.kill(index, &rcu::read_lock());
            }
            mddev.recovery().set(RecoveryFlag::Needed);
            return Err(EBUSY);
        }
        Removed::Removed(leg) => leg,
    };
    if rdev.pending() != 0 {
        if !rdev.flags().test(RdevFlag::Faulty) {
            leg.resurrect();
        }
        // Somebody waits for it to be unblocked. Its slot is empty, so this succeeds.
        if let Err(leg) = conf.legs.install(index, leg) {
            drop(leg);
        }
        return Err(EBUSY);
    }
    drop(leg);
    if moves_down {
        move_down(conf, index)?;
    }
    rdev.flags().clear(RdevFlag::NonRotational);
    rdev.flags().clear(RdevFlag::WantReplacement);
    mddev.integrity_register()
}

/// The replacement takes the place of the member that was in slot `member`. No write may see it in both
/// places, or in neither.
fn move_down(conf: &Conf, member: usize) -> Result {
    let (slots, replacement) = {
        let guard = rcu::read_lock();
        (
            conf.legs.len(&guard),
            member.saturating_add(conf.raid_disks(&guard)),
        )
    };
    conf.freeze();
    let moved = conf.legs.rearrange(
        slots,
        |index| {
            if index == replacement {
                member
            } else {
                index
            }
        },
    );
    let guard = rcu::read_lock();
    if let (Ok(()), Some(leg)) = (moved, conf.legs.peek(member, &guard)) {
        leg.rdev().flags().clear(RdevFlag::Replacement);
    }
    drop(guard);
    conf.thaw();
    moved
}

/// Devices that are recovered become active. Returns how many slots were gained.
pub fn spare_active(conf: &Conf) -> usize {
    let guard = rcu::read_lock();
    let mut gained: usize = 0;
    {
        let _membership = conf.membership.lock();
        let disks = conf.raid_disks(&guard);
        for (slot, view) in (0..disks).zip(conf.slot_views(&guard)) {
            let activation = activate(view);
            let member = conf.legs.peek(slot, &guard);
            let replacement = slot.saturating_add(disks);
            let replacement = conf.legs.peek(replacement, &guard);
            if let (true, Some(replacement)) = (activation.replacement, replacement) {
                replacement.rdev().flags().set(RdevFlag::InSync);
            }
            if let (true, Some(member)) = (activation.retire, member) {
                // It has not failed, but it must go and not come back.
                member.rdev().flags().clear(RdevFlag::InSync);
                member.rdev().flags().set(RdevFlag::Faulty);
                conf.legs.kill(slot, &guard);
                member.rdev().notify_state();
            }
            if let (true, Some(member)) = (activation.member, member) {
                member.rdev().flags().set(RdevFlag::InSync);
                member.rdev().notify_state();
            }
            gained = gained.saturating_add(usize::from(activation.gained));
        }
        let degraded = degraded::degraded(conf.slot_views(&guard));
        conf.mddev().set_degraded(degraded);
        conf.balance.set_stale();
    }
    gained
}
