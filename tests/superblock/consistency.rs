// SPDX-License-Identifier: GPL-2.0

//! Contradictions: none in arrays that are as they should be, the right ones in others, and no
//! reason to refuse one that raid1.ko runs correctly.

use crate::{
    checksum::reseal,
    images::{
        array,
        Image, //
    },
};
use proptest::prelude::*;
use raid1_rs::superblock::{
    consistency::{
        check,
        Array,
        Member,
        Origin, //
    },
    Contradiction,
    DevNumber,
    Events,
    Format,
    Level,
    Mismatch,
    Role,
    Slot,
    Summary, //
};

/// Checks superblocks in any state of md core's that could be: for panics, not for the verdict.
pub fn check_all(summaries: &[Summary<'_>]) {
    for origin in [Origin::Assembled, Origin::Takeover] {
        for in_sync in [true, false] {
            let members: Vec<_> = summaries
                .iter()
                .map(|&summary| Member {
                    slot: in_sync.then_some(Slot(0)),
                    replacement: !in_sync,
                    in_sync,
                    summary,
                })
                .collect();
            let array = mirror(summaries[0].format, origin);
            check(&array, members.iter(), |contradiction| {
                assert!(!contradiction.to_string().is_empty());
            });
        }
    }
}

pub fn mirror(format: Format, origin: Origin) -> Array {
    Array {
        format,
        level: Level::MIRROR,
        raid_disks: 2,
        origin,
    }
}

/// What md core makes of superblocks that it assembles, by `analyze_sbs()` and `super_*_validate()`:
/// the array as the newest describes it, and the members that aren't dropped.
pub fn assembled(images: &[Image]) -> (Array, Vec<Member<'_>>) {
    let summaries: Vec<_> = images.iter().map(|image| image.summary()).collect();
    let newest = *summaries
        .iter()
        .filter(|summary| summary.role.slot().is_some())
        .max_by_key(|summary| summary.events)
        .unwrap();
    let members = summaries
        .into_iter()
        .filter(|summary| summary.role.slot().is_none() || summary.events.0 + 1 >= newest.events.0)
        .map(|summary| {
            let role = match summary.format {
                Format::V1(_) if summary.events < newest.events => {
                    newest.roles.of(summary.device).unwrap()
                }
                _ => summary.role,
            };
            Member {
                slot: role.slot(),
                replacement: summary.replacement,
                in_sync: role.slot().is_some() && summary.recovered_to.is_none(),
                summary,
            }
        })
        .collect();
    let array = Array {
        format: newest.format,
        level: newest.level,
        raid_disks: newest.raid_disks,
        origin: Origin::Assembled,
    };
    (array, members)
}

pub fn found(array: &Array, members: &[Member<'_>]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    check(array, members.iter(), |contradiction| {
        found.push(contradiction)
    });
    found
}

pub fn edit(image: &mut Image, at: usize, bytes: &[u8]) {
    image.page[at..at + bytes.len()].copy_from_slice(bytes);
    assert!(reseal(image.format, &mut image.page));
}

const EVENTS_V0: usize = 39 * 4;
pub const EVENTS_V1: usize = 200;

fn set_events(image: &mut Image, events: u64) {
    match image.format {
        Format::V0 => edit(image, EVENTS_V0, &events.to_ne_bytes()),
        Format::V1(_) => edit(image, EVENTS_V1, &events.to_le_bytes()),
    }
}

/// Real arrays, with everything that happens to them: nothing to say, whatever their state.
#[test]
fn real_arrays_have_none() {
    for name in [
        "plain-0.90",
        "plain-1.0",
        "plain-1.1",
        "plain-1.2",
        "created-0.90",
        "created-1.2",
        "in-use-0.90",
        "in-use-1.2",
        "spare-0.90",
        "spare-1.2",
        "missing-0.90",
        "missing-1.2",
        "failed-0.90",
        "failed-1.2",
        "removed-0.90",
        "removed-1.2",
        "recovering-0.90",
        "recovering-1.2",
        "recovery-stopped-0.90",
        "recovery-stopped-1.2",
        "resync-stopped-0.90",
        "resync-stopped-1.2",
        "flags-0.90",
        "flags-1.2",
        "replacement",
        "bad-blocks",
        "renumbered",
    ] {
        let images = array(name);
        let (array, members) = assembled(&images);
        assert!(!members.is_empty());
        assert_eq!(found(&array, &members), [], "{name}");
    }
}

/// A takeover: a RAID-5 of two devices becomes a mirror, and the superblocks are still of RAID-5.
#[test]
fn a_takeover_from_raid5_has_none() {
    let images = array("level-5");
    let (mut array, members) = assembled(&images);
    assert_eq!(found(&array, &members), []);
    array.level = Level::MIRROR;
    array.origin = Origin::Takeover;
    assert_eq!(found(&array, &members), []);

    // The same in an array that is said to have been assembled is worth a warning, no more.
    array.origin = Origin::Assembled;
    let recorded = Level(5);
    let running = Level::MIRROR;
    let level = Mismatch::Level { recorded, running };
    assert_eq!(
        found(&array, &members),
        [0, 1].map(|leg| Contradiction {
            leg,
            mismatch: level
        })
    );
    assert!(!found(&array, &members)[0].loses_data());
}

/// Legs that were not loaded, or not verified, are left out; with none at all there is nothing to
/// contradict. That is `mdadm --create` of 0.90, `--build` and external metadata.
#[test]
fn no_superblocks_have_none() {
    assert_eq!(found(&mirror(Format::V0, Origin::Assembled), &[]), []);
}

/// Spares don't get every update, and may be any number behind; a stale one may be ahead, too.
#[test]
fn stale_spares_have_none() {
    for name in ["spare-0.90", "spare-1.2"] {
        for events in [0, 1, 1 << 40] {
            let mut images = array(name);
            set_events(&mut images[2], events);
            let (array, members) = assembled(&images);
            assert_eq!(members.len(), 3);
            assert_eq!(found(&array, &members), [], "{name} {events}");
        }
    }
}

/// Both legs were used, one without the other, and have come to the same count.
#[test]
fn diverged_legs_lose_data() {
    for (name, role) in [
        ("diverged-0.90", Role::Faulty),
        ("diverged-1.2", Role::Spare),
    ] {
        let images = array(name);
        let (mut array, mut members) = assembled(&images);
        assert!(
            members.len() == 2 && members.iter().all(|member| member.in_sync),
            "{name}"
        );
        let events = members[0].summary.events;
        let diverged = |leg| Contradiction {
            leg,
            mismatch: Mismatch::Diverged {
                by: DevNumber(1 - leg as u32),
                role,
                events,
            },
        };
        let both = found(&array, &members);
        assert_eq!(both, [diverged(0), diverged(1)], "{name}");
        assert!(both.iter().all(|contradiction| contradiction.loses_data()));
        // Neither is the one to go on without.
        assert!(both
            .iter()
            .all(|contradiction| !contradiction.is_outdated()));

        // One of them alone is what its owner may want.
        for leg in 0..2 {
            assert_eq!(found(&array, &members[leg..=leg]), [], "{name}");
        }

        // md core runs one of them as a leg to be rebuilt: it isn't read from.
        members[1].in_sync = false;
        assert!(
            found(&array, &members).iter().all(|c| !c.loses_data()),
            "{name}"
        );
        members[1].in_sync = true;

        // In a takeover superblocks may be behind what md core knows.
        array.origin = Origin::Takeover;
        let disowned = found(&array, &members);
        assert!(
            matches!(
                disowned[..],
                [
                    Contradiction {
                        leg: 0,
                        mismatch: Mismatch::Disowned {
                            by: DevNumber(1),
                            ..
                        }
                    },
                    Contradiction {
                        leg: 1,
                        mismatch: Mismatch::Disowned {
                            by: DevNumber(0),
                            ..
                        }
                    },
                ]
            ),
            "{name}"
        );
        assert!(disowned.iter().all(|c| !c.loses_data()), "{name}");
    }
}

/// A leg fails, the other is told so, and the machine crashes before anything else: the counts differ
/// by the 1 that md accepts. With 1.x md core believes the newer table and drops the leg; with 0.90
/// it comes back as in sync, though it lacks what was written since.
#[test]
fn a_leg_that_failed_just_before_a_crash() {
    for (name, comes_back) in [("failed-0.90", true), ("failed-1.2", false)] {
        let mut images = array(name);
        let newer = images[0].summary().events;
        set_events(&mut images[1], newer.0 - 1);
        let (array, members) = assembled(&images);
        assert_eq!(members[1].in_sync, comes_back, "{name}");
        let found = found(&array, &members);
        if comes_back {
            let mismatch = Mismatch::Outdated {
                by: DevNumber(0),
                role: Role::Faulty,
                events: Events(newer.0 - 1),
                newer,
            };
            assert_eq!(found, [Contradiction { leg: 1, mismatch }], "{name}");
            assert!(found[0].loses_data() && found[0].is_outdated());
        } else {
            assert_eq!(found, [], "{name}");
        }
    }
}

/// A crash between the writes of one update, with the older leg all right: the newer table has it.
#[test]
fn a_leg_one_update_behind() {
    for name in ["plain-0.90", "plain-1.2"] {
        let mut images = array(name);
        let newer = images[0].summary().events;
        set_events(&mut images[1], newer.0 - 1);
        let (array, members) = assembled(&images);
        assert_eq!(members.len(), 2, "{name}");
        assert_eq!(found(&array, &members), [], "{name}");
    }
}

/// The older table doesn't know of a device that has become active since.
#[test]
fn an_older_table_proves_nothing() {
    let mut images = array("diverged-1.2");
    let events = images[0].summary().events;
    set_events(&mut images[1], events.0 + 1);
    let (array, members) = assembled(&images);
    // By the newer table the older leg is a spare.
    assert_eq!(members[0].slot, None);
    assert_eq!(found(&array, &members), []);
}

/// Devices that md core doesn't let in by itself, and user space did: it's told, not stopped.
#[test]
fn forced_members_are_not_refused() {
    let mut images = array("diverged-1.2");
    set_events(&mut images[1], 50);
    set_events(&mut images[0], 10);
    let members: Vec<_> = images
        .iter()
        .zip(0u32..)
        .map(|(image, slot)| Member {
            slot: Some(Slot(slot)),
            replacement: false,
            in_sync: true,
            summary: image.summary(),
        })
        .collect();
    let array = mirror(images[0].format, Origin::Assembled);
    let found = found(&array, &members);
    assert!(found
        .iter()
        .any(|c| matches!(c.mismatch, Mismatch::Behind { .. })));
    assert!(found
        .iter()
        .any(|c| matches!(c.mismatch, Mismatch::Disowned { .. })));
    assert!(found.iter().all(|c| !c.loses_data()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// As long as the tables have all legs that run, no array is refused: not for events, flags,
    /// slots, levels, or where it came from.
    #[test]
    fn agreeing_tables_are_never_refused(
        three: bool,
        events in prop::collection::vec(0u64..6, 3),
        states in prop::collection::vec((prop::option::of(0u32..4), any::<bool>(), any::<bool>()), 3),
        level in -4i32..11,
        raid_disks in 0u32..5,
        takeover: bool,
    ) {
        let mut images = array(if three { "renumbered" } else { "plain-0.90" });
        for (image, &events) in images.iter_mut().zip(&events) {
            set_events(image, events);
        }
        let members: Vec<_> = images
            .iter()
            .zip(states)
            .map(|(image, (slot, replacement, in_sync))| Member {
                slot: slot.map(Slot),
                replacement,
                in_sync,
                summary: image.summary(),
            })
            .collect();
        let array = Array {
            format: images[0].format,
            level: Level(level),
            raid_disks,
            origin: if takeover { Origin::Takeover } else { Origin::Assembled },
        };
        for contradiction in found(&array, &members) {
            prop_assert!(!contradiction.loses_data(), "{contradiction}");
        }
    }

    /// The verdict on an array doesn't depend on the order in which md core lists its members.
    #[test]
    fn order_does_not_matter(name in prop_oneof![Just("diverged-0.90"), Just("diverged-1.2"), Just("failed-0.90")]) {
        let images = array(name);
        let (array, mut members) = assembled(&images);
        let refused = |members: &[Member<'_>]| found(&array, members).iter().any(|c| c.loses_data());
        let forward = refused(&members);
        members.reverse();
        prop_assert_eq!(refused(&members), forward);
    }
}
