// SPDX-License-Identifier: GPL-2.0

//! What dm-raid keeps of a member.

use raid1_rs::superblock::{
    dm::recovered_to,
    Error,
    Sector, //
};

/// `DM_RAID_MAGIC`.
const MAGIC: u32 = 0x6452_6d44;

/// All bytes are different, and none is 0 or 0xff, so that what is read elsewhere shows.
fn member(recovered: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = (1..=200).collect();
    bytes[..4].copy_from_slice(b"DmRd");
    bytes[32..40].copy_from_slice(&recovered.to_le_bytes());
    bytes
}

#[test]
fn in_sync() {
    assert_eq!(recovered_to(&member(u64::MAX)), Ok(None));
}

#[test]
fn still_to_be_recovered() {
    for sector in [0, 1, 2048, 0x0102_0304_0506_0708, u64::MAX - 1] {
        assert_eq!(recovered_to(&member(sector)), Ok(Some(Sector(sector))));
    }
}

#[test]
fn short() {
    let bytes = member(u64::MAX);
    assert_eq!(recovered_to(&bytes[..40]), Ok(None));
    for len in 0..40 {
        let error = Error::Short { len, needed: 40 };
        assert_eq!(recovered_to(&bytes[..len]), Err(error));
    }
}

#[test]
fn of_nobody() {
    let mut bytes = member(u64::MAX);
    for bit in 0..32 {
        bytes[..4].copy_from_slice(&(MAGIC ^ (1 << bit)).to_le_bytes());
        let error = Error::Magic {
            found: MAGIC ^ (1 << bit),
            expected: MAGIC,
        };
        assert_eq!(recovered_to(&bytes), Err(error));
    }
    // A device that was replaced, and one that was wiped.
    assert!(recovered_to(&[0; 512]).is_err());
    assert!(recovered_to(&[0xff; 512]).is_err());
}
