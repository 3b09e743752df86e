// SPDX-License-Identifier: GPL-2.0

//! What goes into the log. The texts are for people, so these are whole lines, as they come out.

use crate::images::{
    image,
    verify, //
};
use raid1_rs::superblock::{
    Contradiction,
    DevNumber,
    Error,
    Events,
    Format,
    Minor,
    Mismatch,
    Role,
    UnverifiedBitmap,
    Uuid, //
};

fn line(name: &str) -> String {
    let image = image(name);
    // The count depends on how often md got to write while the image was made.
    let events = format!(", events {}, ", image.examine.need("Events"));
    let line = image.summary().to_string();
    assert!(line.contains(&events), "{line}");
    line.replace(&events, ", events N, ")
}

#[test]
fn summaries() {
    assert_eq!(
        line("plain-1.2/1"),
        "metadata 1.2 at 8, array 'images:plain', uuid 01234567:89abcdef:02468ace:13579bdf, \
         raid1 of 2, device 1 slot 1, events N, clean, data 2048+47104 (47104 used), \
         bitmap at 16, bad-block log 24+8 (empty), features bitmap"
    );
    assert_eq!(
        line("resync-stopped-0.90/0"),
        "metadata 0.90 at 49024, uuid 01234567:89abcdef:02468ace:13579bdf, raid1 of 2, \
         device 0 slot 0, events N, active, resync from 8192, data 0+49024 (49024 used), \
         features none"
    );
    let replacement = line("replacement/2");
    assert!(
        replacement.contains("device 2 slot 0 replacement, ")
            && replacement.contains(", recovered to 8192, ")
            && replacement.ends_with("features bitmap,recovery-offset,replacement"),
        "{replacement}"
    );
    assert!(line("flags-1.2/1").contains("slot 1 write-mostly failfast, "));
    assert!(line("reshape-1.2/0").contains(", reshape to raid5 at "));
    assert!(line("spare-1.2/2").contains(", device 2 spare, "));
    assert!(line("journal/2").contains(" journal, "));
    assert!(line("bad-blocks/1").contains(", bad-block log 24+8 (in use), "));
}

#[test]
fn bitmaps() {
    let bytes = image("flags-1.2/0").beside("bitmap").unwrap();
    let bitmap = UnverifiedBitmap::new(&bytes).unwrap().verify().unwrap();
    let counts = format!(
        "events {}, cleared at {}",
        bitmap.events, bitmap.events_cleared
    );
    assert_eq!(
        bitmap.to_string().replace(&counts, "events N"),
        "little-endian bitmap of array 01234567:89abcdef:02468ace:13579bdf, events N, \
         47104 sectors in chunks of 131072, write-behind 500"
    );
}

#[test]
fn errors() {
    let image = image("plain-1.2/0");
    let text = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut page = image.page.clone();
        edit(&mut page);
        verify(&image, &page).unwrap_err().to_string()
    };
    assert_eq!(
        text(&|page| page.truncate(512)),
        "512 bytes where 4096 are needed"
    );
    assert_eq!(
        text(&|page| page.fill(0)),
        "magic is 0x00000000, not 0xa92b4efc"
    );
    let checksum = text(&|page| page[32] ^= 1);
    assert!(checksum.starts_with("checksum is 0x") && checksum.contains(", contents give 0x"));
    assert_eq!(
        Error::ByteOrder.to_string(),
        "written by a machine of the other byte order"
    );
}

#[test]
fn contradictions() {
    let (by, role, events) = (DevNumber(0), Role::Spare, Events(4));
    let diverged = Contradiction {
        leg: 1,
        mismatch: Mismatch::Diverged { by, role, events },
    };
    assert_eq!(
        diverged.to_string(),
        "has diverged: in sync by its own account, spare by that of device 0, both with events 4; \
         their contents differ, assemble only one of them"
    );
    let outdated = Mismatch::Outdated {
        by,
        role: Role::Faulty,
        events,
        newer: Events(5),
    };
    assert_eq!(
        outdated.to_string(),
        "is out of date: runs as in sync with events 4, but is faulty by device 0, which has events 5"
    );
    let (by, role) = (DevNumber(2), None);
    assert_eq!(
        Mismatch::Disowned { by, role }.to_string(),
        "runs as in sync, device 2 says it is unknown"
    );
}

#[test]
fn formats_and_identities() {
    for (numbers, text) in [
        ((0, 90), Some("0.90")),
        ((0, 91), Some("0.90")),
        ((1, 0), Some("1.0")),
        ((1, 1), Some("1.1")),
        ((1, 2), Some("1.2")),
        ((0, 0), None),
        ((1, 3), None),
        ((2, 0), None),
        ((-1, -1), None),
        // External metadata.
        ((-2, 0), None),
    ] {
        let format = Format::from_md(numbers.0, numbers.1);
        assert_eq!(format.map(|format| format.to_string()).as_deref(), text);
    }
    assert_eq!(Format::from_md(1, 0), Some(Format::V1(Minor::Zero)));

    let words = [0x0102_0304, 5, 6, 7];
    let uuid = Uuid::from_words(words);
    assert_eq!(uuid.to_string(), "01020304:00000005:00000006:00000007");
    assert_eq!(Uuid::from_bytes(uuid.bytes()), uuid);
}
