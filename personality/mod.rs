// SPDX-License-Identifier: GPL-2.0

//! RAID-1: every leg has all of the data.
//!
//! This file connects md core's callbacks with the parts that handle them:
//!
//! - [`run`] starts an array; its data is a [`conf::Conf`] with [`leg::Leg`]s.
//! - [`gate`] says which requests may go on.
//! - [`balance`] says which leg a read goes to while all is well.
//! - [`failfast`] says when a leg may give up early.
//! - [`read`] and [`write`](mod@write) are the data path, [`read_repair`] and [`write_error`]
//!   what follows when a leg fails.
//! - [`service`] is the daemon's job: what requests wait for.
//! - [`record`] holds up writes until the metadata tells of a failure, and [`recording`] has them
//!   fail as long as it can't.
//! - [`behind`] lets a write end before slow legs have it, [`order`] keeps overlapping writes in
//!   order then.
//! - [`membership`] is about failure, spares and replacements.
//! - [`stuck`] keeps a failed leg that hangs from stopping the others.
//! - [`shape`] changes the number of mirrors, and takes over arrays of another level.
//! - [`sync`] is resync, recovery, check and repair.

#![deny(unsafe_code)]

pub mod admission;
pub mod balance;
pub mod behind;
pub mod choice;
pub mod conf;
pub mod departed;
pub mod dispatch;
pub mod failfast;
pub mod flush;
pub mod gate;
pub mod layout;
pub mod leg;
pub mod membership;
pub mod mend;
pub mod order;
pub mod pending;
pub mod ranges;
pub mod read;
pub mod read_repair;
pub mod record;
pub mod recording;
pub mod run;
pub mod service;
pub mod shape;
pub mod stuck;
pub mod superblocks;
pub mod sync;
pub mod write;
pub mod write_error;
pub mod write_state;

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::rcu, //
};

use self::{
    conf::Array,
    leg::Leg,
    service::Servant, //
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Incoming, //
        },
        md::{
            LockedMddev,
            Mddev,
            Member,
            Personality,
            Rdev,
            RdevFlag,
            SyncStep, //
        },
    },
    superblock::consistency::Origin,
};

/// The personality.
pub struct Raid1;

#[vtable]
impl Personality for Raid1 {
    const NAME: &'static CStr = c"raid1";
    const ID: i32 = 1;

    type Data = KBox<Array>;

    fn set_up(mddev: &LockedMddev) -> Result<Self::Data> {
        run::set_up(mddev, Origin::Assembled)
    }

    fn run(mddev: &LockedMddev, array: &Array) -> Result {
        run::run(mddev, array)
    }

    fn make_request(mddev: &Mddev, array: &Array, bio: Incoming) {
        // With data, the flag goes to each leg along with it: a leg flushes first and then writes.
        // md's own flush goes on beside the data, which could be on the medium before what it
        // relies on.
        let bio = if bio.has(opf::PREFLUSH) && bio.sectors() == 0 {
            if bio.has(opf::NOWAIT) {
                // A flush takes a while.
                return bio.would_block();
            }
            match bio.flush_members(mddev) {
                None => return,
                Some(bio) => bio,
            }
        } else {
            bio
        };
        if bio.is_write() {
            write::submit(&array.conf, bio);
        } else {
            read::submit(&array.conf, bio);
        }
    }

    fn status(seq: &SeqFile, mddev: &Mddev, array: &Array) {
        let conf = &array.conf;
        let guard = rcu::read_lock();
        let legs = conf.layout(&guard);
        let disks = legs.raid_disks();
        seq_print!(
            seq,
            " [{}/{}] [",
            disks,
            disks.saturating_sub(mddev.degraded())
        );
        for slot in 0..disks {
            let in_sync = |leg: &Leg| leg.rdev().flags().test(RdevFlag::InSync);
            let up = legs.peek(slot).is_some_and(in_sync);
            seq_print!(seq, "{}", if up { "U" } else { "_" });
        }
        seq_print!(seq, "]");
    }

    fn error(_mddev: &Mddev, array: &Array, rdev: &Rdev) {
        membership::error(&array.conf, rdev);
    }

    fn hot_add(mddev: &LockedMddev, array: &Array, rdev: Member<'_>) -> Result {
        membership::hot_add(&array.conf, mddev, &rdev)
    }

    fn hot_remove(mddev: &LockedMddev, array: &Array, rdev: &Rdev) -> Result {
        membership::hot_remove(&array.conf, mddev, rdev)
    }

    fn spare_active(_mddev: &LockedMddev, array: &Array) -> usize {
        membership::spare_active(&array.conf)
    }

    fn sync_request(_mddev: &Mddev, array: &Array, sector: u64, max_sector: u64) -> SyncStep {
        sync::step(&array.conf, sector, max_sector)
    }

    fn resize(mddev: &LockedMddev, array: &Array, sectors: u64) -> Result {
        shape::resize(&array.conf, mddev, sectors)
    }

    fn size(mddev: &Mddev, sectors: u64, _raid_disks: usize) -> u64 {
        run::size(mddev, sectors)
    }

    fn check_reshape(mddev: &LockedMddev, array: &Array) -> Result {
        shape::change_disks(&array.conf, mddev)
    }

    fn quiesce(mddev: &Mddev, array: &Array, on: bool) {
        if on {
            // md is about to write the superblocks for the last time, if it stops the array.
            sync::unfinished::forget_rest(&array.conf);
            array.conf.freeze();
        } else {
            shape::note_growth(mddev);
            array.conf.thaw();
        }
    }

    fn takeover(mddev: &LockedMddev) -> Result<Self::Data> {
        shape::take_over(mddev)
    }

    fn daemon(_mddev: &Mddev, array: &Array) {
        // First, as writes fail until then.
        membership::unbreak(&array.conf);
        array.conf.check_recovery();
        array.conf.service(Servant::Daemon(None));
        array.conf.balance.update(&array.conf);
        write_error::end_recorded(&array.conf);
    }
}
