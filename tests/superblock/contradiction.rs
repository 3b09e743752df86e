// SPDX-License-Identifier: GPL-2.0

//! Each kind of contradiction, by the edit of a good array that gives rise to it.

use crate::{
    consistency::{
        assembled,
        edit,
        found,
        EVENTS_V1, //
    },
    images::{
        array,
        image, //
    },
};
use raid1_rs::superblock::{
    consistency::Member,
    Contradiction,
    DevNumber,
    Events,
    Features,
    Level,
    Mismatch,
    Role,
    Sector,
    Sectors,
    Slot,
    Uuid, //
};

/// What a single superblock, or one beside a good one, gives rise to.
#[test]
fn each_kind() {
    let good = array("plain-1.2");
    let (mirror, _) = assembled(&good);
    let kinds = |edits: &[(usize, &[u8])], change: &dyn Fn(&mut Member<'_>)| {
        let mut images = array("plain-1.2");
        for &(at, bytes) in edits {
            edit(&mut images[1], at, bytes);
        }
        // As md core runs the good ones, whatever this one says.
        let mut members: Vec<_> = images
            .iter()
            .zip(0u32..)
            .map(|(image, slot)| Member {
                slot: Some(Slot(slot)),
                replacement: false,
                in_sync: true,
                summary: image.summary(),
            })
            .collect();
        change(&mut members[1]);
        let found = found(&mirror, &members);
        assert!(found
            .iter()
            .all(|contradiction| !contradiction.loses_data()));
        let legs: Vec<_> = found
            .iter()
            .map(|contradiction| contradiction.leg)
            .collect();
        let kinds: Vec<_> = found
            .iter()
            .map(|contradiction| contradiction.mismatch)
            .collect();
        (legs, kinds)
    };
    let none = |_: &mut Member<'_>| ();
    let one = |mismatch| (vec![1], vec![mismatch]);
    let sb = good[1].summary();

    assert_eq!(kinds(&[], &none), (vec![], vec![]));
    assert_eq!(
        kinds(&[(16, &[7; 16])], &none),
        one(Mismatch::Uuid {
            recorded: Uuid::from_bytes([7; 16]),
            newest: sb.array_uuid,
        })
    );
    let (recorded, running) = (Level(10), Level::MIRROR);
    assert_eq!(
        kinds(&[(72, &10u32.to_le_bytes())], &none),
        one(Mismatch::Level { recorded, running })
    );
    let (recorded, running) = (3, 2);
    assert_eq!(
        kinds(&[(92, &3u32.to_le_bytes())], &none),
        one(Mismatch::RaidDisks { recorded, running })
    );
    let recorded = Role::Active(Slot(1));
    let running = Slot(5);
    assert_eq!(
        kinds(&[], &|member| member.slot = Some(Slot(5))),
        one(Mismatch::Slot { recorded, running })
    );
    // In no slot: a member that md core put aside. Nothing strange in that.
    let aside = |member: &mut Member<'_>| (member.slot, member.in_sync) = (None, false);
    assert_eq!(kinds(&[], &aside), (vec![], vec![]));
    assert_eq!(
        kinds(&[], &|member| member.replacement = true),
        one(Mismatch::Replacement { running: true })
    );
    assert_eq!(
        kinds(&[(8, &17u32.to_le_bytes())], &none),
        one(Mismatch::Replacement { running: false })
    );
    assert_eq!(
        kinds(
            &[(8, &3u32.to_le_bytes()), (152, &99u64.to_le_bytes())],
            &none
        ),
        one(Mismatch::NotRecovered {
            recovered_to: Sector(99)
        })
    );
    let behind = (sb.events.0 - 2).to_le_bytes();
    assert_eq!(
        kinds(&[(EVENTS_V1, &behind)], &none),
        one(Mismatch::Behind {
            events: Events(sb.events.0 - 2),
            newest: sb.events,
        })
    );
    assert_eq!(
        kinds(&[(8, &0x8001u32.to_le_bytes())], &none),
        one(Mismatch::UnknownFeatures {
            features: Features::from_bits(0x8000)
        })
    );
    assert_eq!(
        kinds(&[(8, &0x1201u32.to_le_bytes())], &none),
        one(Mismatch::ForeignFeatures {
            features: Features::from_bits(0x1200)
        })
    );
    assert_eq!(kinds(&[(12, &[1])], &none), one(Mismatch::Padding));
    assert_eq!(
        kinds(&[(80, &50000u64.to_le_bytes())], &none),
        one(Mismatch::TooSmall {
            used: Sectors(50000),
            data: sb.data,
        })
    );
    assert_eq!(
        kinds(&[(96, &4096u32.to_le_bytes())], &none),
        one(Mismatch::BitmapInData {
            bitmap: Sector(4104),
            data: sb.data,
        })
    );
    // The last of its 8 sectors is the first of the data.
    let log = sb.bad_blocks.unwrap();
    let (_, inside) = kinds(&[(188, &(2048u32 - 8 - 7).to_le_bytes())], &none);
    assert!(matches!(inside[..], [Mismatch::BadBlocksInData { .. }]));
    let (_, outside) = kinds(&[(188, &(2048u32 - 8 - 8).to_le_bytes())], &none);
    assert_eq!((outside.as_slice(), log.place().len().0), (&[][..], 8));

    // A copy of the other leg: each is the other's double.
    let device = DevNumber(0);
    let (legs, doubles) = kinds(&[(160, &0u32.to_le_bytes())], &|member| {
        member.slot = Some(Slot(0))
    });
    assert_eq!(
        (legs, doubles),
        (vec![0, 1], vec![Mismatch::SameDevice { device }; 2])
    );

    // The other leg's table ends before this number.
    let (_, unheard) = kinds(
        &[(160, &200u32.to_le_bytes()), (220, &256u32.to_le_bytes())],
        &|member| {
            member.summary.role = Role::Active(Slot(1));
        },
    );
    let by = DevNumber(0);
    assert!(
        unheard.contains(&Mismatch::Disowned { by, role: None }),
        "{unheard:?}"
    );
}

#[test]
fn another_format() {
    let images = [image("plain-1.2/0"), image("plain-1.1/1")];
    let (mut array, members) = assembled(&images);
    array.format = images[0].format;
    let (recorded, running) = (images[1].format, images[0].format);
    let mismatch = Mismatch::Format { recorded, running };
    assert_eq!(
        found(&array, &members),
        [Contradiction { leg: 1, mismatch }]
    );
}
