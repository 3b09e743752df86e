// SPDX-License-Identifier: GPL-2.0

//! Superblocks of bitmaps: as mdadm reads them, and damaged.

use crate::images::{
    all,
    image,
    Image, //
};
use raid1_rs::superblock::{
    BitmapSummary,
    BitmapVersion,
    Error,
    Format,
    Sectors,
    UnverifiedBitmap,
    BITMAP_SB_BYTES, //
};

fn verify(bytes: &[u8]) -> Result<BitmapSummary, Error> {
    UnverifiedBitmap::new(bytes)?.verify()
}

fn bitmaps() -> Vec<(Image, Vec<u8>)> {
    let bitmaps: Vec<_> = all()
        .into_iter()
        .filter_map(|image| {
            let bytes = image.beside("bitmap")?;
            Some((image, bytes))
        })
        .collect();
    assert!(bitmaps.len() >= 10, "only {} were found", bitmaps.len());
    bitmaps
}

fn plain() -> Vec<u8> {
    image("plain-1.2/0").beside("bitmap").unwrap()
}

fn edited(at: usize, number: u32) -> Result<BitmapSummary, Error> {
    let mut bytes = plain();
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    verify(&bytes)
}

#[test]
fn as_mdadm_says() {
    for (image, bytes) in bitmaps() {
        let bitmap = verify(&bytes).unwrap();
        let report = image.report("bitmap.examine");
        let name = &image.name;
        assert_eq!(bitmap.version, BitmapVersion::LittleEndian, "{name}");
        assert_eq!(report.need("Version"), "4", "{name}");
        assert_eq!(Some(bitmap.events.0), report.number("Events"), "{name}");
        let cleared = report.number("Events Cleared");
        assert_eq!(Some(bitmap.events_cleared.0), cleared, "{name}");
        assert!(!bitmap.stale && report.need("State") == "OK", "{name}");
        let chunk: u64 = report.number("Chunksize").unwrap();
        assert!(report.need("Chunksize").ends_with(" MB"), "{name}");
        assert_eq!(bitmap.chunk, Sectors(chunk * 2048), "{name}");
        assert!(report.need("Daemon").starts_with("5s") && bitmap.daemon_sleep == 5);
        // mdadm writes KiB.
        let size: u64 = report.number("Sync Size").unwrap();
        assert_eq!(bitmap.sync_size, Sectors(size * 2), "{name}");
        let write_behind = report.need("Write Mode").rsplit_once("max ");
        let write_behind = write_behind.map_or(0, |(_, most)| most.parse().unwrap());
        assert_eq!(bitmap.write_behind, write_behind, "{name}");
        assert_eq!(bitmap.nodes, 0, "{name}");

        let summary = image.summary();
        // Bytes in the bitmap, whereas the superblock has four numbers with 0.90; mdadm prints both
        // as the superblock has them.
        assert_eq!(bitmap.array_uuid, summary.array_uuid, "{name}");
        assert_eq!(
            summary.array_uuid.to_string(),
            report.need("UUID"),
            "{name}"
        );
        if summary.format != Format::V0 {
            assert_eq!(bitmap.array_uuid.to_string(), report.need("UUID"), "{name}");
        }
        assert!(summary.bitmap.is_some(), "{name}");
        assert!(!bitmap.to_string().is_empty());
    }
}

/// Where a changed byte must be noticed: magic and version. The format has no checksum, so of the
/// rest only sizes out of range are, and the UUID and the events by who compares them. That is all
/// that md can do as well.
#[test]
fn one_byte_any_way() {
    for (image, bytes) in bitmaps() {
        let intact = verify(&bytes).unwrap();
        for at in 0..BITMAP_SB_BYTES {
            for flip in 1..=255u8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let case = format!("{} with byte {at} ^ {flip:#04x}", image.name);
                match (at, verify(&damaged)) {
                    // Another version is taken for one: 4 ^ 1 is the clustered kind.
                    (4, Ok(bitmap)) => assert_ne!(bitmap.version, intact.version, "{case}"),
                    (0..8, verdict) => assert!(verdict.is_err(), "{case}"),
                    (8..24, verdict) => {
                        assert_ne!(verdict.unwrap().array_uuid, intact.array_uuid, "{case}");
                    }
                    (24..32, verdict) => {
                        assert_ne!(verdict.unwrap().events, intact.events, "{case}");
                    }
                    (52..56, Ok(bitmap)) => assert_ne!(bitmap.chunk, intact.chunk, "{case}"),
                    (68.., verdict) => assert_eq!(verdict, Ok(intact), "{case}"),
                    (_, verdict) => {
                        let _ = verdict.map(|bitmap| bitmap.to_string());
                    }
                }
            }
        }
    }
}

#[test]
fn limits() {
    for len in 0..BITMAP_SB_BYTES {
        let needed = BITMAP_SB_BYTES;
        assert_eq!(verify(&plain()[..len]), Err(Error::Short { len, needed }));
    }
    assert!(matches!(verify(&[0; 256]), Err(Error::Magic { .. })));

    for (version, kind) in [
        (3, Some(BitmapVersion::HostEndian)),
        (4, Some(BitmapVersion::LittleEndian)),
        (5, Some(BitmapVersion::Clustered)),
        (6, Some(BitmapVersion::Lockless)),
        (2, None),
        (7, None),
    ] {
        assert_eq!(edited(4, version).ok().map(|bitmap| bitmap.version), kind);
    }
    for (chunk, sectors) in [
        (512, Some(1)),
        (0x8000_0000, Some(0x40_0000)),
        (256, None),
        (0, None),
        (1025, None),
    ] {
        let found = edited(52, chunk);
        assert_eq!(found.ok().map(|bitmap| bitmap.chunk.0), sectors, "{chunk}");
    }
    assert_eq!(edited(56, 0), Err(Error::BitmapSleep));
    assert!(edited(60, 16383).is_ok());
    let error = Error::BitmapWriteBehind { found: 16384 };
    assert_eq!(edited(60, 16384), Err(error));
    assert!(edited(48, 1 << 1).unwrap().stale);
}

/// The lockless kind: chunks in sectors, and nothing but the identity until its first use.
#[test]
fn lockless() {
    let lockless = |state: u32, chunk: u32, sleep: u32| {
        let mut bytes = plain();
        for (at, number) in [(4, 6), (48, state), (52, chunk), (56, sleep)] {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        verify(&bytes).map(|bitmap| bitmap.chunk.0)
    };
    let first_use = 1 << 3;
    assert_eq!(lockless(first_use, 0, 0), Ok(0));
    assert_eq!(lockless(0, 128, 5), Ok(128));
    assert_eq!(lockless(0, 1, 5), Ok(1));
    assert_eq!(lockless(0, 0, 5), Err(Error::BitmapChunk { found: 0 }));
    assert_eq!(lockless(0, 3, 5), Err(Error::BitmapChunk { found: 3 }));
    assert_eq!(lockless(0, 128, 0), Err(Error::BitmapSleep));
}
