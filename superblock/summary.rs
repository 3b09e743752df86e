// SPDX-License-Identifier: GPL-2.0

//! What a verified superblock says, the same for all formats.

use super::{
    bad_blocks::BadBlockLog,
    feature::Features,
    identity::{
        Name,
        Uuid, //
    },
    role::{
        Role,
        Roles, //
    },
    units::{
        DevNumber,
        Events,
        Extent,
        Level,
        Sector,
        Sectors, //
    },
    Format, //
};
use core::fmt;

/// The contents of a superblock whose magic, version, checksum and geometry are good.
///
/// Only [`Unverified::verify`](super::Unverified::verify) makes one. It borrows the page for its
/// table of roles; everything else is copied out. That the bytes are what md wrote says nothing of
/// whether they fit the array: for that see [`consistency`](super::consistency).
///
/// Its `Display` is one line for a log.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// The metadata format.
    pub format: Format,
    /// Where the superblock is on the device.
    pub superblock: Sector,
    /// The array's UUID (`set_uuid`).
    pub array_uuid: Uuid,
    /// The device's own UUID; 0.90 has none.
    pub device_uuid: Option<Uuid>,
    /// The array's name; empty for 0.90.
    pub name: Name,
    /// The array's level. During a takeover it is still the one before.
    pub level: Level,
    /// The number of slots of the array.
    pub raid_disks: u32,
    /// This device's number, its index in [`roles`](Self::roles).
    pub device: DevNumber,
    /// What this device is.
    pub role: Role,
    /// What every device of the array is, by the account of this one.
    pub roles: Roles<'a>,
    /// Whether this device replaces the one in the same slot (1.x).
    pub replacement: bool,
    /// Whether reads should avoid this device.
    pub write_mostly: bool,
    /// Whether I/O to this device should fail early.
    pub failfast: bool,
    /// The count of superblock updates.
    pub events: Events,
    /// The feature map (1.x).
    pub features: Features,
    /// Whether padding is not zero, which may be a feature of the future (1.x). md refuses to
    /// load such a superblock unless its parameter `check_new_feature` is off.
    pub new_feature_padding: bool,
    /// The range of this device that can hold data.
    pub data: Extent,
    /// How much of [`data`](Self::data) the array uses (`size`, `dev_sectors` in md).
    pub used: Sectors,
    /// An active device is in sync only below this array position. `None`: all of it is, or the
    /// device is not active.
    pub recovered_to: Option<Sector>,
    /// The array position from which mirrors may differ. `None`: nowhere.
    pub resync_from: Option<Sector>,
    /// Whether no write was in flight when this was written.
    pub clean: bool,
    /// Where the internal bitmap is on the device, if there is one.
    pub bitmap: Option<Sector>,
    /// Where the bad-block log is on the device, if there is one (1.x).
    pub bad_blocks: Option<BadBlockLog>,
    /// The number of read errors that rewriting cured (1.x).
    pub corrected_reads: u32,
    /// The logical block size of the array in bytes; 0 where it is not recorded.
    pub logical_block_size: u32,
    /// The reshape that is going on, if any.
    pub reshape: Option<Reshape>,
}

/// A change of the array's shape that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// How far it has got, an array position.
    pub position: Sector,
    /// The level it leads to.
    pub new_level: Level,
    /// The number of slots it adds.
    pub delta_disks: i32,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metadata {} at {}", self.format, self.superblock)?;
        if !self.name.is_empty() {
            write!(f, ", array '{}'", self.name)?;
        }
        write!(
            f,
            ", uuid {}, {} of {}, device {} {}",
            self.array_uuid, self.level, self.raid_disks, self.device, self.role
        )?;
        for (set, text) in [
            (self.replacement, " replacement"),
            (self.write_mostly, " write-mostly"),
            (self.failfast, " failfast"),
        ] {
            if set {
                f.write_str(text)?;
            }
        }
        write!(f, ", events {}", self.events)?;
        f.write_str(if self.clean { ", clean" } else { ", active" })?;
        if let Some(position) = self.resync_from {
            write!(f, ", resync from {position}")?;
        }
        if let Some(position) = self.recovered_to {
            write!(f, ", recovered to {position}")?;
        }
        write!(f, ", data {} ({} used)", self.data, self.used)?;
        if let Some(sector) = self.bitmap {
            write!(f, ", bitmap at {sector}")?;
        }
        if let Some(log) = self.bad_blocks {
            write!(f, ", bad-block log {log}")?;
        }
        if let Some(reshape) = self.reshape {
            write!(
                f,
                ", reshape to {} at {}, {:+} devices",
                reshape.new_level, reshape.position, reshape.delta_disks
            )?;
        }
        write!(f, ", features {}", self.features)
    }
}
