// SPDX-License-Identifier: GPL-2.0

//! The bad-block log: entries as mdadm reads them, and entries that make no sense.

use crate::{
    checksum::reseal,
    images::{
        image,
        verify, //
    },
};
use proptest::prelude::*;
use raid1_rs::superblock::{
    BadBlockLog,
    Error,
    Extent,
    Sector,
    Sectors, //
};

fn extent(start: u64, len: u64) -> Extent {
    Extent::new(Sector(start), Sectors(len)).unwrap()
}

/// The log of the member that has bad blocks, with another shift and size.
fn log(shift: u8, sectors: u16) -> BadBlockLog {
    let image = image("bad-blocks/1");
    let mut page = image.page.clone();
    page[185] = shift;
    page[186..188].copy_from_slice(&sectors.to_le_bytes());
    assert!(reseal(image.format, &mut page));
    let summary = verify(&image, &page).unwrap();
    summary.bad_blocks.unwrap()
}

fn entries(shift: u8, entries: &[u64]) -> Vec<Result<Extent, Error>> {
    let bytes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| entry.to_le_bytes())
        .collect();
    log(shift, 8).entries(&bytes).collect()
}

#[test]
fn as_mdadm_says() {
    let image = image("bad-blocks/1");
    // "  4096 for 8 sectors"
    let expected: Vec<_> = image
        .report("badblocks.examine")
        .0
        .lines()
        .skip(1)
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            Ok(extent(words[0].parse().unwrap(), words[2].parse().unwrap()))
        })
        .collect();
    assert_eq!(expected.len(), 5);

    let log = image.summary().bad_blocks.unwrap();
    assert!(log.in_use() && log.shift() == 0);
    let bytes = image.beside("badblocks").unwrap();
    assert_eq!(log.entries(&bytes).collect::<Vec<_>>(), expected);
    // Longer than the log: the rest is none of its business.
    let longer = [&bytes[..], &[0; 4096]].concat();
    assert_eq!(log.entries(&longer).collect::<Vec<_>>(), expected);
}

/// The other leg has a log and no entries in it; what is in the log then isn't read.
#[test]
fn unused() {
    let log = image("bad-blocks/0").summary().bad_blocks.unwrap();
    assert!(!log.in_use());
    assert_eq!(log.entries(&[0; 4096]).count(), 0);
}

#[test]
fn the_end_is_all_ones() {
    let one = (8 << 10) | 1;
    assert_eq!(entries(0, &[one, u64::MAX, one]), [Ok(extent(8, 1))]);
    assert_eq!(entries(0, &[u64::MAX]), []);
    // No end: the log is full.
    assert_eq!(entries(0, &[one; 512]).len(), 512);
    assert_eq!(entries(0, &[one; 600]).len(), 512);
    // Part of an entry is none.
    let bytes = [&one.to_le_bytes()[..], &[0; 7]].concat();
    assert_eq!(log(0, 8).entries(&bytes).count(), 1);
    // As many as the superblock has room for.
    assert_eq!(log(0, 1).entries(&[1; 4096]).count(), 64);
    assert_eq!(log(0, 0).entries(&[1; 4096]).count(), 0);
}

#[test]
fn lengths_and_shifts() {
    let most = (1 << 54) - 1;
    assert_eq!(entries(0, &[(most << 10) | 1022]), [Ok(extent(most, 1022))]);
    assert_eq!(entries(3, &[(5 << 10) | 2]), [Ok(extent(40, 16))]);
    // 54 bits and 10 more.
    assert_eq!(
        entries(9, &[(most << 10) | 1]),
        [Ok(extent(most << 9, 512))]
    );
    assert_eq!(entries(63, &[1]), [Ok(extent(0, 1 << 63))]);
}

/// An entry that is no range ends the log: md refuses such a member.
#[test]
fn nonsense() {
    let (good, empty) = ((8 << 10) | 1, 8 << 10);
    let error = |index| Err(Error::BadBlocksEntry { index });
    assert_eq!(
        entries(0, &[good, empty, good]),
        [Ok(extent(8, 1)), error(1)]
    );
    // Shifted out of 64 bits: the start, the length, the end.
    let start = ((1 << 54) - 1) << 10;
    assert_eq!(entries(11, &[start | 1]), [error(0)]);
    assert_eq!(entries(63, &[2]), [error(0)]);
    assert_eq!(entries(10, &[start | 2]), [error(0)]);
}

proptest! {
    /// Any bytes: ranges by a wider arithmetic, or an error, never a panic, never past the log.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..5000), shift in 0u8..64) {
        let mut index = 0;
        for (entry, raw) in log(shift, 8).entries(&bytes).zip(bytes.chunks_exact(8)) {
            let raw = u64::from_le_bytes(raw.try_into().unwrap());
            prop_assert_ne!(raw, u64::MAX);
            let start = u128::from(raw >> 10) << shift;
            let len = u128::from(raw & 1023) << shift;
            match entry {
                Ok(range) => {
                    prop_assert_eq!(u128::from(range.start().0), start);
                    prop_assert_eq!(u128::from(range.len().0), len);
                    prop_assert_eq!(u128::from(range.end().0), start + len);
                }
                Err(error) => {
                    prop_assert_eq!(error, Error::BadBlocksEntry { index });
                    prop_assert!(len == 0 || start + len > u128::from(u64::MAX));
                }
            }
            index += 1;
        }
        prop_assert!(index <= 512);
    }
}
