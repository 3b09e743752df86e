// SPDX-License-Identifier: GPL-2.0

//! What is parsed from a superblock is what mdadm reads from it, field by field.

use crate::images::{
    all,
    Image,
    Report, //
};
use raid1_rs::superblock::{
    DevNumber,
    Features,
    Format,
    Role,
    Sector,
    Slot,
    Summary, //
};

#[test]
fn every_image_is_as_mdadm_says() {
    for image in all() {
        let (summary, report) = (image.summary(), &image.examine);
        let name = &image.name;

        assert_eq!(summary.format, image.format, "{name}");
        assert_eq!(
            summary.level.to_string(),
            report.need("Raid Level"),
            "{name}"
        );
        assert_eq!(
            Some(summary.raid_disks),
            report.number("Raid Devices"),
            "{name}"
        );
        assert_eq!(Some(summary.events.0), report.number("Events"), "{name}");
        assert_eq!(summary.clean, report.need("State") == "clean", "{name}");
        assert_eq!(summary.clean, summary.resync_from.is_none(), "{name}");
        match image.format {
            Format::V0 => compare_v0(&image, &summary, report),
            Format::V1(_) => compare_v1(&image, &summary, report),
        }
        compare_reshape(&image, &summary, report);
    }
}

fn compare_v0(image: &Image, summary: &Summary<'_>, report: &Report) {
    let name = &image.name;
    assert_eq!(
        summary.array_uuid.to_string(),
        report.need("UUID"),
        "{name}"
    );
    assert!(
        summary.device_uuid.is_none() && summary.name.is_empty(),
        "{name}"
    );
    assert_eq!(summary.features, Features::NONE, "{name}");
    assert_eq!(summary.data.start(), Sector(0), "{name}");
    // mdadm writes KiB.
    let used: u64 = report.number("Used Dev Size").unwrap();
    assert_eq!(summary.used.0, used * 2, "{name}");
    assert_eq!(summary.data.len(), summary.used, "{name}");
    let bitmap = report
        .get("Internal Bitmap")
        .map(|_| Sector(image.at.0 + 8));
    assert_eq!(summary.bitmap, bitmap, "{name}");

    // The table: "this", then one line for each device: number, major, minor, slot, state.
    let mut lines = report
        .0
        .lines()
        .skip_while(|line| !line.contains("RaidDevice State"))
        .skip(1)
        .filter(|line| !line.trim().is_empty());

    let (own, role) = descriptor(lines.next().unwrap().trim().strip_prefix("this").unwrap());
    assert_eq!(summary.device, own, "{name}");
    assert_eq!(summary.role, role, "{name}");
    let mut devices = 0;
    for line in lines {
        // The index, and then the number, which mdadm leaves zero for devices that aren't there.
        let (index, line) = line.trim().split_once(' ').unwrap();
        let (index, (_, role)) = (DevNumber(index.parse().unwrap()), descriptor(line));
        assert_eq!(summary.roles.of(index), Some(role), "{name}: {line}");
        devices += 1;
    }
    assert!(devices >= summary.raid_disks, "{name}");
}

/// A line of the table without its first word.
fn descriptor(line: &str) -> (DevNumber, Role) {
    let words: Vec<_> = line.split_whitespace().collect();
    let number = |index: usize| words[index].parse::<u32>().unwrap();
    let role = match words[4] {
        "active" => Role::Active(Slot(number(3))),
        "spare" => Role::Spare,
        "faulty" | "removed" => Role::Faulty,
        state => panic!("state {state}"),
    };
    (DevNumber(number(0)), role)
}

fn compare_v1(image: &Image, summary: &Summary<'_>, report: &Report) {
    let name = &image.name;
    let map = report.need("Feature Map").strip_prefix("0x").unwrap();
    let map = u32::from_str_radix(map, 16).unwrap();
    assert_eq!(summary.features.bits(), map, "{name}");
    assert!(summary.features.unknown().is_empty(), "{name}");
    assert!(!summary.new_feature_padding, "{name}");

    assert_eq!(
        summary.array_uuid.to_string(),
        report.need("Array UUID"),
        "{name}"
    );
    assert_eq!(
        summary.device_uuid.unwrap().to_string(),
        report.need("Device UUID"),
        "{name}"
    );
    let array_name = report.need("Name").split("  (local").next().unwrap();
    assert_eq!(summary.name.to_string(), array_name, "{name}");

    let sectors = |key| report.number::<u64>(key);
    assert_eq!(
        Some(summary.superblock.0),
        sectors("Super Offset"),
        "{name}"
    );
    // Left out when it is 0.
    let data_offset = sectors("Data Offset").unwrap_or(0);
    assert_eq!(summary.data.start().0, data_offset, "{name}");
    assert_eq!(
        Some(summary.data.len().0),
        sectors("Avail Dev Size"),
        "{name}"
    );
    // Left out when it is all there is, or means nothing.
    if summary.level.0 > 0 {
        let used = sectors("Used Dev Size").or(sectors("Avail Dev Size"));
        assert_eq!(Some(summary.used.0), used, "{name}");
    }
    let recovered_to = sectors("Recovery Offset").map(Sector);
    assert_eq!(summary.recovered_to, recovered_to, "{name}");

    let from_superblock = |offset: i64| Sector(image.at.0.checked_add_signed(offset).unwrap());
    let bitmap = report.number("Internal Bitmap").map(from_superblock);
    assert_eq!(summary.bitmap, bitmap, "{name}");
    compare_bad_block_log(image, summary, report);

    let flags = report.get("Flags").unwrap_or("");
    assert_eq!(
        summary.write_mostly,
        flags.contains("write-mostly"),
        "{name}"
    );
    assert_eq!(summary.failfast, flags.contains("failfast"), "{name}");
    compare_roles(image, summary, report);
}

fn compare_bad_block_log(image: &Image, summary: &Summary<'_>, report: &Report) {
    let log = summary.bad_blocks;
    let Some(text) = report.get("Bad Block Log") else {
        assert!(log.is_none(), "{}", image.name);
        return;
    };
    // "512 entries available at offset 16 sectors - bad blocks present."
    let words: Vec<_> = text.split_whitespace().collect();
    let (entries, offset) = (words[0].parse::<u64>(), words[5].parse::<i64>());
    let log = log.unwrap();
    let start = image.at.0.checked_add_signed(offset.unwrap()).unwrap();
    assert_eq!(log.place().start(), Sector(start), "{}", image.name);
    assert_eq!(
        log.place().len().0,
        entries.unwrap() * 8 / 512,
        "{}",
        image.name
    );
    assert_eq!(log.in_use(), text.contains("present"), "{}", image.name);
}

fn compare_roles(image: &Image, summary: &Summary<'_>, report: &Report) {
    let name = &image.name;
    let role = report.need("Device Role");
    assert_eq!(
        summary.replacement,
        role.starts_with("Replacement"),
        "{name}"
    );
    let parsed = match role.rsplit_once(' ') {
        Some(("Active device" | "Replacement device", slot)) => {
            Role::Active(Slot(slot.parse().unwrap()))
        }
        None if role == "spare" => Role::Spare,
        None if role == "Journal" => Role::Journal,
        _ => panic!("{name}: role {role}"),
    };
    assert_eq!(summary.role, parsed, "{name}");

    // "A." has a letter for each slot: no device, one, or one and its replacement.
    let state = report
        .need("Array State")
        .split_whitespace()
        .next()
        .unwrap();
    assert_eq!(state.len(), summary.raid_disks as usize, "{name}");
    for (slot, letter) in (0u32..).zip(state.chars()) {
        let active = Some(Role::Active(Slot(slot)));
        let holders = (0u32..)
            .take(summary.roles.len())
            .filter(|&number| summary.roles.of(DevNumber(number)) == active)
            .count();
        let expected = match letter {
            '.' => 0,
            'A' => 1,
            'R' => 2,
            letter => panic!("{name}: slot state {letter}"),
        };
        assert_eq!(holders, expected, "{name}: slot {slot}");
    }
}

fn compare_reshape(image: &Image, summary: &Summary<'_>, report: &Report) {
    let name = &image.name;
    // "1 (3->4)".
    let delta: Option<i32> = report.number("Delta Devices");
    assert_eq!(
        summary.reshape.map(|reshape| reshape.delta_disks),
        delta,
        "{name}"
    );
    if let Some(reshape) = summary.reshape {
        // mdadm writes KiB, the superblock holds sectors.
        let position: u64 = report.number("Reshape pos'n").unwrap();
        assert_eq!(reshape.position.0, position * 2, "{name}");
        assert_eq!(reshape.new_level, summary.level, "{name}");
    }
}

/// The images do hold what the tests are to be about; a new set that lacks it would test nothing.
#[test]
fn the_images_cover_the_formats() {
    let images = all();
    let some = |what: &str, holds: &dyn Fn(&Summary<'_>) -> bool| {
        assert!(
            images.iter().any(|image| holds(&image.summary())),
            "no image {what}"
        );
    };
    for version in ["0.90", "1.0", "1.1", "1.2"] {
        some(version, &|s| {
            s.format.to_string() == version && s.bitmap.is_some()
        });
    }
    for v0 in [true, false] {
        let of = |s: &Summary<'_>| (s.format == Format::V0) == v0;
        some("of a spare", &|s| of(s) && s.role == Role::Spare);
        some("of an array in use", &|s| of(s) && !s.clean);
        some("of a reshape", &|s| of(s) && s.reshape.is_some());
        some("with a checkpoint", &|s| {
            of(s) && s.resync_from.is_some_and(|at| at == Sector(8192))
        });
        some("that knows of a failed leg", &|s| {
            of(s) && s.roles.of(DevNumber(1)) == Some(Role::Faulty)
        });
    }
    some("of a recovering leg", &|s| {
        s.recovered_to == Some(Sector(8192))
    });
    some("of a replacement", &|s| s.replacement);
    some("of a journal", &|s| s.role == Role::Journal);
    some("with bad blocks", &|s| {
        s.bad_blocks.is_some_and(|log| log.in_use())
    });
    some("with its number not its slot", &|s| {
        s.role.slot().is_some_and(|slot| slot.0 != s.device.0)
    });
    some("with a block size", &|s| s.logical_block_size == 512);
    some("with a negative bitmap offset", &|s| {
        s.bitmap.is_some_and(|bitmap| bitmap < s.superblock)
    });
}

/// mdadm doesn't print these for 0.90.
#[test]
fn flags_of_v0() {
    let flags = |number: u32| {
        let image = crate::images::image(&format!("flags-0.90/{number}"));
        (image.summary().write_mostly, image.summary().failfast)
    };
    assert_eq!(flags(0), (false, true));
    assert_eq!(flags(1), (true, false));
}
