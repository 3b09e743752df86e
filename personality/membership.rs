// SPDX-License-Identifier: GPL-2.0

//! Members come, go, fail, and become active.
//!
//! The rules are in [`crate::logic::degraded`]; here they are applied to md's flags, under
//! [`Conf::membership`].

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Full,
            Relaxed, //
        },
        rcu, //
    },
};

use super::{
    conf::Conf,
    departed::Notes,
    layout::slot_of,
    leg::Leg,
    run::lower_resync_offset, //
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
        rcu_slots::{
            Removal as Removed,
            Room, //
        },
        synchronize_rcu_expedited, //
    },
    log_line,
    logic::degraded::{
        self,
        activate,
        place_spare,
        Failure,
        Newcomer,
        Place,
        Removal, //
    },
};

/// How long the removal of a leg waits for the last request that uses it, in milliseconds. mdadm
/// tries again for 50 ms, and md does so whenever the daemon runs.
const REMOVE_PATIENCE_MS: u32 = 20;

impl Conf {
    /// Puts `member` into a slot as a leg.
    ///
    /// Context: may sleep.
    pub fn install(conf: &PercpuBox<Self>, member: &Member<'_>, place: Place) -> Result {
        let reference = conf.try_ref().ok_or(EBUSY)?;
        conf.departed
            .make_room(conf.occupied_count().saturating_add(1))?;
        if !member.block_device().is_rotational() {
            member.flags().set(RdevFlag::NonRotational);
        }
        let leg = PercpuBox::new(Ok(Leg::new(member.handle(), reference)))?;
        let index = conf.layout(&rcu::read_lock()).index(place);
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
    let from_failed_io = conf
        .occupied(&guard)
        .find(|(_, leg)| leg.rdev().ptr_eq(rdev))
        .is_some_and(|(_, leg)| leg.take_reporting_io_error());
    let has_record = conf.has_record();
    let failure = {
        let _membership = conf.membership.lock();
        // The legs may move while this runs: nothing that it looks at or closes may be another
        // one's.
        let legs = conf.layout(&guard);
        let place = legs.find(rdev);
        let failure = match place {
            Some(place) => degraded::fail(
                legs.slot_views(),
                place,
                mddev.flags().test(MddevFlag::FailLastDevice),
            ),
            // A spare: it takes nothing away.
            None => Failure::Fail {
                left: degraded::working(legs.slot_views()),
                last: false,
            },
        };
        if let Failure::Fail { last, .. } = failure {
            if last {
                mddev.flags().set(MddevFlag::Broken);
            }
            let flags = rdev.flags();
            if has_record {
                flags.set(RdevFlag::Blocked);
            }
            flags.clear(RdevFlag::InSync);
            let hold = place.and_then(|place| legs.hold(legs.index(place)));
            flags.set(RdevFlag::Faulty);
            mddev.set_degraded(degraded::degraded(legs.slot_views()));
            conf.balance.set_stale();
            if let Some(hold) = hold {
                hold.close();
            }
        }
        failure
    };
    match failure {
        Failure::Already => (),
        Failure::KeepLast if from_failed_io => (),
        Failure::KeepLast if !may_be_command() => conf.metadata_failed(rdev),
        Failure::KeepLast => {
            // This is how md tells a user that the answer is no. It also stops all writes, so the
            // daemon takes it back.
            mddev.flags().set(MddevFlag::Broken);
            conf.unbreak.store(true, Relaxed);
            mddev.wake_daemon();
        }
        Failure::Fail { left, .. } => {
            mddev.recovery().set(RecoveryFlag::Interrupted);
            let changes: &[SbFlag] = if has_record {
                &[SbFlag::ChangeDevices, SbFlag::ChangePending]
            } else {
                &[SbFlag::ChangeDevices]
            };
            mddev.sb_flags().set_all(changes);
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

/// Whether an error may be what a user asked for, and not, say, the end of a failed write of the
/// metadata, for which nobody waits for an answer.
fn may_be_command() -> bool {
    in_user_task() && !is_submitting()
}

/// Lets writes go on after a user was told that the last leg can't be failed.
///
/// Context: the daemon; may sleep.
pub fn unbreak(conf: &Conf) {
    if conf.unbreak.xchg(false, Full) {
        // A user who asks by ioctl has the answer inside of an RCU read-side critical section. (One
        // who asks by sysfs has the mutex, for which the daemon must not wait, as all writes are
        // refused meanwhile.)
        synchronize_rcu_expedited();
        let guard = rcu::read_lock();
        if degraded::working(conf.slot_views(&guard)) > 0 {
            conf.mddev().flags().clear(MddevFlag::Broken);
        }
    }
}

/// Takes a device in.
///
/// Context: under `reconfig_mutex`; may sleep. Fails with [`EEXIST`] if there is no slot for it,
/// and as [`LockedMddev::stack_new_rdev`] and the registration of its integrity profile do; nothing
/// has changed then.
pub fn hot_add(conf: &PercpuBox<Conf>, mddev: &LockedMddev, member: &Member<'_>) -> Result {
    let place = {
        let guard = rcu::read_lock();
        let newcomer = Newcomer {
            only: member.raid_disk().map(slot_of),
            saved: member.saved_raid_disk().map(slot_of),
        };
        place_spare(conf.slot_views(&guard), newcomer).ok_or(EEXIST)?
    };
    let notes = Notes {
        bitmap: mddev.bitmap().identity(),
        cleared: mddev
            .bitmap()
            .stats()
            .map_or(0, |stats| stats.events_cleared),
    };
    if !conf.departed.bitmap_covers(mddev, member, notes) {
        member.set_saved_raid_disk(mddev, None);
    }
    // A replacement as well: it gets the same requests, so its blocks must not be larger.
    mddev.stack_new_rdev(member)?;
    if place.replacement {
        member.flags().clear(RdevFlag::InSync);
        member.flags().set(RdevFlag::Replacement);
        // It gets everything, and its superblock must not say that the bitmap tells what it lacks.
        member.set_saved_raid_disk(mddev, None);
    }
    // Whoever comes by sysfs may have left in the middle of a recovery, and missed writes to the
    // part that it had.
    member.set_recovery_offset(0);
    let before = member.raid_disk();
    member.set_raid_disk(mddev, Some(usize::from(place.slot)));
    if let Err(err) = Conf::install(conf, member, place) {
        member.set_raid_disk(mddev, before);
        if place.replacement {
            member.flags().clear(RdevFlag::Replacement);
        }
        return Err(err);
    }
    lower_resync_offset(mddev, conf);
    Ok(())
}

/// Lets a device go.
///
/// Context: under `reconfig_mutex`; may sleep. Fails with [`EBUSY`] if the array can't do without
/// the device, or if requests still use it: md and mdadm come back.
pub fn hot_remove(conf: &Conf, mddev: &LockedMddev, rdev: &Rdev) -> Result {
    let (removal, index, slots) = {
        let guard = rcu::read_lock();
        let legs = conf.layout(&guard);
        let Some(place) = legs.find(rdev) else {
            return Ok(());
        };
        (
            degraded::remove(legs.slot_views(), place),
            legs.index(place),
            legs.slots(),
        )
    };
    // Memory first: a replacement whose member has gone must come to its place.
    let room = match removal {
        Removal::Absent => return Ok(()),
        Removal::Busy => return Err(EBUSY),
        Removal::Remove => None,
        Removal::MoveDown => Some(conf.legs.room(slots)?),
    };
    // A leg that has not failed gets all writes, and if it can't go now it stays. So it's closed
    // only while there are no writes that it would miss.
    let stays_whole = !rdev.flags().test(RdevFlag::Faulty);
    if stays_whole {
        conf.freeze();
    }
    let taken = take_out(conf, mddev, rdev, index);
    if stays_whole {
        conf.thaw();
    }
    taken?;
    if let Some(room) = room {
        move_down(conf, index, room)?;
    }
    rdev.flags().clear(RdevFlag::NonRotational);
    rdev.flags().clear(RdevFlag::WantReplacement);
    mddev.integrity_register()
}

/// Takes the leg of `rdev` out of its slot, if nobody uses it any more.
fn take_out(conf: &Conf, mddev: &LockedMddev, rdev: &Rdev, index: usize) -> Result {
    match conf.legs.remove(index, REMOVE_PATIENCE_MS) {
        Removed::Empty => return Ok(()),
        Removed::Busy => mddev.recovery().set(RecoveryFlag::Needed),
        Removed::Removed(leg) => {
            if rdev.pending() == 0 {
                conf.departed.note(mddev, rdev, leg.departure());
                return Ok(());
            }
            // Somebody waits for it to be unblocked.
            if !rdev.flags().test(RdevFlag::Faulty) {
                leg.resurrect();
            }
            // Its slot is empty, so this succeeds.
            if let Err(leg) = conf.legs.install(index, leg) {
                drop(leg);
            }
        }
    }
    // It may have failed while it was closed on trial, or in no slot: then it must not be open.
    let guard = rcu::read_lock();
    let _membership = conf.membership.lock();
    if rdev.flags().test(RdevFlag::Faulty) {
        if let Some(hold) = conf.layout(&guard).hold(index) {
            hold.close();
        }
    }
    Err(EBUSY)
}

/// The replacement takes the place of the member that was in slot `member`. No write may see it in
/// both places, or in neither.
fn move_down(conf: &Conf, member: usize, room: Room<Leg>) -> Result {
    let replacement = member.saturating_add(conf.raid_disks(&rcu::read_lock()));
    conf.freeze();
    let moved = conf.legs.rearrange(
        room,
        |index| {
            if index == replacement {
                member
            } else {
                index
            }
        },
    );
    if let (Ok(()), Some(leg)) = (moved, conf.layout(&rcu::read_lock()).peek(member)) {
        leg.rdev().flags().clear(RdevFlag::Replacement);
    }
    conf.thaw();
    moved
}

/// Devices that are recovered become active. Returns how many slots were gained.
///
/// Context: the daemon, or a task that starts a sync; under `reconfig_mutex`.
pub fn spare_active(conf: &Conf) -> usize {
    let mut gained: usize = 0;
    let mut renewed = false;
    {
        let guard = rcu::read_lock();
        let _membership = conf.membership.lock();
        let legs = conf.layout(&guard);
        let disks = legs.raid_disks();
        for (slot, view) in (0..disks).zip(legs.slot_views()) {
            let activation = activate(view);
            let member = legs.peek(slot);
            let replacement = legs.peek(slot.saturating_add(disks));
            if let (true, Some(replacement)) = (activation.replacement, replacement) {
                renewed |= replacement.is_new();
                replacement.set_complete();
                replacement.rdev().flags().set(RdevFlag::InSync);
            }
            if let (true, Some(member)) = (activation.retire, member) {
                // It has not failed, but it must go and not come back. Writes pass it by from now
                // on, so the metadata has to tell before the next of them ends.
                member.set_retired();
                if !conf.mddev().is_external() {
                    member.rdev().flags().set(RdevFlag::Blocked);
                }
                let hold = legs.hold(slot);
                member.rdev().flags().clear(RdevFlag::InSync);
                member.rdev().flags().set(RdevFlag::Faulty);
                if let Some(hold) = hold {
                    hold.close();
                }
                member.rdev().notify_state();
            }
            if let (true, Some(member)) = (activation.member, member) {
                renewed |= member.is_new();
                member.set_complete();
                member.rdev().flags().set(RdevFlag::InSync);
                member.rdev().notify_state();
            }
            gained = gained.saturating_add(usize::from(activation.gained));
        }
        conf.mddev()
            .set_degraded(degraded::degraded(legs.slot_views()));
        conf.balance.set_stale();
    }
    if renewed {
        conf.departed.distrust_all(conf.mddev().events());
    }
    gained
}
