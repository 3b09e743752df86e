// SPDX-License-Identifier: GPL-2.0

//! Tests of superblock/, by metadata that mdadm and md made (tests/data/superblock) and by metadata
//! that nobody made.

mod bad_blocks;
mod bitmap;
mod checksum;
mod consistency;
mod contradiction;
mod corruption;
mod dm;
mod examine;
mod geometry;
mod images;
mod text;
