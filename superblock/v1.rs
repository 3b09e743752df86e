// SPDX-License-Identifier: GPL-2.0

//! Superblocks of version 1.0, 1.1 and 1.2: `struct mdp_superblock_1` in
//! include/uapi/linux/raid/md_p.h.
//!
//! 256 bytes and two for each device that the array has had, all little-endian. The three differ
//! in nothing but the place: 1.0 at the end of the device, 1.1 at its start, 1.2 at 4 KiB. The
//! checksum covers `256 + 2 * max_dev` bytes; what follows in the page means nothing.

use super::{
    bad_blocks::BadBlockLog,
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
        Sectors, //
    },
    Format,
    Minor,
    SB_BYTES,
    SB_MAGIC, //
};

// Byte offsets.
const MAGIC: usize = 0;
const MAJOR_VERSION: usize = 4;
const FEATURE_MAP: usize = 8;
const PAD0: usize = 12;
const SET_UUID: usize = 16;
const SET_NAME: usize = 32;
const LEVEL: usize = 72;
const SIZE: usize = 80;
const RAID_DISKS: usize = 92;
const BITMAP_OFFSET: usize = 96;
const NEW_LEVEL: usize = 100;
const RESHAPE_POSITION: usize = 104;
const DELTA_DISKS: usize = 112;
const DATA_OFFSET: usize = 128;
const DATA_SIZE: usize = 136;
const SUPER_OFFSET: usize = 144;
const RECOVERY_OFFSET: usize = 152;
const DEV_NUMBER: usize = 160;
const CNT_CORRECTED_READ: usize = 164;
const DEVICE_UUID: usize = 168;
const DEVFLAGS: usize = 184;
const BBLOG_SHIFT: usize = 185;
const BBLOG_SIZE: usize = 186;
const BBLOG_OFFSET: usize = 188;
const EVENTS: usize = 200;
const RESYNC_OFFSET: usize = 208;
const MAX_DEV: usize = 220;
const LOGICAL_BLOCK_SIZE: usize = 224;
const PAD3: usize = 228;
const PAD3_BYTES: usize = 28;
const DEV_ROLES: usize = 256;

const WRITE_MOSTLY: u8 = 1;
const FAILFAST: u8 = 2;

/// The space for data has to be at least this large for md.
const LEAST_DATA: Sectors = Sectors(10);

/// The bytes under the checksum, the table of roles last.
struct Covered<'a> {
    all: &'a [u8],
    roles: &'a [u8],
}

impl<'a> Covered<'a> {
    fn of(page: Block<'a, SB_BYTES>) -> Result<Self, Error> {
        let max_dev = page.le32::<MAX_DEV>();
        let all = usize::try_from(max_dev)
            .ok()
            .and_then(|devices| devices.checked_mul(2)?.checked_add(DEV_ROLES))
            .and_then(|len| page.bytes().get(..len));

        match all.and_then(|all| Some((all, all.get(DEV_ROLES..)?))) {
            Some((all, roles)) => Ok(Self { all, roles }),
            None => Err(Error::MaxDev { found: max_dev }),
        }
    }

    /// Where the superblock ends that starts at sector `at`, up to a whole sector.
    ///
    /// md rounds up to the device's logical block size, which isn't known here.
    fn end(&self, at: Sector) -> Option<Sector> {
        let sectors = u64::try_from(self.all.len().div_ceil(512)).ok()?;
        at.0.checked_add(sectors).map(Sector)
    }
}

/// Verifies a superblock that was read from sector `at`, and reads it.
pub(super) fn verify(
    page: Block<'_, SB_BYTES>,
    minor: Minor,
    at: Sector,
) -> Result<Summary<'_>, Error> {
    let magic = page.le32::<MAGIC>();
    if magic != SB_MAGIC {
        return Err(Error::Magic {
            found: magic,
            expected: SB_MAGIC,
        });
    }

    let major = page.le32::<MAJOR_VERSION>();
    if major != 1 {
        return Err(Error::Version { major, minor: 0 });
    }

    // How much the checksum covers is itself in the superblock.
    let covered = Covered::of(page)?;
    let recorded = page.le32::<{ checksum::V1_AT }>();
    let computed = checksum::v1(covered.all);
    if recorded != computed {
        return Err(Error::Checksum { recorded, computed });
    }

    let super_offset = Sector(page.le64::<SUPER_OFFSET>());
    if super_offset != at {
        return Err(Error::SuperOffset {
            recorded: super_offset,
            expected: at,
        });
    }

    // md has no lower limit here, and run() fails with no slot to fill.
    let raid_disks = page.le_i32::<RAID_DISKS>();
    if raid_disks <= 0 {
        return Err(Error::RaidDisks { found: raid_disks });
    }

    let features = Features::from_bits(page.le32::<FEATURE_MAP>());
    let device = DevNumber(page.le32::<DEV_NUMBER>());
    let roles = Roles::v1(covered.roles);
    // md makes a spare of a device that is not in its own table.
    let role = roles.of(device).unwrap_or(Role::Spare);
    let devflags = page.byte::<DEVFLAGS>();
    let resync_offset = Sector(page.le64::<RESYNC_OFFSET>());
    let clean = resync_offset == Sector::MAX;

    Ok(Summary {
        format: Format::V1(minor),
        superblock: at,
        array_uuid: Uuid::from_bytes(page.array::<SET_UUID, 16>()),
        device_uuid: Some(Uuid::from_bytes(page.array::<DEVICE_UUID, 16>())),
        name: Name::from_bytes(page.array::<SET_NAME, { Name::LEN }>()),
        level: Level(page.le_i32::<LEVEL>()),
        raid_disks: raid_disks.unsigned_abs(),
        device,
        role,
        roles,
        replacement: features.contains(Features::REPLACEMENT),
        write_mostly: devflags & WRITE_MOSTLY != 0,
        failfast: devflags & FAILFAST != 0,
        events: Events(page.le64::<EVENTS>()),
        features,
        new_feature_padding: page.le32::<PAD0>() != 0
            || page.array::<PAD3, PAD3_BYTES>() != [0; PAD3_BYTES],
        data: data(page, &covered, minor, at)?,
        used: Sectors(page.le64::<SIZE>()),
        recovered_to: (role.slot().is_some() && features.contains(Features::RECOVERY_OFFSET))
            .then(|| Sector(page.le64::<RECOVERY_OFFSET>())),
        resync_from: (!clean).then_some(resync_offset),
        clean,
        bitmap: bitmap(page, features, at)?,
        bad_blocks: BadBlockLog::locate(
            at,
            page.le_i32::<BBLOG_OFFSET>(),
            page.le16::<BBLOG_SIZE>(),
            page.byte::<BBLOG_SHIFT>(),
            features.contains(Features::BAD_BLOCKS),
        )?,
        corrected_reads: page.le32::<CNT_CORRECTED_READ>(),
        logical_block_size: page.le32::<LOGICAL_BLOCK_SIZE>(),
        reshape: features.contains(Features::RESHAPE).then(|| Reshape {
            position: Sector(page.le64::<RESHAPE_POSITION>()),
            new_level: Level(page.le_i32::<NEW_LEVEL>()),
            delta_disks: page.le_i32::<DELTA_DISKS>(),
        }),
    })
}

/// The range of the device that can hold data: outside of the superblock, by md's own measure.
fn data(
    page: Block<'_, SB_BYTES>,
    covered: &Covered<'_>,
    minor: Minor,
    at: Sector,
) -> Result<Extent, Error> {
    let (start, len) = (
        Sector(page.le64::<DATA_OFFSET>()),
        Sectors(page.le64::<DATA_SIZE>()),
    );
    if len < LEAST_DATA {
        return Err(Error::DataSize { found: len });
    }
    let data = Extent::new(start, len).ok_or(Error::DataRange { start, len })?;

    let apart = match minor {
        // At the end of the device. md compares the size, not the end, with the superblock's place;
        // whether the part that the array uses ends before it is tested by md_run().
        Minor::Zero => len.0 <= at.0,
        Minor::One | Minor::Two => covered.end(at).is_some_and(|end| start >= end),
    };
    if !apart {
        return Err(Error::DataOverlapsSuperblock {
            data,
            superblock: at,
        });
    }
    Ok(data)
}

/// Where the bitmap is. An offset of 0 is md's way to say that there is none.
fn bitmap(
    page: Block<'_, SB_BYTES>,
    features: Features,
    at: Sector,
) -> Result<Option<Sector>, Error> {
    let offset = page.le_i32::<BITMAP_OFFSET>();
    if offset == 0 || !features.contains(Features::BITMAP) {
        return Ok(None);
    }
    at.offset_by(offset)
        .map(Some)
        .ok_or(Error::BitmapOffset { offset })
}
