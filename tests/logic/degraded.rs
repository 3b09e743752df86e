// SPDX-License-Identifier: GPL-2.0

//! Every combination of devices in a slot, and of slots in small arrays.

use raid1_rs::logic::degraded::{
    activate,
    assemble,
    degraded,
    fail,
    pack,
    place_spare,
    remove,
    working,
    Activation,
    Assembly,
    Device,
    Failure,
    Newcomer,
    Place,
    Removal,
    SlotView, //
};

const SPARE: Device = Device {
    faulty: false,
    in_sync: false,
    recovered: false,
    candidate: false,
    want_replacement: false,
};
const WORKING: Device = Device {
    in_sync: true,
    recovered: true,
    ..SPARE
};
const FAILED: Device = Device {
    faulty: true,
    ..SPARE
};
const WANTED: Device = Device {
    want_replacement: true,
    ..WORKING
};
/// Recovery is complete, nobody has said so yet.
const READY: Device = Device {
    recovered: true,
    ..SPARE
};

const EMPTY: SlotView = SlotView {
    member: None,
    replacement: None,
};

fn member(device: Device) -> SlotView {
    SlotView {
        member: Some(device),
        ..EMPTY
    }
}

fn both(device: Device, replacement: Device) -> SlotView {
    SlotView {
        member: Some(device),
        replacement: Some(replacement),
    }
}

/// All devices that md can make: one that has failed is not in sync.
fn devices() -> Vec<Option<Device>> {
    let mut all = vec![None];
    for bits in 0..32 {
        let bit = |n: u32| bits & (1 << n) != 0;
        let device = Device {
            faulty: bit(0),
            in_sync: bit(1),
            recovered: bit(2),
            candidate: bit(3),
            want_replacement: bit(4),
        };
        if !(device.faulty && device.in_sync) {
            all.push(Some(device));
        }
    }
    all
}

fn all_slots() -> Vec<SlotView> {
    let replacements = devices();
    devices()
        .into_iter()
        .flat_map(|member| {
            replacements.iter().map(move |replacement| SlotView {
                member,
                replacement: *replacement,
            })
        })
        .collect()
}

/// One of each that makes a difference.
fn typical() -> Vec<SlotView> {
    vec![
        EMPTY,
        member(WORKING),
        member(SPARE),
        member(FAILED),
        member(WANTED),
        both(WANTED, SPARE),
        both(WANTED, WORKING),
        both(FAILED, WORKING),
        both(FAILED, SPARE),
    ]
}

fn arrays(len: usize) -> Vec<Vec<SlotView>> {
    let mut all = vec![vec![]];
    for _ in 0..len {
        all = all
            .into_iter()
            .flat_map(|array| {
                typical().into_iter().map(move |slot| {
                    let mut longer = array.clone();
                    longer.push(slot);
                    longer
                })
            })
            .collect();
    }
    all
}

fn each(slots: &[SlotView]) -> impl Iterator<Item = SlotView> + Clone + '_ {
    slots.iter().copied()
}

fn place(slot: u16, replacement: bool) -> Place {
    Place { slot, replacement }
}

fn device_at(slots: &mut [SlotView], place: Place) -> &mut Option<Device> {
    let slot = &mut slots[usize::from(place.slot)];
    if place.replacement {
        &mut slot.replacement
    } else {
        &mut slot.member
    }
}

#[test]
fn working_and_degraded_add_up() {
    for array in arrays(3) {
        let count = array
            .iter()
            .filter(|slot| {
                [slot.member, slot.replacement]
                    .iter()
                    .flatten()
                    .any(|d| d.in_sync && !d.faulty)
            })
            .count();
        assert_eq!(working(each(&array)), count);
        assert_eq!(degraded(each(&array)), 3 - count);
    }
}

#[test]
fn the_last_working_leg_stays() {
    for array in arrays(3) {
        for slot in 0..4 {
            for replacement in [false, true] {
                let place = place(slot, replacement);
                let verdict = fail(each(&array), place, false);
                let mut after = array.clone();
                let device = if slot < 3 {
                    *device_at(&mut after, place)
                } else {
                    None
                };
                let Some(device) = device.filter(|device| !device.faulty) else {
                    assert_eq!(verdict, Failure::Already);
                    continue;
                };
                *device_at(&mut after, place) = Some(FAILED);
                let left = working(each(&after));
                if device.works() && left == 0 {
                    assert_eq!(verdict, Failure::KeepLast, "{array:?} {place:?}");
                    let forced = fail(each(&array), place, true);
                    assert_eq!(forced, Failure::Fail { left, last: true });
                } else {
                    assert_eq!(
                        verdict,
                        Failure::Fail { left, last: false },
                        "{array:?} {place:?}"
                    );
                    assert_eq!(verdict, fail(each(&array), place, true));
                }
            }
        }
    }
}

#[test]
fn assembly() {
    for slot in all_slots() {
        let expected = match (slot.member, slot.replacement) {
            (None, Some(_)) => Assembly::MoveDown,
            (Some(member), Some(_)) if !member.in_sync => Assembly::Contradiction,
            _ => Assembly::AsItIs,
        };
        assert_eq!(assemble(slot), expected);
    }
}

#[test]
fn activation_keeps_the_count_right() {
    for slot in all_slots() {
        let activation = activate(slot);
        let mut after = slot;
        if let Some(device) = after
            .replacement
            .as_mut()
            .filter(|_| activation.replacement)
        {
            assert!(device.recovered && !device.candidate && !device.in_sync && !device.faulty);
            device.in_sync = true;
        }
        if let Some(device) = after.member.as_mut().filter(|_| activation.retire) {
            device.in_sync = false;
            device.faulty = true;
        }
        if let Some(device) = after.member.as_mut().filter(|_| activation.member) {
            assert!(device.recovered && !device.in_sync && !device.faulty);
            device.in_sync = true;
        }
        assert_eq!(
            activation.gained,
            after.works() && !slot.works(),
            "{slot:?}"
        );
        assert!(
            after.works() || !slot.works(),
            "a slot that worked does not any more: {slot:?}"
        );
        assert_eq!(activate(after), Activation::default(), "twice: {slot:?}");
        let replaced =
            after.replacement.is_some_and(|device| device.works()) && activation.replacement;
        assert!(!replaced || !after.member.is_some_and(|device| device.works()));
    }
}

#[test]
fn a_replacement_that_is_ready_retires_the_member() {
    let expected = Activation {
        replacement: true,
        retire: true,
        ..Activation::default()
    };
    assert_eq!(activate(both(WANTED, READY)), expected);
    let expected = Activation {
        gained: true,
        ..expected
    };
    assert_eq!(activate(both(READY, READY)), expected);
    assert_eq!(activate(both(FAILED, READY)), expected);
    let expected = Activation {
        member: true,
        gained: true,
        ..Activation::default()
    };
    assert_eq!(activate(member(READY)), expected);
    assert_eq!(activate(both(READY, SPARE)), expected);
}

#[test]
fn spares_find_their_place() {
    for array in arrays(3) {
        for only in [None, Some(0), Some(2), Some(3)] {
            for saved in [None, Some(1), Some(2), Some(3)] {
                let open: Vec<u16> = (0..3)
                    .filter(|slot| only.is_none_or(|only| only == *slot))
                    .collect();
                let view = |slot: u16| array[usize::from(slot)];
                let empty = |slot: &u16| view(*slot).member.is_none();
                let wants = |slot: &u16| {
                    view(*slot)
                        .member
                        .is_some_and(|device| device.want_replacement)
                        && view(*slot).replacement.is_none()
                };
                let first_of =
                    |test: &dyn Fn(&u16) -> bool| open.iter().copied().find(|slot| test(slot));
                let expected = saved
                    .filter(|slot| open.contains(slot) && empty(slot))
                    .or(first_of(&empty))
                    .map(|slot| place(slot, false))
                    .or(first_of(&wants).map(|slot| place(slot, true)));
                let newcomer = Newcomer { only, saved };
                assert_eq!(
                    place_spare(each(&array), newcomer),
                    expected,
                    "{array:?} {newcomer:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_still_to_be_recovered_gets_no_replacement() {
    let lacking = Device {
        want_replacement: true,
        ..SPARE
    };
    let newcomer = Newcomer {
        only: None,
        saved: None,
    };
    let array = [member(WORKING), member(lacking)];
    assert_eq!(place_spare(each(&array), newcomer), None);
    // An array that had it would not start.
    assert_eq!(assemble(both(lacking, SPARE)), Assembly::Contradiction);
}

#[test]
fn removal() {
    for array in arrays(2) {
        for slot in 0..3 {
            for replacement in [false, true] {
                let at = place(slot, replacement);
                let view = array.get(usize::from(slot)).copied().unwrap_or_default();
                let device = if replacement {
                    view.replacement
                } else {
                    view.member
                };
                let expected = match device {
                    None => Removal::Absent,
                    Some(device) if device.in_sync => Removal::Busy,
                    Some(device) if !device.faulty && working(each(&array)) > 0 => Removal::Busy,
                    Some(_) if !replacement && view.replacement.is_some() => Removal::MoveDown,
                    Some(_) => Removal::Remove,
                };
                assert_eq!(remove(each(&array), at), expected, "{array:?} {at:?}");
            }
        }
    }
}

/// HAZARDS 6: a change of the number of mirrors carries replacements over.
#[test]
fn packing_keeps_every_device() {
    for array in arrays(3) {
        for count in 0..5 {
            let occupied: Vec<u16> = (0..3)
                .filter(|slot| array[usize::from(*slot)] != EMPTY)
                .collect();
            let packed = pack(each(&array), count).map(Iterator::collect::<Vec<_>>);
            if occupied.len() > count {
                assert_eq!(packed, None);
                continue;
            }
            let expected: Vec<(u16, u16)> = occupied.into_iter().zip(0..).collect();
            assert_eq!(packed, Some(expected));
        }
    }
}
