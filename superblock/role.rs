// SPDX-License-Identifier: GPL-2.0

//! The part that a device plays in its array, and the table in each superblock that says it of
//! every device.

use super::{
    bytes::Block,
    units::{
        DevNumber,
        Slot, //
    },
    v0,
    SB_BYTES, //
};
use core::fmt;

/// What a superblock says a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A member in this slot. Not necessarily in sync: see
    /// [`Summary::recovered_to`](super::Summary::recovered_to).
    Active(Slot),
    /// A spare, or in the table a number that no device has.
    Spare,
    /// It failed, or (0.90) was removed.
    Faulty,
    /// A write journal (RAID-4/5/6).
    Journal,
    /// A value that md gives no meaning (1.x: 0xff00 to 0xfffc). md takes it for a slot, finds it
    /// out of range, and makes the device a spare.
    Unknown(u16),
}

impl Role {
    /// `MD_DISK_ROLE_MAX`: the first value that is no slot.
    const FIRST_SPECIAL: u16 = 0xff00;

    /// The meaning of an entry of the table in a 1.x superblock.
    pub(super) fn from_v1(value: u16) -> Self {
        match value {
            0xffff => Self::Spare,
            0xfffe => Self::Faulty,
            0xfffd => Self::Journal,
            value if value < Self::FIRST_SPECIAL => Self::Active(Slot(u32::from(value))),
            value => Self::Unknown(value),
        }
    }

    /// The slot of an active device.
    pub fn slot(self) -> Option<Slot> {
        match self {
            Self::Active(slot) => Some(slot),
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active(slot) => write!(f, "slot {slot}"),
            Self::Spare => f.write_str("spare"),
            Self::Faulty => f.write_str("faulty"),
            Self::Journal => f.write_str("journal"),
            Self::Unknown(value) => write!(f, "unknown role {value:#06x}"),
        }
    }
}

/// The table of roles of all devices, as one superblock has it.
#[derive(Clone, Copy)]
pub struct Roles<'a>(Table<'a>);

#[derive(Clone, Copy)]
enum Table<'a> {
    /// 27 descriptors, and whether the array is being reshaped, on which their meaning depends.
    V0 {
        page: Block<'a, SB_BYTES>,
        reshaping: bool,
    },
    /// One little-endian number of 16 bits for each device.
    V1(&'a [u8]),
}

impl<'a> Roles<'a> {
    /// The table of a verified 0.90 superblock.
    pub(super) fn v0(page: Block<'a, SB_BYTES>, reshaping: bool) -> Self {
        Self(Table::V0 { page, reshaping })
    }

    /// The table of a verified 1.x superblock: two bytes for each of `max_dev` devices.
    pub(super) fn v1(table: &'a [u8]) -> Self {
        Self(Table::V1(table))
    }

    /// What the table says of a device, `None` where it has no entry for that number.
    pub fn of(&self, device: DevNumber) -> Option<Role> {
        let index = usize::try_from(device.0).ok()?;
        match self.0 {
            Table::V0 { page, reshaping } => Some(v0::Descriptor::of(page, index)?.role(reshaping)),
            Table::V1(table) => {
                let entry = table.get(index.checked_mul(2)?..)?.first_chunk::<2>()?;
                Some(Role::from_v1(u16::from_le_bytes(*entry)))
            }
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        match self.0 {
            Table::V0 { .. } => v0::DISKS,
            Table::V1(table) => table.len() / 2,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Roles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let entries = (0..last).filter_map(|number| self.of(DevNumber(number)));
        f.debug_list().entries(entries).finish()
    }
}
