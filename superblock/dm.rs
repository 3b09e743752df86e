// SPDX-License-Identifier: GPL-2.0

//! What dm-raid keeps of each member on a device of its own, in the place of a superblock: `struct
//! dm_raid_superblock` in drivers/md/dm-raid.c.
//!
//! Little-endian numbers with no checksum. dm-raid reads and checks them; all that is read here is
//! what it doesn't go by.

use super::{
    bytes::Block,
    error::Error,
    units::Sector, //
};

/// What is read of it; there is more.
const BYTES: usize = 40;

// Byte offsets.
const MAGIC: usize = 0;
const DISK_RECOVERY_OFFSET: usize = 32;

/// `DM_RAID_MAGIC`: "DmRd".
const DM_MAGIC: u32 = 0x6452_6d44;

/// Up to where the member had been recovered when this was written last; `None` if it was in sync.
///
/// # Errors
///
/// [`Error::Short`] if there are fewer bytes than that takes, and [`Error::Magic`] if it isn't
/// dm-raid's.
pub fn recovered_to(bytes: &[u8]) -> Result<Option<Sector>, Error> {
    let block = Block::<BYTES>::new(bytes).ok_or(Error::Short {
        len: bytes.len(),
        needed: BYTES,
    })?;
    let magic = block.le32::<MAGIC>();
    if magic != DM_MAGIC {
        return Err(Error::Magic {
            found: magic,
            expected: DM_MAGIC,
        });
    }
    let recovered = Sector(block.le64::<DISK_RECOVERY_OFFSET>());
    Ok((recovered != Sector::MAX).then_some(recovered))
}
