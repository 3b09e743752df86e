// SPDX-License-Identifier: GPL-2.0

//! The ways in which superblocks can contradict each other, or what md core runs.

use super::{
    feature::Features,
    identity::Uuid,
    role::Role,
    units::{
        DevNumber,
        Events,
        Extent,
        Level,
        Sector,
        Sectors,
        Slot, //
    },
    Format, //
};
use core::fmt;

/// A contradiction that was found with one leg. Its `Display` is the text of a warning, to which
/// the caller adds the array's and the device's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The leg, by its place in the sequence of members that was checked, from 0.
    pub leg: usize,
    /// What is contradictory.
    pub mismatch: Mismatch,
}

impl Contradiction {
    /// Whether going on could lose data, so that the array is better not started as it is.
    ///
    /// True of two things only, and of them only when md core has just assembled the array and runs
    /// both legs as in sync:
    ///
    /// - [`Mismatch::Diverged`]: two legs were used one without the other. Reads would be served
    ///   from either of two copies that have gone separate ways, each missing writes that an
    ///   application was told are safe; nothing will resync them, and the first write or repair
    ///   destroys what only one of them has. Neither is the better one: don't start.
    /// - [`Mismatch::Outdated`]: this leg failed, and md core (0.90 only) takes it back as if it
    ///   had not. Writes that it missed may be read from it. Going on without it is safe, see
    ///   [`is_outdated`](Self::is_outdated).
    ///
    /// raid1.ko starts such arrays and serves the mixture, so nothing that it does right is lost.
    ///
    /// Everything else can be met in arrays that raid1.ko runs correctly, or is refused by md core
    /// or by the setting up of slots on better grounds:
    ///
    /// - Level, `raid_disks`, role and slot differ during a takeover, when superblocks are still of
    ///   the array before, and after user space has set slots through sysfs.
    /// - The UUID differs in a member that was added from another array, until md core has written
    ///   it. At assembly md core itself drops such a device.
    /// - Events lag behind in spares; md core drops an active device that is out of date.
    /// - Unknown features and padding: md core knows them, or would not have loaded the superblock.
    /// - Overlaps of data with the bitmap or the bad-block log: harmless as long as nothing is
    ///   written there, and md core tests each bitmap write.
    pub fn loses_data(&self) -> bool {
        matches!(
            self.mismatch,
            Mismatch::Diverged { .. } | Mismatch::Outdated { .. }
        )
    }

    /// Whether the array can go on without this leg, and loses nothing by it: another leg is known
    /// to be newer.
    pub fn is_outdated(&self) -> bool {
        matches!(self.mismatch, Mismatch::Outdated { .. })
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mismatch.fmt(f)
    }
}

/// What is contradictory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The superblock is of another format than the array's.
    Format {
        /// The superblock's.
        recorded: Format,
        /// The array's.
        running: Format,
    },
    /// It belongs to another array than the newest leg does.
    Uuid {
        /// The UUID of this leg's array.
        recorded: Uuid,
        /// The UUID of the newest leg's array.
        newest: Uuid,
    },
    /// Its level is not the array's.
    Level {
        /// The superblock's.
        recorded: Level,
        /// The array's.
        running: Level,
    },
    /// Its number of slots is not the array's.
    RaidDisks {
        /// The superblock's.
        recorded: u32,
        /// The array's.
        running: u32,
    },
    /// md core runs it in a slot, and the superblock gives it another, or none.
    Slot {
        /// What the superblock says it is.
        recorded: Role,
        /// The slot it runs in.
        running: Slot,
    },
    /// Only one of superblock and md core says that it is a replacement.
    Replacement {
        /// Whether md core says so.
        running: bool,
    },
    /// It runs as in sync, and its superblock is older than the newest by more than the one update
    /// that md allows for.
    Behind {
        /// Its events.
        events: Events,
        /// The newest leg's.
        newest: Events,
    },
    /// It runs as in sync, and its superblock says that it is so only up to here.
    NotRecovered {
        /// The array position below which it is in sync.
        recovered_to: Sector,
    },
    /// It runs as in sync, and a leg with a superblock at least as new says that it isn't part of
    /// the array any more.
    Disowned {
        /// The number of the device that says so.
        by: DevNumber,
        /// What it says this one is; `None` if it has never heard of it.
        role: Option<Role>,
    },
    /// As `Disowned`, in an array that was just assembled, by a leg that runs as in sync as well
    /// and has a newer superblock: this one failed just before a crash. See
    /// [`Contradiction::loses_data`].
    Outdated {
        /// The number of the device that says so.
        by: DevNumber,
        /// What it says this one is.
        role: Role,
        /// This leg's events.
        events: Events,
        /// The other's, more.
        newer: Events,
    },
    /// As `Outdated`, by a superblock with as many events: the two legs have been used one without
    /// the other. See [`Contradiction::loses_data`].
    Diverged {
        /// The number of the device that says so.
        by: DevNumber,
        /// What it says this one is.
        role: Role,
        /// The events of both.
        events: Events,
    },
    /// Two members have the same number in the array, as when a device was copied whole.
    SameDevice {
        /// The number of both.
        device: DevNumber,
    },
    /// Feature bits with no meaning known here.
    UnknownFeatures {
        /// Those bits.
        features: Features,
    },
    /// Feature bits that a mirror has no use for.
    ForeignFeatures {
        /// Those bits.
        features: Features,
    },
    /// Padding that is not zero: perhaps a feature of a newer md.
    Padding,
    /// The array uses more of each device than this one has for data.
    TooSmall {
        /// What the array uses.
        used: Sectors,
        /// The space for data on this device.
        data: Extent,
    },
    /// The bitmap starts inside of the data.
    BitmapInData {
        /// Where the bitmap starts.
        bitmap: Sector,
        /// The data that the array uses.
        data: Extent,
    },
    /// The bad-block log lies inside of the data.
    BadBlocksInData {
        /// The log.
        log: Extent,
        /// The data that the array uses.
        data: Extent,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { recorded, running } => {
                write!(f, "superblock has version {recorded}, the array {running}")
            }
            Self::Uuid { recorded, newest } => {
                write!(f, "belongs to array {recorded}, the newest leg to {newest}")
            }
            Self::Level { recorded, running } => {
                write!(f, "superblock says {recorded}, the array is {running}")
            }
            Self::RaidDisks { recorded, running } => {
                write!(
                    f,
                    "superblock says {recorded} devices, the array has {running}"
                )
            }
            Self::Slot { recorded, running } => {
                write!(f, "superblock says {recorded}, runs in slot {running}")
            }
            Self::Replacement { running: true } => {
                f.write_str("runs as a replacement, superblock says it is none")
            }
            Self::Replacement { running: false } => {
                f.write_str("superblock says it is a replacement, does not run as one")
            }
            Self::Behind { events, newest } => {
                write!(
                    f,
                    "runs as in sync with events {events}, the newest leg has {newest}"
                )
            }
            Self::NotRecovered { recovered_to } => {
                write!(
                    f,
                    "runs as in sync, superblock says only up to sector {recovered_to}"
                )
            }
            Self::Disowned { by, role } => {
                write!(f, "runs as in sync, device {by} says it is ")?;
                match role {
                    Some(role) => role.fmt(f),
                    None => f.write_str("unknown"),
                }
            }
            Self::Outdated {
                by,
                role,
                events,
                newer,
            } => write!(
                f,
                "is out of date: runs as in sync with events {events}, but is {role} by device \
                 {by}, which has events {newer}",
            ),
            Self::Diverged { by, role, events } => write!(
                f,
                "has diverged: in sync by its own account, {role} by that of device {by}, both \
                 with events {events}; their contents differ, assemble only one of them",
            ),
            Self::SameDevice { device } => {
                write!(
                    f,
                    "another member is device {device} too; is one a copy of the other?"
                )
            }
            Self::UnknownFeatures { features } => {
                write!(f, "superblock has features: {features}")
            }
            Self::ForeignFeatures { features } => {
                write!(
                    f,
                    "superblock has features that a mirror has no use for: {features}"
                )
            }
            Self::Padding => f.write_str("superblock padding is not zero, might be a new feature"),
            Self::TooSmall { used, data } => {
                write!(
                    f,
                    "the array uses {used} sectors, there is room for data at {data}"
                )
            }
            Self::BitmapInData { bitmap, data } => {
                write!(
                    f,
                    "bitmap at sector {bitmap} is inside of the data at {data}"
                )
            }
            Self::BadBlocksInData { log, data } => {
                write!(f, "bad-block log at {log} is inside of the data at {data}")
            }
        }
    }
}
