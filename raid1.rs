// SPDX-License-Identifier: GPL-2.0

//! raid1_rs: RAID-1 for the kernel's md, in Rust. Takes the place of raid1.ko.
//!
//! See Documentation/design.md.

pub mod bindings;

pub mod abstractions;
pub mod logic;
pub mod personality;
pub mod superblock;

use kernel::prelude::*;

use abstractions::md::Registration;
use personality::Raid1;

module! {
    type: Raid1Module,
    name: "raid1_rs",
    authors: ["raid1_rs developers"],
    description: "RAID-1 (mirroring) personality for md, in Rust",
    license: "GPL",
    alias: ["md-personality-3", "md-raid1", "md-level-1"],
}

/// The module, as long as it's loaded.
#[pin_data]
pub struct Raid1Module {
    #[pin]
    _registration: Registration<Raid1>,
}

impl kernel::InPlaceModule for Raid1Module {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _registration <- Registration::new(module),
        })
    }
}
