// SPDX-License-Identifier: GPL-2.0

//! Superblocks of version 0.90: `mdp_super_t` in include/uapi/linux/raid/md_p.h.
//!
//! 4096 bytes of 32-bit words in the byte order of the machine that wrote them, all of them under
//! the checksum; md reads it with its own byte order, and so does this. It lies in the last 64 to
//! 128 KiB of the device, data starts at sector 0, and there is no feature map: what 1.x says with
//! features is either a state bit or can't be said.

use super::{
    bytes::Block,
    checksum,
    error::Error,
    feature::Features,
    identity::{
        Name,
        Uuid, //
    },
    role::{
        Role,
        Roles, //
    },
    summary::{
        Reshape,
        Summary, //
    },
    units::{
        DevNumber,
        Events,
        Extent,
        Level,
        Sector,
        Sectors,
        Slot, //
    },
    Format,
    SB_BYTES,
    SB_MAGIC, //
};

// Byte offsets; the words are numbered in md_p.h.
const MAGIC: usize = 0;
const MAJOR_VERSION: usize = 4;
const MINOR_VERSION: usize = 2 * 4;
const SET_UUID0: usize = 5 * 4;
const LEVEL: usize = 7 * 4;
const SIZE: usize = 8 * 4;
const RAID_DISKS: usize = 10 * 4;
const SET_UUID1: usize = 13 * 4;
const SET_UUID2: usize = 14 * 4;
const SET_UUID3: usize = 15 * 4;
const STATE: usize = 33 * 4;
// The halves are in the machine's order too, which makes each pair one native 64-bit number.
const EVENTS: usize = 39 * 4;
const CP_EVENTS: usize = 41 * 4;
const RECOVERY_CP: usize = 43 * 4;
const RESHAPE_POSITION: usize = 44 * 4;
const NEW_LEVEL: usize = 46 * 4;
const DELTA_DISKS: usize = 47 * 4;
const DISKS_AT: usize = 128 * 4;
const DISK_BYTES: usize = 32 * 4;
const THIS_DISK_NUMBER: usize = 992 * 4;

// Inside a descriptor.
const DISK_RAID_DISK: usize = 3 * 4;
const DISK_STATE: usize = 4 * 4;

/// The number of descriptors, `MD_SB_DISKS`.
pub(super) const DISKS: usize = 27;

// `state` of the array.
const STATE_CLEAN: u32 = 1 << 0;
const STATE_BITMAP_PRESENT: u32 = 1 << 8;

// `state` of a device.
const DISK_FAULTY: u32 = 1 << 0;
const DISK_ACTIVE: u32 = 1 << 1;
const DISK_SYNC: u32 = 1 << 2;
const DISK_REMOVED: u32 = 1 << 3;
const DISK_WRITE_MOSTLY: u32 = 1 << 9;
const DISK_FAILFAST: u32 = 1 << 10;

/// Minor version of an array that is being reshaped; 90 otherwise.
const MINOR_RESHAPING: u32 = 91;

/// md puts the bitmap right behind the superblock.
const BITMAP_OFFSET: i32 = (SB_BYTES / 512) as i32;

/// What the superblock says of one device.
pub(super) struct Descriptor {
    raid_disk: u32,
    state: u32,
}

impl Descriptor {
    /// The descriptor with this index; `None` past the last one.
    pub(super) fn of(page: Block<'_, SB_BYTES>, index: usize) -> Option<Self> {
        if index >= DISKS {
            return None;
        }
        let at = index.checked_mul(DISK_BYTES)?.checked_add(DISKS_AT)?;
        Some(Self {
            raid_disk: page.ne32_at(at.checked_add(DISK_RAID_DISK)?)?,
            state: page.ne32_at(at.checked_add(DISK_STATE)?)?,
        })
    }

    /// The device's role, by the rules of `super_90_validate()`.
    pub(super) fn role(&self, reshaping: bool) -> Role {
        if self.state & DISK_FAULTY != 0 {
            Role::Faulty
        } else if self.state & DISK_SYNC != 0 || self.recovers(reshaping) {
            Role::Active(Slot(self.raid_disk))
        } else if self.state & DISK_REMOVED != 0 {
            Role::Faulty
        } else {
            Role::Spare
        }
    }

    /// Whether the device is in a slot but not in sync. Only a reshape leaves that on disk:
    /// otherwise a device that is being recovered is recorded as a spare.
    fn recovers(&self, reshaping: bool) -> bool {
        reshaping && self.state & (DISK_SYNC | DISK_ACTIVE) == DISK_ACTIVE
    }
}

/// Verifies a superblock that was read from sector `at`, and reads it.
pub(super) fn verify(page: Block<'_, SB_BYTES>, at: Sector) -> Result<Summary<'_>, Error> {
    let magic = page.ne32::<MAGIC>();
    if magic == SB_MAGIC.swap_bytes() {
        return Err(Error::ByteOrder);
    }
    if magic != SB_MAGIC {
        return Err(Error::Magic {
            found: magic,
            expected: SB_MAGIC,
        });
    }

    let (major, minor) = (page.ne32::<MAJOR_VERSION>(), page.ne32::<MINOR_VERSION>());
    if major != 0 || !(90..=MINOR_RESHAPING).contains(&minor) {
        return Err(Error::Version { major, minor });
    }

    let recorded = page.ne32::<{ checksum::V0_AT }>();
    let computed = checksum::v0(page.bytes());
    if checksum::v0_fold(recorded) != checksum::v0_fold(computed) {
        return Err(Error::Checksum { recorded, computed });
    }

    let raid_disks = page.ne_i32::<RAID_DISKS>();
    if raid_disks <= 0 {
        return Err(Error::RaidDisks { found: raid_disks });
    }

    // md takes this index on trust for a device that it loads first.
    let number = page.ne32::<THIS_DISK_NUMBER>();
    let descriptor = usize::try_from(number)
        .ok()
        .and_then(|index| Descriptor::of(page, index))
        .ok_or(Error::DeviceNumber { found: number })?;

    let level = Level(page.ne_i32::<LEVEL>());
    let data = data(page, at, level)?;
    let state = page.ne32::<STATE>();
    let clean = state & STATE_CLEAN != 0;
    let reshaping = minor == MINOR_RESHAPING;
    let events = page.ne64::<EVENTS>();
    let checkpoint_events = page.ne64::<CP_EVENTS>();

    Ok(Summary {
        format: Format::V0,
        superblock: at,
        array_uuid: Uuid::from_words([
            page.ne32::<SET_UUID0>(),
            page.ne32::<SET_UUID1>(),
            page.ne32::<SET_UUID2>(),
            page.ne32::<SET_UUID3>(),
        ]),
        device_uuid: None,
        name: Name::EMPTY,
        level,
        raid_disks: raid_disks.unsigned_abs(),
        device: DevNumber(number),
        role: descriptor.role(reshaping),
        roles: Roles::v0(page, reshaping),
        replacement: false,
        write_mostly: descriptor.state & DISK_WRITE_MOSTLY != 0,
        failfast: descriptor.state & DISK_FAILFAST != 0,
        events: Events(events),
        features: Features::NONE,
        new_feature_padding: false,
        data,
        used: data.len(),
        // How far the device has got is not recorded.
        recovered_to: descriptor.recovers(reshaping).then_some(Sector(0)),
        // The checkpoint counts only if nothing was updated after it.
        resync_from: match (clean, checkpoint_events == events) {
            (true, _) => None,
            (false, true) => Some(Sector(u64::from(page.ne32::<RECOVERY_CP>()))),
            (false, false) => Some(Sector(0)),
        },
        clean,
        bitmap: match state & STATE_BITMAP_PRESENT {
            0 => None,
            _ => Some(at.offset_by(BITMAP_OFFSET).ok_or(Error::BitmapOffset {
                offset: BITMAP_OFFSET,
            })?),
        },
        bad_blocks: None,
        corrected_reads: 0,
        logical_block_size: 0,
        reshape: reshaping.then(|| Reshape {
            position: Sector(page.ne64::<RESHAPE_POSITION>()),
            new_level: Level(page.ne_i32::<NEW_LEVEL>()),
            delta_disks: page.ne_i32::<DELTA_DISKS>(),
        }),
    })
}

/// The range of the device that holds data. It starts at 0, and the size is recorded in KiB.
fn data(page: Block<'_, SB_BYTES>, at: Sector, level: Level) -> Result<Extent, Error> {
    let len = Sectors(u64::from(page.ne32::<SIZE>()) << 1);
    let data = Extent::new(Sector(0), len).ok_or(Error::DataRange {
        start: Sector(0),
        len,
    })?;
    // As in md, where linear and RAID-0 don't have the size recorded.
    if level.0 >= 1 && data.end() > at {
        return Err(Error::DataOverlapsSuperblock {
            data,
            superblock: at,
        });
    }
    Ok(data)
}
