// SPDX-License-Identifier: GPL-2.0

//! Decisions and arithmetic of RAID-1 with no kernel in them: values in, values out.
//!
//! The module and the host's tests compile these files unchanged. They allocate nothing, wait for
//! nothing, and can't panic: what comes from disk or user is checked or saturates.
//!
//! A *sector* is 512 bytes everywhere. A *leg* is a member device in a slot; slots `0..raid_disks`
//! hold the members, slots `raid_disks..2 * raid_disks` their replacements.

// Each user of these files, the module and the tests, needs another part of them.
#![allow(dead_code)]

pub mod balance;
pub mod degraded;
pub mod gate;
pub mod overlaps;
pub mod range;
pub mod range_locks;
pub mod read_errors;
pub mod read_policy;
pub mod sync_plan;
pub mod vote;
