// SPDX-License-Identifier: GPL-2.0

//! Superblocks with a good checksum and contents that make no sense: each field's limits.

use crate::{
    checksum::reseal,
    images::{
        image,
        verify, //
    },
};
use raid1_rs::superblock::{
    Error,
    Extent,
    Features,
    Level,
    Name,
    Role,
    Sector,
    Sectors,
    Slot,
    Summary, //
};

/// The verdict on an image with some bytes replaced and the checksum made right.
fn edited(name: &str, edits: &[(usize, &[u8])]) -> Result<String, Error> {
    with(name, edits, |summary| format!("{summary:?}"))
}

fn with<T>(
    name: &str,
    edits: &[(usize, &[u8])],
    read: impl Fn(&Summary<'_>) -> T,
) -> Result<T, Error> {
    let image = image(name);
    let mut page = image.page.clone();
    for &(at, bytes) in edits {
        page[at..at + bytes.len()].copy_from_slice(bytes);
    }
    assert!(reseal(image.format, &mut page));
    verify(&image, &page).map(|summary| read(&summary))
}

const V1: &str = "plain-1.2/0";
const END: &str = "plain-1.0/0";
const V0: &str = "plain-0.90/0";

fn le32(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

fn le64(number: u64) -> [u8; 8] {
    number.to_le_bytes()
}

#[test]
fn v1_magic_and_version() {
    let found = 0xa92b_4efd;
    let expected = 0xa92b_4efc;
    let error = Error::Magic { found, expected };
    assert_eq!(edited(V1, &[(0, &le32(found))]), Err(error));
    let (major, minor) = (2, 0);
    let error = Error::Version { major, minor };
    assert_eq!(edited(V1, &[(4, &le32(2))]), Err(error));
}

#[test]
fn v1_table_of_roles() {
    let image = image(V1);
    for found in [1921, 0x8000_0000, u32::MAX] {
        let mut page = image.page.clone();
        page[220..224].copy_from_slice(&le32(found));
        assert_eq!(verify(&image, &page).err(), Some(Error::MaxDev { found }));
    }
    // The largest there is, the smallest, and an odd number, which ends in half a word.
    for (devices, role) in [
        (1920, Role::Active(Slot(0))),
        (0, Role::Spare),
        (1, Role::Active(Slot(0))),
    ] {
        let found = with(V1, &[(220, &le32(devices))], |s| (s.roles.len(), s.role));
        assert_eq!(found, Ok((devices as usize, role)));
    }
    // A device that isn't in the table, as md takes it.
    for number in [128, u32::MAX] {
        let role = with(V1, &[(160, &le32(number))], |summary| summary.role);
        assert_eq!(role, Ok(Role::Spare));
    }
}

#[test]
fn v1_roles() {
    let role = |value: u16| with(V1, &[(256, &value.to_le_bytes())], |s| s.role).unwrap();
    assert_eq!(role(0), Role::Active(Slot(0)));
    assert_eq!(role(0xfeff), Role::Active(Slot(0xfeff)));
    assert_eq!(role(0xff00), Role::Unknown(0xff00));
    assert_eq!(role(0xfffc), Role::Unknown(0xfffc));
    assert_eq!(role(0xfffd), Role::Journal);
    assert_eq!(role(0xfffe), Role::Faulty);
    assert_eq!(role(0xffff), Role::Spare);
}

#[test]
fn v1_place() {
    let error = Error::SuperOffset {
        recorded: Sector(0),
        expected: Sector(8),
    };
    assert_eq!(edited(V1, &[(144, &le64(0))]), Err(error));
}

#[test]
fn v1_raid_disks() {
    for found in [0, -1, i32::MIN] {
        let error = Error::RaidDisks { found };
        assert_eq!(edited(V1, &[(92, &found.to_le_bytes())]), Err(error));
    }
    assert_eq!(
        with(V1, &[(92, &le32(0x7fff_ffff))], |s| s.raid_disks),
        Ok(0x7fff_ffff)
    );
}

#[test]
fn v1_data() {
    let size = |sectors: u64| edited(V1, &[(136, &le64(sectors))]);
    for len in [0, 9] {
        let found = Sectors(len);
        assert_eq!(size(len), Err(Error::DataSize { found }));
    }
    assert!(size(10).is_ok());
    assert!(size(u64::MAX - 2048).is_ok());
    let (start, len) = (Sector(2048), Sectors(u64::MAX - 2047));
    assert_eq!(size(len.0), Err(Error::DataRange { start, len }));

    // Right behind the superblock, which has 512 bytes, and inside of it.
    let start = |sector: u64| edited(V1, &[(128, &le64(sector))]);
    assert!(start(9).is_ok());
    for inside in [0, 8] {
        assert!(matches!(
            start(inside),
            Err(Error::DataOverlapsSuperblock { .. })
        ));
    }
    // 1920 devices fill the page.
    let full = |sector: u64| edited(V1, &[(128, &le64(sector)), (220, &le32(1920))]);
    assert!(full(16).is_ok());
    assert!(matches!(
        full(15),
        Err(Error::DataOverlapsSuperblock { .. })
    ));

    // In front of the superblock.
    let at = image(END).at.0;
    assert!(edited(END, &[(136, &le64(at))]).is_ok());
    let error = Error::DataOverlapsSuperblock {
        data: Extent::new(Sector(0), Sectors(at + 1)).unwrap(),
        superblock: Sector(at),
    };
    assert_eq!(edited(END, &[(136, &le64(at + 1))]), Err(error));
}

#[test]
fn v1_bitmap() {
    let place = |name: &str, offset: i32| {
        with(name, &[(96, &offset.to_le_bytes())], |summary| {
            summary.bitmap
        })
    };
    assert_eq!(place(V1, 0), Ok(None));
    assert_eq!(place(V1, -8), Ok(Some(Sector(0))));
    for offset in [-9, i32::MIN] {
        assert_eq!(place(V1, offset), Err(Error::BitmapOffset { offset }));
    }
    assert_eq!(place(V1, i32::MAX), Ok(Some(Sector(8 + i32::MAX as u64))));
    // Means nothing without its feature bit.
    let edits: [(usize, &[u8]); 2] = [(8, &le32(0)), (96, &le32(0x8000_0000))];
    assert_eq!(with(V1, &edits, |s| s.bitmap), Ok(None));
}

#[test]
fn v1_bad_block_log() {
    let log = |bits: u32, offset: i32, size: u16, shift: u8| {
        let mut field = vec![shift];
        field.extend(size.to_le_bytes());
        field.extend(offset.to_le_bytes());
        with(V1, &[(8, &le32(bits)), (185, &field)], |summary| {
            summary.bad_blocks.map(|log| (log.place(), log.in_use()))
        })
    };
    let in_use = Features::BAD_BLOCKS.bits();
    let place = |start, len| Extent::new(Sector(start), Sectors(len)).unwrap();

    assert_eq!(log(0, 0, 8, 0), Ok(None));
    assert_eq!(log(in_use, 0, 8, 0), Err(Error::BadBlocksNowhere));
    assert_eq!(log(0, 16, 8, 0), Ok(Some((place(24, 8), false))));
    assert_eq!(log(in_use, -8, 0, 63), Ok(Some((place(0, 0), true))));
    for (bits, found) in [(0, 9), (in_use, 0xffff)] {
        let error = Error::BadBlocksSize {
            found: Sectors(u64::from(found)),
        };
        assert_eq!(log(bits, 16, found, 0), Err(error));
    }
    for offset in [-9, i32::MIN] {
        let error = Error::BadBlocksOffset { offset };
        assert_eq!(log(in_use, offset, 8, 0), Err(error));
    }
    // md looks at the shift only when there are entries.
    for found in [64, 255] {
        assert_eq!(
            log(in_use, 16, 8, found),
            Err(Error::BadBlocksShift { found })
        );
        assert_eq!(log(0, 16, 8, found), Ok(Some((place(24, 8), false))));
    }
}

#[test]
fn v1_features() {
    let bits = |bits: u32| with(V1, &[(8, &le32(bits))], |s| (s.features, s.replacement)).unwrap();
    let (features, replacement) = bits(0x8000_3011);
    assert!(replacement);
    assert_eq!(features.unknown().bits(), 0x8000_2000);
    assert_eq!(
        features.names().collect::<Vec<_>>(),
        ["bitmap", "replacement", "raid0-layout"]
    );
    assert_eq!(
        features.to_string(),
        "bitmap,replacement,raid0-layout,unknown 0x80002000"
    );
    assert_eq!(bits(0x1fff).0.unknown(), Features::NONE);
    assert_eq!(bits(0x1fff).0.names().count(), 13);
    assert_eq!(bits(0).0.to_string(), "none");
    assert_eq!(bits(0x2000).0.to_string(), "unknown 0x2000");
}

/// The logical block size is a field, what follows it is not one yet.
#[test]
fn v1_padding() {
    let flagged = |at: usize| with(V1, &[(at, &[1])], |s| s.new_feature_padding).unwrap();
    for at in [12, 15, 228, 255] {
        assert!(flagged(at), "{at}");
    }
    for at in [192, 224, 227] {
        assert!(!flagged(at), "{at}");
    }
}

/// A recovery offset is of use to an active device only.
#[test]
fn v1_recovery_offset() {
    let edits: [(usize, &[u8]); 2] = [(8, &le32(2)), (152, &le64(4711))];
    let recovered = |name| with(name, &edits, |summary| summary.recovered_to).unwrap();
    assert_eq!(recovered(V1), Some(Sector(4711)));
    assert_eq!(recovered("spare-1.2/2"), None);
}

#[test]
fn v1_names() {
    let name = |bytes: &[u8; Name::LEN]| with(V1, &[(32, bytes)], |s| s.name).unwrap();
    assert_eq!(name(&[b'x'; 32]).to_string(), "x".repeat(32));
    assert!(name(&[0; 32]).is_empty());
    let mut odd = [0; 32];
    odd[..9].copy_from_slice(b"a\n\xff\x1b'b\0cd");
    assert_eq!(name(&odd).as_bytes(), b"a\n\xff\x1b'b");
    // Nothing that a disk says may break a line of the log.
    assert_eq!(name(&odd).to_string(), r"a\n\xff\x1b\'b");
}

#[test]
fn v0_magic_and_version() {
    let mut page = image(V0).page.clone();
    page[..4].reverse();
    assert_eq!(verify(&image(V0), &page).err(), Some(Error::ByteOrder));
    for (major, minor) in [(0u32, 89u32), (0, 92), (1, 90), (u32::MAX, 90)] {
        let edits: [(usize, &[u8]); 2] = [(4, &major.to_ne_bytes()), (8, &minor.to_ne_bytes())];
        assert_eq!(edited(V0, &edits), Err(Error::Version { major, minor }));
    }
}

#[test]
fn v0_raid_disks_and_number() {
    for found in [0, -1, i32::MIN] {
        let error = Error::RaidDisks { found };
        assert_eq!(edited(V0, &[(40, &found.to_ne_bytes())]), Err(error));
    }
    let own = |number: u32| edited(V0, &[(992 * 4, &number.to_ne_bytes())]);
    assert!(own(26).is_ok());
    for found in [27, 0x0200_0000, u32::MAX] {
        assert_eq!(own(found), Err(Error::DeviceNumber { found }));
    }
}

#[test]
fn v0_data() {
    let at = image(V0).at.0 as u32;
    let size = |kib: u32, level: i32| {
        let edits: [(usize, &[u8]); 2] = [(28, &level.to_ne_bytes()), (32, &kib.to_ne_bytes())];
        with(V0, &edits, |summary| summary.data.len())
    };
    assert_eq!(size(at / 2, 1), Ok(Sectors(u64::from(at))));
    let too_much = size(at / 2 + 1, 1);
    assert!(matches!(
        too_much,
        Err(Error::DataOverlapsSuperblock { .. })
    ));
    // Levels whose superblock doesn't have the size.
    for level in [0, -1] {
        assert_eq!(size(u32::MAX, level), Ok(Sectors(0x1_ffff_fffe)));
    }
}

/// The flags of a device, and what md makes of them.
#[test]
fn v0_roles() {
    let (faulty, active, sync, removed) = (1u32, 2, 4, 8);
    for (minor, state, role, recovered_to) in [
        (90u32, active | sync, Role::Active(Slot(0)), None),
        (90, sync, Role::Active(Slot(0)), None),
        (90, active, Role::Spare, None),
        (91, active, Role::Active(Slot(0)), Some(Sector(0))),
        (91, active | sync, Role::Active(Slot(0)), None),
        (90, 0, Role::Spare, None),
        (90, removed, Role::Faulty, None),
        (90, removed | faulty, Role::Faulty, None),
        (90, active | sync | faulty, Role::Faulty, None),
    ] {
        let edits: [(usize, &[u8]); 2] =
            [(8, &minor.to_ne_bytes()), (512 + 16, &state.to_ne_bytes())];
        let found = with(V0, &edits, |summary| (summary.role, summary.recovered_to));
        assert_eq!(found, Ok((role, recovered_to)), "{minor} {state:#x}");
    }
}

/// The flags of a device that aren't its role. Its own descriptor counts, by its number.
#[test]
fn v0_flags() {
    let state = (6u32 | (1 << 9) | (1 << 10)).to_ne_bytes();
    let flags = |at| with(V0, &[(at, &state)], |s| (s.write_mostly, s.failfast));
    assert_eq!(flags(512 + 16), Ok((true, true)));
    assert_eq!(flags(512 + 128 + 16), Ok((false, false)));
}

/// A checkpoint is good only for the update that it was made at.
#[test]
fn v0_checkpoint() {
    let name = "resync-stopped-0.90/0";
    let from = |edits: &[(usize, &[u8])]| with(name, edits, |s| (s.clean, s.resync_from));
    assert_eq!(from(&[]), Ok((false, Some(Sector(8192)))));
    let one = 1u32.to_ne_bytes();
    assert_eq!(from(&[(132, &one)]), Ok((true, None)));
    // The halves of the counts: only their being equal matters, both halves of it.
    for at in [39, 40, 41, 42] {
        let other = 4711u32.to_ne_bytes();
        assert_eq!(
            from(&[(at * 4, &other)]),
            Ok((false, Some(Sector(0)))),
            "{at}"
        );
    }
}

/// Counts above 32 bits.
#[test]
fn events() {
    let wide = 0x1234_5678_9abc_def0_u64;
    assert_eq!(with(V1, &[(200, &le64(wide))], |s| s.events.0), Ok(wide));
    let both_halves = wide.to_ne_bytes();
    assert_eq!(
        with(V0, &[(39 * 4, &both_halves)], |s| s.events.0),
        Ok(wide)
    );
}

#[test]
fn levels() {
    for (number, text) in [
        (-4, "multipath"),
        (-1, "linear"),
        (0, "raid0"),
        (1, "raid1"),
        (10, "raid10"),
        (7, "level 7"),
        (i32::MIN, "level -2147483648"),
    ] {
        let level = with(V1, &[(72, &number.to_le_bytes())], |s| s.level).unwrap();
        assert_eq!((level, level.to_string().as_str()), (Level(number), text));
    }
}
