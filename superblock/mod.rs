// SPDX-License-Identifier: GPL-2.0

//! The on-disk formats of md: superblocks 0.90 and 1.x, bitmap superblocks, bad-block logs; and one
//! number of dm-raid's ([`dm`]).
//!
//! md core loads, checks, writes and owns all of them; nothing here writes. RAID-1 reads them once,
//! when an array starts, to say in the log what each leg claims to be and where the claims
//! contradict each other or the array.
//!
//! Bytes come in as [`Unverified`], and nothing can be read from that but its verdict: a
//! [`Summary`], the same for all formats, or an [`Error`] that names the field that is wrong. What
//! md core refuses for the sake of a single superblock is refused, with two exceptions, which are
//! kept as values for [`consistency`] to report: unknown feature bits, and padding that isn't zero.
//!
//! There is no kernel in here, no allocation, no unsafe code and no reachable panic; it is the same
//! code in the module and in the host's tests.
//!
//! # Examples
//!
//! ```ignore
//! let (major, minor) = mddev.metadata_version();
//! let format = Format::from_md(major, minor)?;
//! match Unverified::new(page)?.verify(format, Sector(rdev.superblock_start())) {
//!     Ok(summary) => log_line!(Debug, "{}", Plain(summary)),
//!     Err(error) => log_line!(Warning, "superblock: {}", Plain(error)),
//! }
//! ```

mod bad_blocks;
mod bitmap;
mod bytes;
pub mod checksum;
pub mod consistency;
mod contradiction;
pub mod dm;
mod error;
mod feature;
mod identity;
mod role;
mod summary;
mod units;
mod v0;
mod v1;

pub use self::{
    bad_blocks::{
        BadBlockLog,
        Entries, //
    },
    bitmap::{
        BitmapSummary,
        BitmapVersion,
        UnverifiedBitmap,
        BITMAP_SB_BYTES, //
    },
    contradiction::{
        Contradiction,
        Mismatch, //
    },
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
};

use self::bytes::Block;
use core::fmt;

/// The bytes of a superblock of any version (`MD_SB_BYTES`): what md reads, and what the 1.x format
/// is limited to.
pub const SB_BYTES: usize = 4096;

/// `MD_SB_MAGIC`, the same in all versions.
const SB_MAGIC: u32 = 0xa92b_4efc;

/// The minor version of a 1.x superblock, which is all in its place on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minor {
    /// 1.0: at the end of the device.
    Zero,
    /// 1.1: at its start.
    One,
    /// 1.2: 4 KiB from its start.
    Two,
}

/// A metadata format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 0.90, and 0.91, which is the same of an array that is being reshaped.
    V0,
    /// 1.0, 1.1 or 1.2.
    V1(Minor),
}

impl Format {
    /// The format by the numbers in `mddev->major_version` and `minor_version`; `None` if they are
    /// of no format known here.
    ///
    /// They mean nothing for an array that isn't persistent, or whose metadata is external. Ask
    /// `mddev->persistent` and `mddev->external` first.
    pub fn from_md(major: i32, minor: i32) -> Option<Self> {
        match (major, minor) {
            (0, 90 | 91) => Some(Self::V0),
            (1, 0) => Some(Self::V1(Minor::Zero)),
            (1, 1) => Some(Self::V1(Minor::One)),
            (1, 2) => Some(Self::V1(Minor::Two)),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V0 => "0.90",
            Self::V1(Minor::Zero) => "1.0",
            Self::V1(Minor::One) => "1.1",
            Self::V1(Minor::Two) => "1.2",
        })
    }
}

/// The 4096 bytes at the place of a superblock, unverified.
///
/// For a member of a running array that is `rdev->sb_page`, and only once `rdev->sb_loaded` is set:
/// before, and for arrays that have no metadata of md's own, the page's contents are undefined. md
/// core rewrites the page when it updates superblocks, under the array's `reconfig_mutex`; hold it
/// for as long as the bytes are borrowed.
#[derive(Clone, Copy)]
pub struct Unverified<'a>(Block<'a, SB_BYTES>);

impl<'a> Unverified<'a> {
    /// Takes the first 4096 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Short`] if there are fewer.
    pub fn new(page: &'a [u8]) -> Result<Self, Error> {
        Block::new(page).map(Self).ok_or(Error::Short {
            len: page.len(),
            needed: SB_BYTES,
        })
    }

    /// Verifies magic, version, checksum and geometry of a superblock of this format that was read
    /// from sector `at` of its device (`rdev->sb_start`), and reads it.
    ///
    /// The size of the device isn't known here: whether its end is past the data's is for md core
    /// to say.
    ///
    /// # Errors
    ///
    /// An [`Error`] that says which field is wrong. It is no reason to refuse an array that md core
    /// has assembled: with `mdadm --create` of 0.90, say, the page may be one that was never read.
    pub fn verify(self, format: Format, at: Sector) -> Result<Summary<'a>, Error> {
        match format {
            Format::V0 => v0::verify(self.0, at),
            Format::V1(minor) => v1::verify(self.0, minor, at),
        }
    }
}
