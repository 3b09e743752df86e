// SPDX-License-Identifier: GPL-2.0

//! The host's view of raid1_rs: the parts with no kernel in them, for tests and fuzzing.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]

pub mod logic;
pub mod superblock;
