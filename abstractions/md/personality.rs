// SPDX-License-Identifier: GPL-2.0

//! What a personality implements.
//!
//! C header: `drivers/md/md.h`

use kernel::{
    error::VTABLE_DEFAULT_ERROR,
    prelude::*,
    seq_file::SeqFile,
    types::ForeignOwnable, //
};

use super::{
    locked::{
        LockedMddev,
        Member, //
    },
    mddev::Mddev,
    rdev::Rdev,
    Sector, //
};
use crate::abstractions::bio::Incoming;

/// The personality's data, as the callbacks get it: for a `KBox<D>` that is `&D`, for a
/// `Pin<KBox<D>>` it's `Pin<&D>`, for an `Arc<D>` an `ArcBorrow<D>`.
pub type Borrowed<'a, T> = <<T as Personality>::Data as ForeignOwnable>::Borrowed<'a>;

/// What came of one call of [`Personality::sync_request`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SyncStep {
    /// I/O was issued for that many sectors; not 0. When it's done they have to be reported to
    /// [`Mddev::done_sync`].
    Issued(Sector),
    /// That many sectors need no I/O; not 0. It may be more than there are.
    Skipped(Sector),
    /// The sync can't go on.
    Abort,
}

/// A way to lay out data over the devices of an array.
///
/// Every callback says who calls it, what is held, and whether it may sleep. "With the mutex" is
/// with `reconfig_mutex`; the array can't be stopped or changed by anybody else meanwhile, but
/// unless it says so, requests go on, and so does the sync thread. "Suspended" is with no request
/// under way and none coming in ([`ActiveIo`](super::ActiveIo) has the details); memory allocations
/// then don't wait for I/O whatever their flags.
///
/// `data` is the array's own: each array of the personality has one.
#[vtable]
pub trait Personality: Sized + 'static {
    /// The name, as in `/proc/mdstat` and in sysfs.
    const NAME: &'static CStr;

    /// The RAID level; md finds the personality by it, or by its name. No two personalities in the
    /// kernel have the same.
    const ID: i32;

    /// What the personality keeps for an array.
    type Data: ForeignOwnable + Send + Sync;

    /// Makes the data for an array that is being started: looks at its devices
    /// ([`LockedMddev::members`]), and makes its management thread
    /// ([`Thread::new`](super::Thread::new)).
    ///
    /// Called by md_run(), just before [`Self::run`]. With the mutex, no request under way; may
    /// sleep.
    fn set_up(mddev: &LockedMddev) -> Result<Self::Data>;

    /// Starts the array: checks that there are enough devices, sets the limits of its queue, its
    /// size and [`degraded`](Mddev::set_degraded), and hands the thread over
    /// ([`Thread::install`](super::Thread::install)).
    ///
    /// Called by md_run() after [`Self::set_up`]: if it fails, or what md_run() does afterwards,
    /// the array isn't started, and its data goes to [`Self::free`]. With the mutex, no request
    /// under way; may sleep.
    ///
    /// Also called by level_store() after [`Self::takeover`], suspended and with the mutex. By then
    /// the array has changed for good, **and md ignores an error**: an array without a thread would
    /// be the result, where every write waits for ever. So hand over the thread first of all.
    fn run(mddev: &LockedMddev, data: Borrowed<'_, Self>) -> Result;

    /// The array is stopped, or was taken over by another personality, or could not be started: the
    /// last call for it.
    ///
    /// Nothing may be left that refers to the array or to its devices. The thread has been stopped
    /// if it was handed over. With the mutex; may sleep.
    ///
    /// This has to wait by itself for two things. When the level changes the array is suspended,
    /// and md calls no [`Self::quiesce`]: what requests give back after
    /// [`ActiveIo`](super::ActiveIo) may still be out. And [`Self::error`] may be looking at the
    /// data inside of an RCU read-side critical section.
    fn free(_mddev: &LockedMddev, data: Self::Data) {
        drop(data);
    }

    /// Takes over a running array from another personality; tells by
    /// [`set_new_level`](LockedMddev::set_new_level) and the like what it's going to be. An array
    /// that it can't take over is left as it was, with an error.
    ///
    /// Called by level_store(), followed by the old personality's `free`, and then by
    /// [`Self::run`]. Suspended and with the mutex; may sleep.
    fn takeover(_mddev: &LockedMddev) -> Result<Self::Data> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A request. It's the personality's from now on.
    ///
    /// Called by md_handle_request() for the block layer or dm. md holds a reference to `active_io`
    /// during the call, and no lock; with [`Mddev::active_get`] the personality takes one for
    /// longer. May sleep, though not to wait for I/O that it submits itself: inside the block layer
    /// that starts only after the return. If the request has
    /// [`NOWAIT`](crate::abstractions::bio::opf::NOWAIT), it must not wait for anything that takes
    /// long.
    ///
    /// Writes don't come to an array that is read-only for good or broken, and requests don't
    /// exceed the limits of the queue.
    fn make_request(mddev: &Mddev, data: Borrowed<'_, Self>, bio: Incoming);

    /// Prints the array's state for `/proc/mdstat`: the end of the second line, such as
    /// " [2/2] [UU]", without a newline.
    ///
    /// Called by md_seq_show(), with the spinlock `mddev->lock` and the mutex of the bitmap, but
    /// not with `reconfig_mutex`. Must not sleep.
    fn status(seq: &SeqFile, mddev: &Mddev, data: Borrowed<'_, Self>);

    /// A device has failed, or a user says so: sets [`Faulty`](super::RdevFlag::Faulty), clears
    /// [`InSync`](super::RdevFlag::InSync), counts the array as degraded, and sets what is due for
    /// the superblocks. If it's the last one that works it may refuse, or set
    /// [`Broken`](super::MddevFlag::Broken). The device may be one that is not a member.
    ///
    /// Called by md_error() if the device isn't faulty yet: from any context, hard interrupts
    /// included, with or without the mutex, and by several at once. Must not sleep. md wakes the
    /// management thread afterwards.
    fn error(mddev: &Mddev, data: Borrowed<'_, Self>, rdev: &Rdev);

    /// Takes a device in as a member: finds a slot, and sets
    /// [`raid_disk`](Rdev::set_raid_disk). The device need not have any valid data.
    ///
    /// Called by md_start_sync() for spares, then suspended; by slot_store(), then *not* suspended,
    /// and `raid_disk` is set to the slot that a user wants; by dm-raid. With the mutex, no sync
    /// running; may sleep. May be called for a device again and again, after each failure.
    fn hot_add(_mddev: &LockedMddev, _data: Borrowed<'_, Self>, _rdev: Member<'_>) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Lets a member go. Nothing may refer to the device after a success: md may free it. If it's
    /// in use the answer is `EBUSY`, and md asks again the next time that it looks for devices to
    /// remove. The device may be one that is not a member, which is a success.
    ///
    /// Called by md_start_sync() and, when a user removes a device, by ioctl or sysfs: suspended,
    /// but for slot_store(); and by dm-raid. With the mutex, no sync running; may sleep, but users
    /// wait for it. Called for devices that are faulty or not in sync, with `nr_pending` zero and
    /// no failure of theirs waiting to be recorded.
    fn hot_remove(_mddev: &LockedMddev, _data: Borrowed<'_, Self>, _rdev: &Rdev) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A recovery was successful: devices that are recovered become members in sync. Returns how
    /// many, and updates [`degraded`](Mddev::set_degraded).
    ///
    /// Called by md_reap_sync_thread() from the management thread. With the mutex, requests under
    /// way, no sync running; may sleep.
    fn spare_active(_mddev: &LockedMddev, _data: Borrowed<'_, Self>) -> usize {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Syncs some sectors from `sector` on, at least one and as many as suits; `max_sector` is
    /// where the sync ends. What kind of sync it is [`Mddev::recovery`] tells.
    ///
    /// Called by md_do_sync() from the sync thread, with no lock, in ascending order of sectors.
    /// May sleep. A sync runs only while the array isn't read-only. md keeps count of what was
    /// issued and is not done, but the limit on it is the personality's business.
    ///
    /// In the end, when all issued I/O is done, there is one more call with `sector` equal to
    /// `max_sector`, whether the sync was completed or given up: [`Mddev::curr_resync`] tells how
    /// far it came. Its result isn't used.
    fn sync_request(
        _mddev: &Mddev,
        _data: Borrowed<'_, Self>,
        _sector: Sector,
        _max_sector: Sector,
    ) -> SyncStep {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Changes how much of each device is used to `sectors`, which is known to fit.
    ///
    /// Called by update_size(), for ioctl and sysfs, and by the cluster code. With the mutex,
    /// no sync running, requests under way; may sleep.
    fn resize(_mddev: &LockedMddev, _data: Borrowed<'_, Self>, _sectors: Sector) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// How large the array is, or would be with `sectors` used of each of `raid_disks` devices; 0
    /// stands for what the array has.
    ///
    /// Called by md core with the mutex, and by the cluster code without. Must not sleep.
    fn size(mddev: &Mddev, sectors: Sector, raid_disks: usize) -> Sector;

    /// Changes the array to the layout, size of chunks and count of devices that
    /// [`Mddev::new_layout`], [`Mddev::new_chunk_sectors`] and [`Mddev::delta_disks`] tell, or
    /// fails. On an error caused by a layout or a size of chunks it has to set them back.
    ///
    /// Called for ioctl and sysfs: for a change of the count of devices suspended and with no sync
    /// running, else with either going on; by dm-raid; and by md_start_sync() if a reshape was
    /// under way. With the mutex; may sleep.
    fn check_reshape(_mddev: &LockedMddev, _data: Borrowed<'_, Self>) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// With `on`: stops all I/O, waits until what is under way has ended, and returns with the
    /// array quiet. Else: lets it go on. Each call with `on` is followed by one without.
    ///
    /// Called with the mutex when an array is stopped, before [`Self::free`], and when its bitmap
    /// or its personality changes; and **by the sync thread, without it**, before a recovery, and by
    /// dm-raid, without it, when that resizes a bitmap before it resumes a volume. So calls from two
    /// tasks may overlap, and have to be counted. May sleep. Since the management thread can't write
    /// the superblocks while somebody else has the mutex, nothing that waits for them may be waited
    /// for here.
    fn quiesce(_mddev: &Mddev, _data: Borrowed<'_, Self>, _on: bool) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The management thread was woken, or is called for no reason. It has to call
    /// [`Mddev::check_recovery`].
    ///
    /// Called by the thread itself, with no lock, never twice at a time for an array. May sleep. It
    /// must not wait for anything that waits for `reconfig_mutex` or for superblocks: it's the one
    /// who writes them. Not called while the array is being started or stopped.
    fn daemon(_mddev: &Mddev, _data: Borrowed<'_, Self>) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}
