// SPDX-License-Identifier: GPL-2.0

//! The superblock at the head of a write-intent bitmap: `bitmap_super_t` in
//! drivers/md/md-bitmap.h.
//!
//! 256 little-endian bytes with no checksum. The magic, the version, the UUID and a few ranges can
//! be verified; damage to anything else goes unnoticed, here as in md. The bitmap's own `events`
//! then decides whether its bits are believed: md takes it for out of date when it is below the
//! array's.

use super::{
    bytes::Block,
    error::Error,
    identity::Uuid,
    units::{
        Events,
        Sectors, //
    },
};
use core::fmt;

/// The size of a bitmap superblock on disk.
pub const BITMAP_SB_BYTES: usize = 256;

// Byte offsets.
const MAGIC: usize = 0;
const VERSION: usize = 4;
const UUID: usize = 8;
const EVENTS: usize = 24;
const EVENTS_CLEARED: usize = 32;
const SYNC_SIZE: usize = 40;
const STATE: usize = 48;
const CHUNKSIZE: usize = 52;
const DAEMON_SLEEP: usize = 56;
const WRITE_BEHIND: usize = 60;
const SECTORS_RESERVED: usize = 64;
const NODES: usize = 68;

const BITMAP_MAGIC: u32 = 0x6d74_6962;

const STATE_STALE: u32 = 1 << 1;
const STATE_FIRST_USE: u32 = 1 << 3;

/// `COUNTER_MAX` of md-bitmap.c.
const MOST_WRITE_BEHIND: u32 = (1 << 14) - 1;

/// The kind of a bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitmapVersion {
    /// 3: its bits are in the byte order of the machine that wrote it; no longer made.
    HostEndian,
    /// 4: the usual one.
    LittleEndian,
    /// 5: one bitmap for each node of a cluster.
    Clustered,
    /// 6: the lockless bitmap (llbitmap).
    Lockless,
}

impl fmt::Display for BitmapVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostEndian => "host-endian",
            Self::LittleEndian => "little-endian",
            Self::Clustered => "clustered",
            Self::Lockless => "lockless",
        })
    }
}

/// The contents of a bitmap superblock whose magic, version and ranges are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitmapSummary {
    /// The kind of bitmap.
    pub version: BitmapVersion,
    /// The UUID of the array that it belongs to. Compare it: nothing else ties the two together.
    pub array_uuid: Uuid,
    /// The array's events when this was written last.
    pub events: Events,
    /// The array's events when a bit was last cleared: a device with at least this count can be
    /// brought up to date by the bitmap alone.
    pub events_cleared: Events,
    /// The number of sectors that the bitmap speaks for.
    pub sync_size: Sectors,
    /// Whether it is marked as not to be believed.
    pub stale: bool,
    /// How much each bit speaks for. 0 in a lockless bitmap that was never used.
    pub chunk: Sectors,
    /// Seconds between clearing bits on disk. 0 in a lockless bitmap that was never used.
    pub daemon_sleep: u32,
    /// The most write-behind requests at a time; 0 for no write-behind.
    pub write_behind: u32,
    /// The space that is reserved for the bitmap; 0 where it is not recorded.
    pub reserved: Sectors,
    /// The number of nodes of a clustered bitmap; 0 otherwise.
    pub nodes: u32,
}

/// The 256 bytes at the place of a bitmap superblock, unverified.
#[derive(Clone, Copy)]
pub struct UnverifiedBitmap<'a>(Block<'a, BITMAP_SB_BYTES>);

impl<'a> UnverifiedBitmap<'a> {
    /// Takes the first 256 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Short`] if there are fewer.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        Block::new(bytes).map(Self).ok_or(Error::Short {
            len: bytes.len(),
            needed: BITMAP_SB_BYTES,
        })
    }

    /// Verifies the bytes, by the rules of `md_bitmap_read_sb()`, or `llbitmap_read_sb()` for the
    /// lockless version.
    ///
    /// # Errors
    ///
    /// An [`Error`] that says which field is wrong. An old or foreign bitmap is no error: compare
    /// the events and the UUID.
    pub fn verify(self) -> Result<BitmapSummary, Error> {
        let sb = self.0;

        let magic = sb.le32::<MAGIC>();
        if magic != BITMAP_MAGIC {
            return Err(Error::Magic {
                found: magic,
                expected: BITMAP_MAGIC,
            });
        }
        let version = match sb.le32::<VERSION>() {
            3 => BitmapVersion::HostEndian,
            4 => BitmapVersion::LittleEndian,
            5 => BitmapVersion::Clustered,
            6 => BitmapVersion::Lockless,
            major => return Err(Error::Version { major, minor: 0 }),
        };

        let lockless = version == BitmapVersion::Lockless;
        let state = sb.le32::<STATE>();
        let chunk = sb.le32::<CHUNKSIZE>();
        let summary = BitmapSummary {
            version,
            array_uuid: Uuid::from_bytes(sb.array::<UUID, 16>()),
            events: Events(sb.le64::<EVENTS>()),
            events_cleared: Events(sb.le64::<EVENTS_CLEARED>()),
            sync_size: Sectors(sb.le64::<SYNC_SIZE>()),
            stale: state & STATE_STALE != 0,
            // The lockless kind counts sectors, the others bytes.
            chunk: Sectors(u64::from(if lockless { chunk } else { chunk >> 9 })),
            daemon_sleep: sb.le32::<DAEMON_SLEEP>(),
            write_behind: sb.le32::<WRITE_BEHIND>(),
            reserved: Sectors(u64::from(sb.le32::<SECTORS_RESERVED>())),
            nodes: match version {
                BitmapVersion::Clustered => sb.le32::<NODES>(),
                _ => 0,
            },
        };

        // The kernel fills in the rest of a lockless bitmap when it first uses it.
        if lockless && state & STATE_FIRST_USE != 0 {
            return Ok(summary);
        }
        // At least a sector: 512 bytes is 1 after the conversion.
        if summary.chunk.0 == 0 || !chunk.is_power_of_two() {
            return Err(Error::BitmapChunk { found: chunk });
        }
        if summary.daemon_sleep == 0 {
            return Err(Error::BitmapSleep);
        }
        if !lockless && summary.write_behind > MOST_WRITE_BEHIND {
            return Err(Error::BitmapWriteBehind {
                found: summary.write_behind,
            });
        }
        Ok(summary)
    }
}

impl fmt::Display for BitmapSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bitmap of array {}, events {}, cleared at {}, {} sectors in chunks of {}",
            self.version,
            self.array_uuid,
            self.events,
            self.events_cleared,
            self.sync_size,
            self.chunk
        )?;
        if self.write_behind != 0 {
            write!(f, ", write-behind {}", self.write_behind)?;
        }
        if self.stale {
            f.write_str(", stale")?;
        }
        Ok(())
    }
}
