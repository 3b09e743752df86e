// SPDX-License-Identifier: GPL-2.0

//! Personalities of md, the kernel's software RAID.
//!
//! md core owns the arrays, their superblocks, and the threads that resync them. What it leaves to
//! a *personality* is how data is laid out over the member devices. This module is for writing one
//! in safe Rust.
//!
//! # The parts
//!
//! - [`Personality`]: the trait to implement. [`Registration`] makes it known to md for as long as
//!   it lives.
//! - [`Mddev`]: an array; [`LockedMddev`]: the same with its `reconfig_mutex` held, which some
//!   callbacks get and some methods want. [`MddevHandle`] is for keeping.
//! - [`Rdev`]: a device of an array. Callbacks that may take one in as a member get a [`Member`];
//!   from it comes an [`RdevHandle`] for keeping.
//! - [`ActiveIo`] and [`WriteToken`]: what a request holds of the array as long as it is under way.
//! - [`Bitmap`]: the write-intent bitmap, of whichever kind.
//! - [`BadBlocks`]: what is known of a range of a device.
//! - [`QueueLimits`]: the limits of the array's request queue.
//! - [`Thread`]: the array's management thread.
//!
//! # How long things live
//!
//! C passes bare pointers, and what they point to is kept alive by the order in which md core
//! calls. Here it is written down once:
//!
//! - An array outlives the personality's data for it: md calls [`Personality::free`] first.
//! - md frees a device only after [`Personality::hot_remove`] has succeeded for it, or after
//!   [`Personality::free`].
//! - Before `free`, md calls [`Personality::quiesce`] and expects it to wait for all requests (not
//!   if the array is suspended: then `free` itself has to wait for what is left of them). **It is
//!   this, and not `active_io`, that keeps an array in place which is being stopped**: md waits for
//!   `active_io` only when it *suspends* an array, and a stop does not suspend. So whatever
//!   `quiesce` waits for has to be given back last, after [`ActiveIo`] and [`WriteToken`].
//!
//! # Locks
//!
//! Each callback of [`Personality`] says who calls it, what is held, and whether it may sleep.
//!
//! C header: `drivers/md/md.h`

mod access;
mod badblocks;
mod bitmap;
mod flags;
mod io;
mod limits;
mod locked;
mod mddev;
mod personality;
mod rdev;
mod recovery;
mod registration;
mod thread;
mod vtable;

pub use self::{
    badblocks::BadBlocks,
    bitmap::{
        BehindWrite,
        Bitmap,
        BitmapRange,
        BitmapStats,
        SyncNeed, //
    },
    flags::{
        Flag,
        FlagSet,
        Flags,
        MddevFlag,
        RdevFlag,
        RecoveryFlag,
        SbFlag, //
    },
    io::{
        ActiveIo,
        WriteToken, //
    },
    limits::{
        QueueFeatures,
        QueueLimits, //
    },
    locked::{
        LockedMddev,
        Member, //
    },
    mddev::{
        Mddev,
        MddevHandle, //
    },
    personality::{
        Borrowed,
        Personality,
        SyncStep, //
    },
    rdev::{
        Rdev,
        RdevHandle, //
    },
    registration::Registration,
    thread::Thread, //
};

/// A position or a length in units of 512 bytes, whatever the size of a device's blocks
/// (`sector_t`).
pub type Sector = u64;

/// The position that no device reaches: "none", or "all of it" (`MaxSector`).
pub const MAX_SECTOR: Sector = Sector::MAX;
