// SPDX-License-Identifier: GPL-2.0

//! Why bytes are not a superblock, a bitmap superblock or a bad-block log.

use super::units::{
    Extent,
    Sector,
    Sectors, //
};
use core::fmt;

/// What is wrong with the bytes. Its text names the field and the value, for a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes were given than the structure has.
    Short {
        /// Bytes given.
        len: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The magic number is another one: there is no superblock here.
    Magic {
        /// The number found.
        found: u32,
        /// The number expected.
        expected: u32,
    },
    /// A 0.90 superblock that a machine of the other byte order wrote. md can't use it either.
    ByteOrder,
    /// The major or minor version is not one that this format has.
    Version {
        /// The major version found.
        major: u32,
        /// The minor version found; zero where the format doesn't record it.
        minor: u32,
    },
    /// `max_dev` says that the table of roles goes on past the end of the page.
    MaxDev {
        /// The number of entries it claims.
        found: u32,
    },
    /// The checksum does not match the contents.
    Checksum {
        /// As recorded.
        recorded: u32,
        /// As computed over the contents.
        computed: u32,
    },
    /// The superblock says it lives elsewhere, as one does that was copied with its device.
    SuperOffset {
        /// Where it says it is.
        recorded: Sector,
        /// Where it was read from.
        expected: Sector,
    },
    /// The array has no devices, or a negative number of them.
    RaidDisks {
        /// The number found.
        found: i32,
    },
    /// The device's own number lies outside of the table of devices (0.90).
    DeviceNumber {
        /// The number found.
        found: u32,
    },
    /// The space for data is too small to be one (md wants 10 sectors).
    DataSize {
        /// Its size.
        found: Sectors,
    },
    /// The end of the space for data is not a sector number.
    DataRange {
        /// Its start.
        start: Sector,
        /// Its size.
        len: Sectors,
    },
    /// The space for data and the superblock overlap.
    DataOverlapsSuperblock {
        /// The space for data.
        data: Extent,
        /// Where the superblock starts.
        superblock: Sector,
    },
    /// `bitmap_offset` leads off the device.
    BitmapOffset {
        /// Sectors from the superblock to the bitmap.
        offset: i32,
    },
    /// The bad-block log has entries, but no place.
    BadBlocksNowhere,
    /// `bblog_offset` leads off the device.
    BadBlocksOffset {
        /// Sectors from the superblock to the log.
        offset: i32,
    },
    /// The bad-block log is larger than the page that md reads it into.
    BadBlocksSize {
        /// Its size.
        found: Sectors,
    },
    /// The unit of the bad-block log is no sensible number of sectors.
    BadBlocksShift {
        /// The shift from units to sectors.
        found: u8,
    },
    /// An entry of the bad-block log is empty, or lies outside of any device.
    BadBlocksEntry {
        /// Its index in the log.
        index: usize,
    },
    /// A bitmap's chunk size is not a power of two, or less than a sector.
    BitmapChunk {
        /// The field: bytes, or in a lockless bitmap sectors.
        found: u32,
    },
    /// A bitmap's `daemon_sleep` is zero.
    BitmapSleep,
    /// A bitmap's limit of write-behind requests is above 16383.
    BitmapWriteBehind {
        /// The limit found.
        found: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { len, needed } => write!(f, "{len} bytes where {needed} are needed"),
            Self::Magic { found, expected } => {
                write!(f, "magic is {found:#010x}, not {expected:#010x}")
            }
            Self::ByteOrder => f.write_str("written by a machine of the other byte order"),
            Self::Version { major, minor } => write!(f, "unknown version {major}.{minor}"),
            Self::MaxDev { found } => {
                write!(
                    f,
                    "max_dev is {found}, more devices than the superblock has room for"
                )
            }
            Self::Checksum { recorded, computed } => {
                write!(
                    f,
                    "checksum is {recorded:#010x}, contents give {computed:#010x}"
                )
            }
            Self::SuperOffset { recorded, expected } => {
                write!(f, "super_offset is {recorded}, read from sector {expected}")
            }
            Self::RaidDisks { found } => write!(f, "raid_disks is {found}"),
            Self::DeviceNumber { found } => write!(f, "this device's number is {found}"),
            Self::DataSize { found } => write!(f, "data_size is {found} sectors, too small"),
            Self::DataRange { start, len } => {
                write!(f, "data of {len} sectors at sector {start} has no end")
            }
            Self::DataOverlapsSuperblock { data, superblock } => {
                write!(
                    f,
                    "data (sectors {data}) overlaps the superblock at sector {superblock}"
                )
            }
            Self::BitmapOffset { offset } => {
                write!(f, "bitmap_offset {offset:+} leads off the device")
            }
            Self::BadBlocksNowhere => f.write_str("bad blocks are recorded, but bblog_offset is 0"),
            Self::BadBlocksOffset { offset } => {
                write!(f, "bblog_offset {offset:+} leads off the device")
            }
            Self::BadBlocksSize { found } => {
                write!(
                    f,
                    "bblog_size is {found} sectors, more than the 8 that md reads"
                )
            }
            Self::BadBlocksShift { found } => write!(f, "bblog_shift is {found}"),
            Self::BadBlocksEntry { index } => write!(f, "bad-block entry {index} is out of range"),
            Self::BitmapChunk { found } => {
                write!(
                    f,
                    "bitmap chunksize is {found}, not a power of 2 of a sector or more"
                )
            }
            Self::BitmapSleep => f.write_str("bitmap daemon_sleep is 0"),
            Self::BitmapWriteBehind { found } => {
                write!(f, "bitmap write_behind is {found}, above 16383")
            }
        }
    }
}
