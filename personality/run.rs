// SPDX-License-Identifier: GPL-2.0

//! Starting an array.

use kernel::{
    prelude::*,
    sync::{
        atomic::Relaxed,
        rcu, //
    },
};

use super::{
    conf::{
        Array,
        Conf, //
    },
    layout::slot_of,
    superblocks,
    Raid1, //
};
use crate::{
    abstractions::md::{
        LockedMddev,
        Mddev,
        MddevFlag,
        QueueFeatures,
        QueueLimits,
        RdevFlag,
        Thread,
        MAX_SECTOR, //
    },
    log_line,
    logic::{
        degraded::{
            self,
            assemble,
            Assembly,
            Place, //
        },
        read_policy::Slot,
    },
    superblock::consistency::Origin,
};

/// The block layer splits requests at multiples of this many sectors (64 MiB), as for raid1.ko, so
/// that no request is large without limit.
const CHUNK_SECTORS: u32 = 1 << 17;

/// Builds the array's data from its devices, and makes its thread.
///
/// `origin` tells whether the superblocks are those of this array.
///
/// Context: under `reconfig_mutex`; may sleep.
///
/// # Errors
///
/// - [`EINVAL`]: no mirrors, or too many; two devices in one slot; members that contradict each
///   other so that a start would lose data.
/// - [`EIO`]: a replacement whose member is not in sync.
/// - [`ENOMEM`].
pub fn set_up(mddev: &LockedMddev, origin: Origin) -> Result<KBox<Array>> {
    let disks = allowed_mirrors(mddev, mddev.raid_disks())?;
    let conf = Conf::new(mddev.handle(), disks)?;
    // Owns the legs, too, from here on: an error undoes all.
    let array = KBox::new(
        Array {
            conf,
            thread: Thread::new::<Raid1>(mddev, c"raid1")?,
        },
        GFP_KERNEL,
    )?;
    for member in mddev.members() {
        let Some(slot) = member.raid_disk().filter(|slot| *slot < mddev.raid_disks()) else {
            continue;
        };
        // For the leg, which asks whether the device has been here before.
        if member.saved_raid_disk().is_some() && !superblocks::was_in_sync(mddev, &member) {
            member.set_saved_raid_disk(mddev, None);
        }
        let place = Place {
            slot: slot_of(slot),
            replacement: member.flags().test(RdevFlag::Replacement),
        };
        match Conf::install(&array.conf, &member, place) {
            Err(err) if err == EEXIST => {
                log_line!(
                    Warning,
                    "md/raid1:{}: cannot use {}, there is another device in slot {}",
                    mddev.name(),
                    member.block_device(),
                    slot
                );
                return Err(EINVAL);
            }
            other => other?,
        }
    }
    assemble_slots(&array.conf)?;
    superblocks::examine(mddev, origin)?;
    Ok(array)
}

/// `count`, if an array can have so many mirrors; `EINVAL`, and a line that says so, if not. Each
/// of them has a second place, for a replacement.
pub fn allowed_mirrors(mddev: &Mddev, count: usize) -> Result<usize> {
    let most = usize::from(Slot::MAX / 2);
    if (1..=most).contains(&count) {
        return Ok(count);
    }
    log_line!(
        Warning,
        "md/raid1:{}: cannot have {} mirrors, only 1 to {}",
        mddev.name(),
        count,
        most
    );
    Err(EINVAL)
}

/// Sorts out replacements.
fn assemble_slots(conf: &Conf) -> Result {
    let disks = conf.raid_disks(&rcu::read_lock());
    for slot in 0..disks {
        let view = conf.slot_views(&rcu::read_lock()).nth(slot);
        match view.map(assemble) {
            None | Some(Assembly::AsItIs) => (),
            Some(Assembly::MoveDown) => {
                if let Some(leg) = conf.legs.take(slot + disks) {
                    leg.rdev().flags().clear(RdevFlag::Replacement);
                    // The slot is empty, so this succeeds.
                    drop(conf.legs.install(slot, leg).err());
                }
            }
            Some(Assembly::Contradiction) => {
                log_line!(
                    Warning,
                    "md/raid1:{}: slot {} has a replacement, but its member is not in sync",
                    conf.mddev().name(),
                    slot
                );
                return Err(EIO);
            }
        }
    }
    Ok(())
}

/// Starts the array.
///
/// Context: under `reconfig_mutex`; may sleep. Fails with [`EIO`] if no leg has the data.
pub fn run(mddev: &LockedMddev, array: &Array) -> Result {
    // First: md ignores an error after a takeover, and an array without a thread can't do anything.
    array.thread.install(mddev);
    let conf = &array.conf;
    let disks = conf.raid_disks(&rcu::read_lock());
    if mddev.level() != 1 {
        log_line!(
            Warning,
            "md/raid1:{}: raid level not set to mirroring ({})",
            mddev.name(),
            mddev.level()
        );
        return Err(EIO);
    }
    if mddev.reshape_position() != MAX_SECTOR {
        log_line!(
            Warning,
            "md/raid1:{}: reshape_position set but not supported",
            mddev.name()
        );
        return Err(EIO);
    }
    let working = degraded::working(conf.slot_views(&rcu::read_lock()));
    if working == 0 {
        log_line!(
            Warning,
            "md/raid1:{}: no working mirror: all {} are missing, faulty or out of sync",
            mddev.name(),
            disks
        );
        return Err(EINVAL);
    }
    set_limits(mddev, conf)?;
    conf.balance.update(conf);
    mddev.set_degraded(disks.saturating_sub(working));
    if working == 1 {
        distrust_recovered(mddev);
        mark_synced_if_alone(mddev, conf);
    }
    lower_resync_offset(mddev, conf);
    if mddev.resync_offset() != MAX_SECTOR && working > 1 {
        log_line!(
            Info,
            "md/raid1:{}: not clean -- starting background reconstruction",
            mddev.name()
        );
    }
    log_line!(
        Info,
        "md/raid1:{}: active with {} out of {} mirrors",
        mddev.name(),
        working,
        disks
    );
    mddev.flags().set(MddevFlag::FailfastSupported);
    mddev.set_array_sectors(size(mddev, 0));
    mddev.integrity_register()
}

/// If a resync is due, it gives all that they lack to those legs that are still to be recovered.
///
/// Context: no sync is running.
pub fn lower_resync_offset(mddev: &LockedMddev, conf: &Conf) {
    let offset = mddev.resync_offset();
    let start = conf.resync_start(offset);
    if offset != MAX_SECTOR && start < offset {
        mddev.set_resync_offset(start);
    }
}

/// Where a resync is due and there is one leg that's in sync, legs that are being recovered may
/// differ from it in their recovered part, too: a write under way when the power went may have
/// reached one and not the other. No resync will come by there, so the recovery has to.
fn distrust_recovered(mddev: &LockedMddev) {
    let synced = mddev.resync_offset();
    for member in mddev.members() {
        if !member.flags().test(RdevFlag::InSync) && member.recovery_offset() > synced {
            member.set_recovery_offset(synced);
        }
    }
}

/// With one leg in sync there is nothing to resync, so the array counts as synced.
///
/// Not after a crash: md would forget what the bitmap says of members that are away. So the resync
/// stays due; it finds no leg to write to. Where that can't be (a leg is there to be recovered, there
/// is no bitmap, or it's dm-raid's array), the crash is noted instead, as members that are away
/// can't be taken back by the bitmap any more. With a single slot none is away.
fn mark_synced_if_alone(mddev: &LockedMddev, conf: &Conf) {
    if mddev.resync_offset() == MAX_SECTOR {
        return;
    }
    if mddev.raid_disks() == 1 {
        // Nobody is missed, so md forgets it whenever the bitmap was cleared.
        conf.departed.distrust_all(mddev.events());
        mddev.set_resync_offset(MAX_SECTOR);
    } else if mddev.is_dm() || !mddev.has_bitmap_space() || conf.occupied_count() > 1 {
        conf.departed.note_crash(mddev.events());
        mddev.set_resync_offset(MAX_SECTOR);
    }
}

/// The size of an array with `sectors` of each member; 0 stands for what is used now.
pub fn size(mddev: &Mddev, sectors: u64) -> u64 {
    if sectors == 0 {
        mddev.dev_sectors()
    } else {
        sectors
    }
}

fn set_limits(mddev: &LockedMddev, conf: &Conf) -> Result {
    // Spares count, for md core and so for us: one may become a leg later. What comes later still
    // can't have larger blocks.
    let block = mddev
        .members()
        .map(|member| member.block_device().logical_block_size())
        .fold(mddev.logical_block_size().max(512), u32::max);
    conf.block_bytes.store(block, Relaxed);
    // Under dm, dm does that.
    let Some(mut limits) = QueueLimits::new(mddev) else {
        return Ok(());
    };
    limits
        .set_max_write_zeroes_sectors(0)
        .set_max_hw_wzeroes_unmap_sectors(0)
        .set_chunk_sectors(CHUNK_SECTORS)
        .set_logical_block_size(mddev.logical_block_size())
        .add_features(
            QueueFeatures::ATOMIC_WRITES | QueueFeatures::PCI_P2PDMA | QueueFeatures::NOWAIT,
        );
    limits.stack_members()?;
    limits.apply()
}
