// SPDX-License-Identifier: GPL-2.0

//! Arrays that change: their size, their number of mirrors, their level.

use kernel::{
    prelude::*,
    sync::{
        atomic::Acquire,
        rcu, //
    },
};

use super::{
    conf::{
        Array,
        Conf, //
    },
    run,
    sync::unfinished, //
};
use crate::{
    abstractions::{
        md::{
            LockedMddev,
            Mddev,
            MddevFlag,
            Rdev,
            RecoveryFlag, //
        },
        noio::NoIoScope, //
    },
    log_line,
    logic::{
        degraded::{
            self,
            pack, //
        },
        read_policy::Slot,
    },
    superblock::consistency::Origin,
};

/// Flags of arrays of other levels, which mean nothing here.
const FOREIGN_FLAGS: &[MddevFlag] = &[
    MddevFlag::HasJournal,
    MddevFlag::JournalClean,
    MddevFlag::HasPpl,
    MddevFlag::HasMultiplePpls,
];

/// Uses `sectors` of each member. Fails with `EBUSY`, and has changed nothing, if a failed write
/// isn't on record yet.
///
/// Context: may sleep; no sync is running.
pub fn resize(conf: &Conf, mddev: &LockedMddev, sectors: u64) -> Result {
    // What is due to be resynced counts below.
    unfinished::forget_rest(conf);
    let size = run::size(mddev, sectors);
    if mddev.external_size() && mddev.array_sectors() > size {
        log_line!(
            Warning,
            "md/raid1:{}: not resized: array_size was set to {} KiB, more than there would be; set it to default first",
            mddev.name(),
            mddev.array_sectors() / 2
        );
        return Err(EINVAL);
    }
    let before = mddev.dev_sectors();
    let synced = mddev.resync_offset();
    resize_bitmap(conf, mddev, before, size)?;
    mddev.set_array_sectors(size);
    if sectors > before && synced > before {
        // What is new has to be synced.
        mddev.set_resync_offset(before);
        run::lower_resync_offset(mddev, conf);
        mddev.recovery().set(RecoveryFlag::Needed);
    }
    mddev.set_dev_sectors(sectors);
    mddev.set_resync_max_sectors(sectors);
    Ok(())
}

/// C makes the bitmap's counts anew, for no writes, since `quiesce` has returned. But a write that
/// waits for the metadata has given its pass back, and will be taken off its count. Nor can it be
/// waited for: who writes the metadata needs `reconfig_mutex`.
///
/// C marks what is new as due to be synced, but for the rest of the region in which the array
/// ended, and only where it had counts; and none of it on disk.
fn resize_bitmap(conf: &Conf, mddev: &LockedMddev, before: u64, size: u64) -> Result {
    if !mddev.bitmap().enabled(false) {
        return Ok(());
    }
    conf.freeze();
    let result = if conf.waiting_writes.load(Acquire) == 0 {
        // Memory must not be waited for by way of writes to this array.
        let _noio = NoIoScope::new();
        let bitmap = mddev.bitmap();
        let result = bitmap.resize(size);
        if result.is_ok() && size > before {
            bitmap.mark_dirty(before, size);
        }
        result
    } else {
        log_line!(
            Warning,
            "md/raid1:{}: not resized: the failure of a write is not on disk yet, try again",
            mddev.name()
        );
        Err(EBUSY)
    };
    conf.thaw();
    result
}

/// What dm-raid adds to a volume has to be synced, too. It does without [`resize`]: it sets the
/// size, resizes the bitmap, of which this is the end, and asks for a sync of what is new. But that
/// sync is forgotten when it's interrupted, and where a leg lacks data it's not asked for.
///
/// Context: the array is quiesced; may sleep. Acts only while dm-raid has frozen syncs, as it does
/// until the volume is resumed.
pub fn note_growth(mddev: &Mddev) {
    let (before, size) = (mddev.resync_max_sectors(), mddev.dev_sectors());
    if !mddev.is_dm() || size <= before || !mddev.recovery().test(RecoveryFlag::Frozen) {
        return;
    }
    let synced = mddev.resync_offset();
    mddev.bitmap().mark_dirty(before, size);
    // Whether a resync is due remains dm-raid's business.
    mddev.set_resync_offset(synced);
    mddev.set_resync_max_sectors(size);
}

/// Changes the number of mirrors by `mddev->delta_disks`. Legs move together, so that the empty
/// slots are the last ones; a replacement moves with the member that it's to replace.
///
/// Context: may sleep; no sync is running.
pub fn change_disks(conf: &Conf, mddev: &LockedMddev) -> Result {
    if mddev.chunk_sectors() != mddev.new_chunk_sectors()
        || mddev.layout() != mddev.new_layout()
        || mddev.level() != mddev.new_level()
    {
        log_line!(
            Warning,
            "md/raid1:{}: has neither chunks nor a layout to change, only a number of mirrors",
            mddev.name()
        );
        mddev.set_new_chunk_sectors(mddev.chunk_sectors());
        mddev.set_new_layout(mddev.layout());
        mddev.set_new_level(mddev.level());
        return Err(EINVAL);
    }
    let before = mddev.raid_disks();
    let wanted = before.saturating_add_signed(mddev.delta_disks() as isize);
    let after = run::allowed_mirrors(mddev, wanted)?;
    // Before memory is allocated, which could wait for a write to this very array.
    mddev.allow_write();
    let Some(moves) = plan(conf, after)? else {
        log_line!(
            Warning,
            "md/raid1:{}: not changed to {} mirrors: more devices have a slot; fail and remove some first",
            mddev.name(),
            after
        );
        return Err(EBUSY);
    };
    let room = conf.legs.room(after.saturating_mul(2))?;
    conf.freeze();
    let arranged = conf
        .legs
        .rearrange(room, |index| moves.place(index, before, after));
    if arranged.is_ok() {
        renumber(conf, mddev, &moves);
        mddev.set_raid_disks(after);
        mddev.set_delta_disks(0);
        count_degraded(conf);
    }
    conf.thaw();
    arranged?;
    if after < before {
        // Whoever is away is no longer missed: from now on the bitmap forgets what they lack.
        conf.departed.distrust_all(mddev.events());
    }
    mddev.recovery().set(RecoveryFlag::Recover);
    mddev.recovery().set(RecoveryFlag::Needed);
    mddev.wake_daemon();
    Ok(())
}

/// Where each occupied slot goes.
struct Moves(KVec<(Slot, Slot)>);

impl Moves {
    /// The new index of what has the old one `index`, in a table of members and replacements.
    fn place(&self, index: usize, before: usize, after: usize) -> usize {
        let (slot, half) = if index < before {
            (index, 0)
        } else {
            (index - before, after)
        };
        self.0
            .iter()
            .find(|(from, _)| usize::from(*from) == slot)
            .map_or(usize::MAX, |(_, to)| half.saturating_add(usize::from(*to)))
    }
}

/// The moves that make it `count` slots; [`None`] if more have a device.
fn plan(conf: &Conf, count: usize) -> Result<Option<Moves>> {
    let slots = conf.raid_disks(&rcu::read_lock());
    let mut moves = KVec::with_capacity(slots, GFP_KERNEL)?;
    let guard = rcu::read_lock();
    let Some(steps) = pack(conf.slot_views(&guard), count) else {
        return Ok(None);
    };
    for step in steps {
        // There is room for all slots.
        let _ = moves.push_within_capacity(step);
    }
    Ok(Some(Moves(moves)))
}

/// Tells md and sysfs where the legs are now.
fn renumber(conf: &Conf, mddev: &LockedMddev, moves: &Moves) {
    let moved = || {
        let is_leg = |rdev: &&Rdev| conf.layout(&rcu::read_lock()).find(rdev).is_some();
        mddev.rdevs().filter(is_leg).filter_map(|rdev| {
            let from = rdev.raid_disk()?;
            let (_, to) = moves
                .0
                .iter()
                .find(|(slot, _)| usize::from(*slot) == from)?;
            (from != usize::from(*to)).then_some((rdev, *to))
        })
    };
    // All of them first: the link that a leg gets may be one that another still has.
    for (rdev, _) in moved() {
        mddev.unlink_rdev(rdev);
    }
    for (rdev, to) in moved() {
        rdev.set_raid_disk(mddev, Some(usize::from(to)));
        if mddev.link_rdev(rdev).is_err() {
            log_line!(
                Warning,
                "md/raid1:{}: cannot register rd{}",
                mddev.name(),
                to
            );
        }
    }
}

fn count_degraded(conf: &Conf) {
    let guard = rcu::read_lock();
    let _membership = conf.membership.lock();
    conf.mddev()
        .set_degraded(degraded::degraded(conf.slot_views(&guard)));
    conf.balance.set_stale();
}

/// Takes over a RAID-5 of two devices, in which each has all of the data.
///
/// Context: may sleep; the array is suspended.
pub fn take_over(mddev: &LockedMddev) -> Result<KBox<Array>> {
    if mddev.level() != 5 || mddev.raid_disks() != 2 {
        log_line!(
            Warning,
            "md/raid1:{}: only a RAID-5 of two devices can become a RAID-1, this is level {} with {}",
            mddev.name(),
            mddev.level(),
            mddev.raid_disks()
        );
        return Err(EINVAL);
    }
    let array = run::set_up(mddev, Origin::Takeover)?;
    mddev.set_new_level(1);
    mddev.set_new_layout(0);
    mddev.set_new_chunk_sectors(0);
    mddev.clear_unsupported_flags(FOREIGN_FLAGS);
    Ok(array)
}
