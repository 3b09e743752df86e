// SPDX-License-Identifier: GPL-2.0

//! Superblocks, bitmap superblocks and bad-block logs made of arbitrary bytes.
//!
//! An input is a control byte, the superblock's sector in 8 bytes (little-endian), and then the
//! page, filled up with zeros. The control byte chooses the format in its lower two bits; bit 2 asks for
//! the checksum to be made right, without which hardly any input would get past it; bits 3 to 7 are
//! what md core says of the member.

#![no_main]

use libfuzzer_sys::fuzz_target;
use raid1_rs::superblock::{
    checksum,
    consistency::{
        check,
        Array,
        Member,
        Origin, //
    },
    Format,
    Level,
    Minor,
    Sector,
    Slot,
    Summary,
    Unverified,
    UnverifiedBitmap,
    SB_BYTES, //
};

fuzz_target!(|input: &[u8]| {
    let Some((&[control], rest)) = input.split_first_chunk::<1>() else {
        return;
    };
    let Some((at, bytes)) = rest.split_first_chunk::<8>() else {
        return;
    };
    other_structures(bytes);

    let format = match control & 3 {
        0 => Format::V0,
        1 => Format::V1(Minor::Zero),
        2 => Format::V1(Minor::One),
        _ => Format::V1(Minor::Two),
    };
    let mut page = [0; SB_BYTES];
    let len = bytes.len().min(SB_BYTES);
    page[..len].copy_from_slice(&bytes[..len]);
    if control & 4 != 0 {
        reseal(format, &mut page);
    }

    let at = Sector(u64::from_le_bytes(*at));
    let Ok(verdict) = Unverified::new(&page).map(|page| page.verify(format, at)) else {
        panic!("a whole page is too short");
    };
    match verdict {
        Ok(summary) => accepted(&summary, &page, bytes, control),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

/// Makes the checksum right, where it is known how much it covers.
fn reseal(format: Format, page: &mut [u8; SB_BYTES]) {
    match format {
        Format::V0 => {
            let sum = checksum::v0(page);
            page[152..156].copy_from_slice(&sum.to_ne_bytes());
        }
        Format::V1(_) => {
            let max_dev = u16::from_le_bytes([page[220], page[221]]);
            if let Some(covered) = page.get(..256 + 2 * usize::from(max_dev)) {
                let sum = checksum::v1(covered);
                page[216..220].copy_from_slice(&sum.to_le_bytes());
            }
        }
    }
}

/// What has to hold of every superblock that is accepted.
fn accepted(summary: &Summary<'_>, page: &[u8; SB_BYTES], log: &[u8], control: u8) {
    match summary.format {
        Format::V0 => {
            let recorded = u32::from_ne_bytes([page[152], page[153], page[154], page[155]]);
            let computed = checksum::v0(page);
            assert_eq!(checksum::v0_fold(recorded), checksum::v0_fold(computed));
        }
        Format::V1(_) => {
            let recorded = u32::from_le_bytes([page[216], page[217], page[218], page[219]]);
            let covered = &page[..256 + 2 * summary.roles.len()];
            assert_eq!(recorded, checksum::v1(covered));
        }
    }
    assert!(summary.raid_disks > 0);
    let end = summary.data.start().0.checked_add(summary.data.len().0);
    assert_eq!(end, Some(summary.data.end().0));
    assert!(summary.roles.len() <= 1920);
    let text = summary.to_string();
    assert!(text.is_ascii() && !text.contains('\n'));
    if let Some(bad_blocks) = summary.bad_blocks {
        for range in bad_blocks.entries(log).flatten() {
            assert!(!range.is_empty() && range.end() > range.start());
        }
    }

    let array = Array {
        format: summary.format,
        level: Level::MIRROR,
        raid_disks: 2,
        origin: match control & 8 {
            0 => Origin::Assembled,
            _ => Origin::Takeover,
        },
    };
    let member = Member {
        slot: (control & 16 != 0).then_some(Slot(u32::from(control >> 5))),
        replacement: control & 32 != 0,
        in_sync: control & 64 != 0,
        summary: *summary,
    };
    check(&array, [member; 2].iter(), |contradiction| {
        assert!(!contradiction.to_string().is_empty());
        // Two that are the same agree with each other.
        assert!(!contradiction.loses_data());
    });
}

/// What else there is on a member, and is not tied to the superblock.
fn other_structures(bytes: &[u8]) {
    if let Ok(bitmap) = UnverifiedBitmap::new(bytes).and_then(UnverifiedBitmap::verify) {
        assert!(!bitmap.to_string().is_empty());
    }
}
