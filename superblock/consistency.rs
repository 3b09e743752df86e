// SPDX-License-Identifier: GPL-2.0

//! Do the superblocks of an array's members fit each other, and what md core runs?
//!
//! md core has done its own checks by the time a personality runs, and drops members that fail
//! them. This finds what is left and lists it; it decides nothing. Most of what it can find is
//! legitimate at times, and only warned of; what [`Contradiction::loses_data`] names keeps the
//! array from starting.

use super::{
    contradiction::{
        Contradiction,
        Mismatch, //
    },
    feature::Features,
    role::Role,
    summary::Summary,
    units::{
        Extent,
        Level,
        Slot, //
    },
    Format, //
};

/// How the array came to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// md core assembled it from these superblocks, or created it.
    Assembled,
    /// It was running at another level, and changes over (`takeover`, where `mddev->private` is set
    /// before `run`). The superblocks are from before, and need not have kept up with md core.
    Takeover,
}

/// What md core says of the array.
#[derive(Clone, Copy, Debug)]
pub struct Array {
    /// The metadata format, for an array that is persistent and not external. Others have no
    /// superblocks to check.
    pub format: Format,
    /// `mddev->level`.
    pub level: Level,
    /// `mddev->raid_disks`.
    pub raid_disks: u32,
    /// How it came to be started.
    pub origin: Origin,
}

/// What md core says of a member whose superblock could be verified, and that superblock.
///
/// Members whose superblock was not loaded, or could not be verified, are left out; nothing is
/// said against them or on their word.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// `rdev->raid_disk`, for a member that is in a slot.
    pub slot: Option<Slot>,
    /// The flag `Replacement`.
    pub replacement: bool,
    /// The flag `In_sync`, and not `Faulty`.
    pub in_sync: bool,
    /// The superblock.
    pub summary: Summary<'a>,
}

/// Checks the members against the array and against each other, and hands each contradiction to
/// `report`, leg by leg.
///
/// The members are gone through once for each of them, so `members` is to be cheap to clone. They
/// are borrowed, as they are large and the kernel's stack is small.
pub fn check<'a, I>(array: &Array, members: I, mut report: impl FnMut(Contradiction))
where
    I: Iterator<Item = &'a Member<'a>> + Clone,
{
    let Some(newest) = newest(members.clone()) else {
        return;
    };

    for (leg, member) in numbered(members.clone()) {
        let mut found = |mismatch| report(Contradiction { leg, mismatch });
        against_array(array, member, &mut found);
        against_itself(member, &mut found);
        against_newest(newest, member, &mut found);
        let others = numbered(members.clone())
            .filter(|&(other, _)| other != leg)
            .map(|(_, other)| other);
        against_others(array, member, others, &mut found);
    }
}

/// `enumerate()`, without the overflow check that links in a panic.
fn numbered<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = (usize, T)> {
    items.scan(0usize, |next, item| {
        let number = *next;
        *next = number.wrapping_add(1);
        Some((number, item))
    })
}

/// The superblock that the others are measured by: the one with the most events, of an active
/// device if there is any, as in `analyze_sbs()`. The first of several.
fn newest<'a>(members: impl Iterator<Item = &'a Member<'a>>) -> Option<&'a Summary<'a>> {
    let rank = |summary: &Summary<'_>| (summary.role.slot().is_some(), summary.events);
    members
        .map(|member| &member.summary)
        .reduce(|best, next| match rank(next) > rank(best) {
            true => next,
            false => best,
        })
}

/// What md core and the superblock both say.
fn against_array(array: &Array, member: &Member<'_>, found: &mut impl FnMut(Mismatch)) {
    let summary = &member.summary;

    if summary.format != array.format {
        found(Mismatch::Format {
            recorded: summary.format,
            running: array.format,
        });
    }

    // What changes in a takeover, and in a reshape, is not yet on disk.
    if array.origin == Origin::Assembled && summary.reshape.is_none() {
        if summary.level != array.level {
            found(Mismatch::Level {
                recorded: summary.level,
                running: array.level,
            });
        }
        if summary.raid_disks != array.raid_disks {
            found(Mismatch::RaidDisks {
                recorded: summary.raid_disks,
                running: array.raid_disks,
            });
        }
    }

    // The other way round is normal: a failed or outdated member keeps its last role on disk.
    let Some(running) = member.slot else {
        return;
    };
    if summary.role != Role::Active(running) {
        found(Mismatch::Slot {
            recorded: summary.role,
            running,
        });
    }
    if summary.replacement != member.replacement {
        found(Mismatch::Replacement {
            running: member.replacement,
        });
    }
    if let (true, Some(recovered_to)) = (member.in_sync, summary.recovered_to) {
        found(Mismatch::NotRecovered { recovered_to });
    }
}

/// What the superblock says that can't be right, or isn't known, whatever the array is.
fn against_itself(member: &Member<'_>, found: &mut impl FnMut(Mismatch)) {
    let summary = &member.summary;

    let unknown = summary.features.unknown();
    if !unknown.is_empty() {
        found(Mismatch::UnknownFeatures { features: unknown });
    }
    let foreign = summary.features.intersection(Features::NOT_FOR_MIRRORS);
    if !foreign.is_empty() {
        found(Mismatch::ForeignFeatures { features: foreign });
    }
    if summary.new_feature_padding {
        found(Mismatch::Padding);
    }

    let (data, used) = (summary.data, summary.used);
    if used > data.len() {
        found(Mismatch::TooSmall { used, data });
    }
    // Space for data that the array doesn't use is free to hold metadata.
    let Some(data) = Extent::new(data.start(), used.min(data.len())) else {
        return;
    };
    if let Some(bitmap) = summary.bitmap {
        if data.contains(bitmap) {
            found(Mismatch::BitmapInData { bitmap, data });
        }
    }
    if let Some(log) = summary.bad_blocks {
        if data.overlaps(log.place()) {
            found(Mismatch::BadBlocksInData {
                log: log.place(),
                data,
            });
        }
    }
}

/// What all superblocks of an array have in common.
fn against_newest(newest: &Summary<'_>, member: &Member<'_>, found: &mut impl FnMut(Mismatch)) {
    let summary = &member.summary;

    if summary.array_uuid != newest.array_uuid {
        found(Mismatch::Uuid {
            recorded: summary.array_uuid,
            newest: newest.array_uuid,
        });
        return;
    }
    // A crash between the writes of one update leaves a difference of 1, which md accepts.
    if member.in_sync && summary.events.behind(newest.events) > 1 {
        found(Mismatch::Behind {
            events: summary.events,
            newest: newest.events,
        });
    }
}

/// What the other members' tables say of this one, and whether one of them is its double.
fn against_others<'a>(
    array: &Array,
    member: &Member<'a>,
    others: impl Iterator<Item = &'a Member<'a>>,
    found: &mut impl FnMut(Mismatch),
) {
    let summary = &member.summary;
    let (mut double, mut disowned) = (false, None);

    for other in others.filter(|other| other.summary.array_uuid == summary.array_uuid) {
        double |= other.summary.device == summary.device;
        let new = disowns(array, other, member);
        // One is enough to say; the worst of them.
        if gravity(&new) > gravity(&disowned) {
            disowned = new;
        }
    }

    if double {
        found(Mismatch::SameDevice {
            device: summary.device,
        });
    } else if let Some(mismatch) = disowned {
        // A double would disown, or be disowned by, everything that knows just one of the two.
        found(mismatch);
    }
}

/// How bad it is to be disowned in this way.
fn gravity(disowned: &Option<Mismatch>) -> u8 {
    match disowned {
        None => 0,
        Some(Mismatch::Diverged { .. }) => 3,
        Some(Mismatch::Outdated { .. }) => 2,
        Some(_) => 1,
    }
}

/// Whether `other` says that `member`, which runs as in sync, isn't an active device.
///
/// Its word counts only if its superblock is at least as new: a superblock from before a device
/// became active is right to say that it isn't. Members that were in the array at the same update
/// all have the same table, so with as many events a difference means that the two were updated
/// apart from each other. With more events, md core takes a 1.x device's role from the newest table
/// rather than from its own; for 0.90 it doesn't, and a device that failed just before a crash
/// comes back as in sync, without the writes that it missed.
fn disowns(array: &Array, other: &Member<'_>, member: &Member<'_>) -> Option<Mismatch> {
    let (theirs, own) = (&other.summary, &member.summary);
    if !member.in_sync || own.role.slot().is_none() || theirs.events < own.events {
        return None;
    }

    let by = theirs.device;
    let (events, newer) = (own.events, theirs.events);
    let both_run = array.origin == Origin::Assembled && other.in_sync;
    match theirs.roles.of(own.device) {
        Some(Role::Active(_)) => None,
        // An entry that is there and says so, by a device that is in use itself. A distance above 1
        // would mean that user space put the older one in, over md core's head.
        Some(role @ (Role::Faulty | Role::Spare)) if both_run && events.behind(newer) <= 1 => {
            Some(match events == newer {
                true => Mismatch::Diverged { by, role, events },
                false => Mismatch::Outdated {
                    by,
                    role,
                    events,
                    newer,
                },
            })
        }
        role => Some(Mismatch::Disowned { by, role }),
    }
}
