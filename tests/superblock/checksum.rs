// SPDX-License-Identifier: GPL-2.0

//! The checksums against a plain transcription of what the format says: the word of the checksum
//! zero, all words added up, the halves of the sum added.

use crate::images::all;
use proptest::prelude::*;
use raid1_rs::superblock::{
    checksum,
    Format,
    SB_BYTES, //
};

const V0_AT: usize = 152;
const V1_AT: usize = 216;

/// The sum in as many bits as it takes, over bytes of which the checksum's own are blanked.
fn naive(bytes: &[u8], sum_at: usize, little_endian: bool) -> u32 {
    let mut bytes = bytes.to_vec();
    bytes[sum_at..sum_at + 4].fill(0);
    let mut sum: u128 = 0;
    let mut at = 0;
    while at < bytes.len() {
        let mut word = [0; 4];
        let len = (bytes.len() - at).min(4);
        word[..len].copy_from_slice(&bytes[at..at + len]);
        sum += u128::from(match little_endian {
            true => u32::from_le_bytes(word),
            false => u32::from_ne_bytes(word),
        });
        at += 4;
    }
    ((sum % (1 << 32) + sum / (1 << 32)) % (1 << 32)) as u32
}

pub fn naive_v0(page: &[u8]) -> u32 {
    naive(page, V0_AT, false)
}

pub fn naive_v1(covered: &[u8]) -> u32 {
    naive(covered, V1_AT, true)
}

/// Adds the halves until there is nothing left to add, for up to two rounds as in md.
fn naive_fold(sum: u32) -> u32 {
    let fold = |sum: u32| sum % 65536 + sum / 65536;
    fold(fold(sum))
}

/// Whether the page's checksum is right, by the naive account. `None`: it can't be said how much it
/// covers.
pub fn naive_is_right(format: Format, page: &[u8]) -> Option<bool> {
    let at = |at: usize| page[at..at + 4].try_into().unwrap();
    match format {
        Format::V0 => {
            let recorded = u32::from_ne_bytes(at(V0_AT));
            Some(naive_fold(recorded) == naive_fold(naive_v0(page)))
        }
        Format::V1(_) => {
            let covered = 256 + 2 * u64::from(u32::from_le_bytes(at(220)));
            let covered = page.get(..covered as usize)?;
            Some(u32::from_le_bytes(at(V1_AT)) == naive_v1(covered))
        }
    }
}

/// Makes the checksum right again after an edit; `false` if it can't be, for want of bytes.
pub fn reseal(format: Format, page: &mut [u8]) -> bool {
    match format {
        Format::V0 => {
            let sum = naive_v0(page);
            page[V0_AT..V0_AT + 4].copy_from_slice(&sum.to_ne_bytes());
        }
        Format::V1(_) => {
            let max_dev = u32::from_le_bytes(page[220..224].try_into().unwrap());
            let Some(covered) = page.get(..256 + 2 * max_dev as usize) else {
                return false;
            };
            let sum = naive_v1(covered);
            page[V1_AT..V1_AT + 4].copy_from_slice(&sum.to_le_bytes());
        }
    }
    true
}

fn v0(page: &[u8]) -> u32 {
    checksum::v0(page.first_chunk::<SB_BYTES>().unwrap())
}

#[test]
fn of_the_images_are_what_mdadm_says() {
    for image in all() {
        let sum = match image.format {
            Format::V0 => v0(&image.page),
            Format::V1(_) => checksum::v1(&image.page[..image.covered()]),
        };
        // "27000acd - correct"
        let (recorded, verdict) = image.examine.need("Checksum").split_once(" - ").unwrap();
        assert_eq!(verdict, "correct", "{}", image.name);
        let recorded = u32::from_str_radix(recorded, 16).unwrap();
        assert_eq!(sum, recorded, "{}", image.name);
        assert_eq!(
            naive_is_right(image.format, &image.page),
            Some(true),
            "{}",
            image.name
        );
    }
}

/// Sums at which a carry gets lost, or made.
#[test]
fn at_the_edges_of_the_sum() {
    let ones = [0xff; SB_BYTES];
    assert_eq!(v0(&ones), naive_v0(&ones));
    assert_eq!(v0(&[0; SB_BYTES]), 0);
    for len in [256, 258, 260, 4094, 4096] {
        assert_eq!(checksum::v1(&ones[..len]), naive_v1(&ones[..len]), "{len}");
    }

    // The halves add up to 2^32 exactly: md drops the carry.
    let mut page = [0; SB_BYTES];
    page[0..4].fill(0xff);
    page[4] = 1;
    page[8..12].fill(0xff);
    assert_eq!(checksum::v1(&page[..256]), naive_v1(&page[..256]));
    assert_eq!(checksum::v1(&page[..256]), 0);

    for sum in [0, 1, 0xffff, 0x1_0000, 0xffff_0000, 0xffff_0001, u32::MAX] {
        assert_eq!(checksum::v0_fold(sum), naive_fold(sum), "{sum:#x}");
    }
}

fn page() -> impl Strategy<Value = Vec<u8>> {
    // Superblocks are mostly zeros and, in the table of roles, ones: try pages made of those as
    // well as of anything.
    let any_word = prop::collection::vec(any::<u64>(), SB_BYTES / 8);
    let plain_word = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    prop_oneof![any_word, prop::collection::vec(plain_word, SB_BYTES / 8)]
        .prop_map(|words| words.into_iter().flat_map(u64::to_le_bytes).collect())
}

proptest! {
    #[test]
    fn v0_is_the_naive_one(page in page()) {
        prop_assert_eq!(v0(&page), naive_v0(&page));
    }

    #[test]
    fn v1_is_the_naive_one(page in page(), devices in 0usize..=1920) {
        let covered = &page[..256 + 2 * devices];
        prop_assert_eq!(checksum::v1(covered), naive_v1(covered));
    }

    #[test]
    fn folding_is_the_naive_one(sum: u32) {
        prop_assert_eq!(checksum::v0_fold(sum), naive_fold(sum));
    }

    /// The recorded sum has no part in the computed one.
    #[test]
    fn the_recorded_sum_is_left_out(page in page(), recorded: [u8; 4]) {
        let mut other = page.clone();
        other[V0_AT..V0_AT + 4].copy_from_slice(&recorded);
        prop_assert_eq!(v0(&page), v0(&other));
        let mut other = page.clone();
        other[V1_AT..V1_AT + 4].copy_from_slice(&recorded);
        prop_assert_eq!(checksum::v1(&page), checksum::v1(&other));
    }

    /// Bytes of any kind make no superblock, and no panic.
    #[test]
    fn noise_is_refused(page in page()) {
        for image in [crate::images::image("plain-0.90/0"), crate::images::image("plain-1.0/0")] {
            prop_assert!(crate::images::verify(&image, &page).is_err());
        }
    }
}
