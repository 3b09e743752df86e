// SPDX-License-Identifier: GPL-2.0

//! A look at the members' superblocks when an array starts, and when dm-raid brings one back.
//!
//! md core has loaded and checked them, and decides which devices are members. This tells what they
//! say, and whether they contradict each other, which md core doesn't look for.

use kernel::prelude::*;

use crate::{
    abstractions::{
        log::Plain,
        md::{
            LockedMddev,
            Rdev,
            RdevFlag, //
        },
        pages::Pages,
    },
    log_line,
    superblock::{
        consistency::{
            check,
            Array,
            Member,
            Origin, //
        },
        dm,
        BitmapVersion,
        Contradiction,
        Features,
        Format,
        Level,
        Sector,
        Slot,
        Unverified,
        UnverifiedBitmap,
        BITMAP_SB_BYTES, //
    },
};

/// A member, and the device that it is.
struct Examined<'a> {
    rdev: &'a Rdev,
    member: Member<'a>,
}

/// Logs what the superblocks say, one line each for debugging, and a warning for each
/// contradiction.
///
/// Fails, with `EINVAL`, only where going on would lose data: when devices that have gone separate
/// ways would both be read as if they were alike, or when other nodes of a cluster may be writing
/// to them. `origin` tells whether the superblocks are this array's.
///
/// Context: may sleep.
pub fn examine(mddev: &LockedMddev, origin: Origin) -> Result {
    if !mddev.is_persistent() || mddev.is_external() {
        return Ok(());
    }
    let (major, minor) = mddev.metadata_version();
    let Some(format) = Format::from_md(major, minor) else {
        return Ok(());
    };
    let examined = read(mddev, format)?;
    for examined in &examined {
        if is_clustered(examined)? {
            log_line!(
                Warning,
                "md/raid1:{}: clustered arrays are not supported by raid1_rs; use raid1.ko",
                mddev.name()
            );
            return Err(EINVAL);
        }
    }
    let array = Array {
        format,
        level: Level(mddev.level()),
        raid_disks: u32::try_from(mddev.raid_disks()).unwrap_or(u32::MAX),
        origin,
    };
    let mut result = Ok(());
    check(
        &array,
        examined.iter().map(|examined| &examined.member),
        |contradiction| {
            let Some(examined) = examined.get(contradiction.leg) else {
                return;
            };
            if contradiction.loses_data() {
                result = Err(EINVAL);
            }
            warn(mddev, examined.rdev, contradiction);
        },
    );
    if result.is_err() {
        log_line!(
            Warning,
            "md/raid1:{}: not started, to lose nothing: assemble it from the device whose data you want; then mdadm --zero-superblock the other one, and add it",
            mddev.name()
        );
    }
    result
}

/// Whether `rdev` was in sync when its superblock was written last: else no bitmap tells what it
/// lacks.
///
/// md core goes by that itself, but under dm it's for dm-raid to do so. That one looks at where the
/// recovery of a member was, and forgets it if the member has failed: it takes one that never had
/// all of the data for one that had. A failed member's superblock is no longer written, so it says
/// what the member was.
///
/// There is a price: a member that failed again, in the middle of a recovery by the bitmap, looks
/// the same, and gets everything.
pub fn was_in_sync(mddev: &LockedMddev, rdev: &Rdev) -> bool {
    if !mddev.is_dm() {
        return true;
    }
    // What can't be read is no proof: dm-raid doesn't check that it's still the same device when it
    // takes a member back.
    rdev.superblock(mddev)
        .is_some_and(|bytes| matches!(dm::recovered_to(bytes), Ok(None)))
}

/// Whether a member belongs to an array that the nodes of a cluster share.
///
/// md core finds that out when it loads the bitmap, which is after the personality has started. The
/// superblock says it from the first time on that a node writes it.
#[inline(never)] // A summary is large, and the stack is small.
fn is_clustered(examined: &Examined<'_>) -> Result<bool> {
    let summary = &examined.member.summary;
    if summary.features.contains(Features::CLUSTERED) {
        return Ok(true);
    }
    let Some(Sector(start)) = summary.bitmap else {
        return Ok(false);
    };
    let rdev = examined.rdev;
    let pages = Pages::new(1)?;
    let block = rdev.block_device().logical_block_size() as usize;
    let mut bytes = [0; BITMAP_SB_BYTES];
    if !rdev.read_metadata(start, &pages, bytes.len().max(block)) {
        // md core can't read it either, and doesn't go by it.
        return Ok(false);
    }
    pages.read(&mut bytes);
    Ok(UnverifiedBitmap::new(&bytes)
        .and_then(UnverifiedBitmap::verify)
        .is_ok_and(|bitmap| bitmap.version == BitmapVersion::Clustered))
}

#[cold]
#[inline(never)] // It's called from many places in one function, whose stack frame would grow by each.
fn warn(mddev: &LockedMddev, rdev: &Rdev, contradiction: Contradiction) {
    log_line!(
        Warning,
        "md/raid1:{}: {}: {}",
        mddev.name(),
        rdev.block_device(),
        Plain(contradiction)
    );
}

/// The superblocks that can be read, of members in a slot.
#[inline(never)] // A summary is large, and the stack is small.
fn read<'a>(mddev: &'a LockedMddev, format: Format) -> Result<KVec<Examined<'a>>> {
    // At most a member and a replacement in each slot.
    let mut examined = KVec::with_capacity(mddev.raid_disks().saturating_mul(2), GFP_KERNEL)?;
    for rdev in mddev.rdevs() {
        if rdev
            .raid_disk()
            .is_none_or(|slot| slot >= mddev.raid_disks())
        {
            continue;
        }
        let Some(bytes) = rdev.superblock(mddev) else {
            continue;
        };
        let verified = Unverified::new(bytes)
            .and_then(|bytes| bytes.verify(format, Sector(rdev.superblock_start())));
        match verified {
            Ok(summary) => {
                log_line!(
                    Debug,
                    "md/raid1:{}: {}: {}",
                    mddev.name(),
                    rdev.block_device(),
                    Plain(summary)
                );
                let flags = rdev.flags().load();
                let member = Member {
                    slot: rdev
                        .raid_disk()
                        .and_then(|slot| u32::try_from(slot).ok())
                        .map(Slot),
                    replacement: flags.has(RdevFlag::Replacement),
                    in_sync: flags.has(RdevFlag::InSync) && !flags.has(RdevFlag::Faulty),
                    summary,
                };
                examined.push_within_capacity(Examined { rdev, member })?;
            }
            Err(error) => log_line!(
                Debug,
                "md/raid1:{}: {}: no superblock to go by: {}",
                mddev.name(),
                rdev.block_device(),
                Plain(error)
            ),
        }
    }
    Ok(examined)
}
