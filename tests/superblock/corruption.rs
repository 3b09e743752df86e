// SPDX-License-Identifier: GPL-2.0

//! Damaged superblocks: never a panic, never accepted with a checksum that is wrong.

use crate::{
    checksum::{
        naive_is_right,
        reseal, //
    },
    consistency::check_all,
    images::{
        all,
        image,
        verify,
        Image, //
    },
};
use proptest::prelude::*;
use raid1_rs::superblock::{
    Error,
    Format,
    Unverified,
    SB_BYTES, //
};

/// Verifies the image with one byte changed, and judges the verdict by whether the format has that
/// byte under its checksum.
fn judge(image: &Image, page: &mut [u8], at: usize, flip: u8, covered: usize, intact: &str) {
    page[at] ^= flip;
    let verdict = verify(image, page);
    let case = || format!("{} with byte {at} ^ {flip:#04x}", image.name);
    if at < covered {
        let error = verdict.err();
        let error = error.unwrap_or_else(|| panic!("{} is accepted", case()));
        assert!(!error.to_string().is_empty());
    } else {
        // What follows the table of roles isn't looked at, by md either.
        let summary = verdict.unwrap_or_else(|error| panic!("{}: {error}", case()));
        assert_eq!(format!("{summary:?}"), intact, "{}", case());
    }
    page[at] ^= flip;
}

/// Three ways to damage each byte of each image.
#[test]
fn one_byte_of_any_image() {
    for image in all() {
        let (covered, intact) = (image.covered(), format!("{:?}", image.summary()));
        let mut page = image.page.clone();
        for at in 0..SB_BYTES {
            // Past the covered part, now and then will do.
            if at < covered || at % 64 == 0 || at + 1 == SB_BYTES {
                for flip in [0x01, 0x80, 0xff] {
                    judge(&image, &mut page, at, flip, covered, &intact);
                }
            }
        }
    }
}

/// All ways to damage each byte that is under the checksum, one image of each version.
#[test]
fn one_byte_any_way() {
    for name in ["plain-0.90/0", "plain-1.0/1", "plain-1.1/0", "renumbered/3"] {
        let image = image(name);
        let covered = image.covered();
        let mut page = image.page.clone();
        for at in 0..covered {
            for flip in 1..=255 {
                judge(&image, &mut page, at, flip, covered, "");
            }
        }
    }
}

/// The format's own limit: the page goes on after the part under the checksum, and nothing there
/// makes a difference.
#[test]
fn what_the_checksum_leaves_out() {
    for image in all() {
        let covered = image.covered();
        match image.format {
            Format::V0 => assert_eq!(covered, SB_BYTES),
            // mdadm makes room for 128 devices.
            Format::V1(_) => assert_eq!(covered, 256 + 2 * 128, "{}", image.name),
        }
        let mut page = image.page.clone();
        page[covered..].fill(0xa5);
        let summary = verify(&image, &page).unwrap();
        assert_eq!(format!("{summary:?}"), format!("{:?}", image.summary()));
    }
}

/// Damage that the checksum has been made to fit, so that it gets as far as it can: refused or
/// accepted, but never a panic, neither in reading it nor in what is done with it.
#[test]
fn one_byte_with_the_checksum_made_right() {
    let mut accepted = 0;
    for image in all() {
        let covered = image.covered();
        let sibling = image.summary();
        for at in 0..covered {
            for flip in [0x01, 0x80, 0xff] {
                let mut page = image.page.clone();
                page[at] ^= flip;
                if !reseal(image.format, &mut page) {
                    assert!(matches!(verify(&image, &page), Err(Error::MaxDev { .. })));
                    continue;
                }
                if let Ok(summary) = verify(&image, &page) {
                    accepted += 1;
                    assert!(!summary.to_string().is_empty());
                    check_all(&[sibling, summary]);
                }
            }
        }
    }
    assert!(accepted > 100_000, "only {accepted} got through");
}

/// A page that isn't all there.
#[test]
fn short_pages() {
    let image = image("plain-1.2/0");
    for len in 0..SB_BYTES {
        let error = Unverified::new(&image.page[..len]).err();
        let needed = SB_BYTES;
        assert_eq!(error, Some(Error::Short { len, needed }));
    }
}

/// A new disk, and one full of ones.
#[test]
fn blank_pages() {
    for image in all() {
        for byte in [0, 0xff] {
            let page = [byte; SB_BYTES];
            assert!(matches!(verify(&image, &page), Err(Error::Magic { .. })));
        }
    }
}

/// Each image is refused as each other format, and anywhere but in its own place.
#[test]
fn the_wrong_format_or_place() {
    let images = all();
    for image in &images {
        for other in &images {
            let verdict = verify(other, &image.page);
            let same_family =
                matches!(image.format, Format::V0) == matches!(other.format, Format::V0);
            let fits = same_family
                && (image.at == other.at && image.format == other.format
                    // 0.90 doesn't record its place; another one far enough out is as good.
                    || image.format == Format::V0 && verdict.is_ok());
            assert_eq!(verdict.is_ok(), fits, "{} as {}", image.name, other.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any number of bytes changed, the checksum left alone or made right.
    #[test]
    fn many_bytes(
        which in 0usize..60,
        changes in prop::collection::vec((0usize..600, any::<u8>()), 1..20),
        sealed: bool,
    ) {
        let images = all();
        let image = &images[which % images.len()];
        let mut page = image.page.clone();
        for (at, byte) in changes {
            page[at] = byte;
        }
        let sealed = sealed && reseal(image.format, &mut page);
        if let Ok(summary) = verify(image, &page) {
            prop_assert!(sealed || naive_is_right(image.format, &page) == Some(true));
            check_all(&[image.summary(), summary]);
        }
    }
}
