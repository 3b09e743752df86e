// SPDX-License-Identifier: GPL-2.0

//! Devices of an array.
//!
//! C header: `drivers/md/md.h`

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    page::PAGE_SIZE,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    types::Opaque, //
};

use super::{
    access::{
        read_field,
        write_field, //
    },
    flags::{
        Flags,
        RdevFlag, //
    },
    locked::LockedMddev,
    mddev::Mddev,
    Sector, //
};
use crate::{
    abstractions::{
        block_device::BlockDevice,
        pages::Pages, //
    },
    bindings, //
};

/// An `atomic_t` of a device.
macro_rules! atomic {
    ($rdev:expr, $field:ident) => {{
        let rdev: &Rdev = $rdev;
        // SAFETY: The field is valid as long as the device is borrowed, and everybody accesses it
        // atomically.
        unsafe { Atomic::from_ptr(&raw mut (*rdev.as_ptr()).$field.counter) }
    }};
}

/// A device of an array (`struct md_rdev`).
///
/// As with [`Mddev`], C owns it and each method accesses one field.
///
/// # Invariants
///
/// A reference is to an initialised `struct md_rdev` that stays alive, and whose block device stays
/// open, as long as the reference.
#[repr(transparent)]
pub struct Rdev(Opaque<bindings::md_rdev>);

// SAFETY: No field is bound to a task.
unsafe impl Send for Rdev {}
// SAFETY: The methods access fields in single pieces, or call C functions that take md's own locks.
unsafe impl Sync for Rdev {}

impl Rdev {
    /// # Safety
    ///
    /// `rdev` points to an initialised device that stays alive and open for `'a`.
    #[inline]
    pub(crate) unsafe fn from_ptr<'a>(rdev: *mut bindings::md_rdev) -> &'a Self {
        // SAFETY: By the requirements; the type is a transparent wrapper.
        unsafe { &*rdev.cast() }
    }

    /// The C device.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut bindings::md_rdev {
        self.0.get()
    }

    /// Tells the device from all others that md knows at the same time.
    #[inline]
    pub fn address(&self) -> usize {
        self.as_ptr().addr()
    }

    /// Whether both are the same device.
    #[inline]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }

    /// Flags of the device.
    #[inline]
    pub fn flags(&self) -> Flags<'_, RdevFlag> {
        // SAFETY: The word is part of the device, and changed by atomic bit operations.
        unsafe { Flags::new(&raw mut (*self.as_ptr()).flags) }
    }

    /// The block device with the data.
    #[inline]
    pub fn block_device(&self) -> &BlockDevice {
        let device = read_field!(self, bdev);
        // SAFETY: By the type invariant it's open.
        unsafe { BlockDevice::from_ptr(device) }
    }

    /// Where the data starts on the block device.
    #[inline]
    pub fn data_offset(&self) -> Sector {
        read_field!(self, data_offset)
    }

    /// How much room there is for data.
    pub fn sectors(&self) -> Sector {
        read_field!(self, sectors)
    }

    /// Up to where a device that is not in sync has been recovered.
    #[inline]
    pub fn recovery_offset(&self) -> Sector {
        // bindgen's name for a union with `journal_tail`, for devices that are a journal.
        read_field!(self, __bindgen_anon_1.bindgen_union_field)
    }

    /// Sets up to where the device has been recovered.
    ///
    /// For the sync thread, and where no sync can be running.
    pub fn set_recovery_offset(&self, sector: Sector) {
        write_field!(self, __bindgen_anon_1.bindgen_union_field, sector);
    }

    /// The device's slot; `None` if it's a spare. Changes under `reconfig_mutex`.
    #[inline]
    pub fn raid_disk(&self) -> Option<usize> {
        usize::try_from(read_field!(self, raid_disk)).ok()
    }

    /// Sets the device's slot. Under `reconfig_mutex`, for which `locked` stands.
    pub fn set_raid_disk(&self, _locked: &LockedMddev, slot: Option<usize>) {
        write_field!(self, raid_disk, slot.map_or(-1, super::access::int));
    }

    /// The slot that the device once had and could have again if the bitmap says what it has
    /// missed. Changes under `reconfig_mutex`.
    pub fn saved_raid_disk(&self) -> Option<usize> {
        usize::try_from(read_field!(self, saved_raid_disk)).ok()
    }

    /// The array's event count in the last superblock that md has written to the device; `None` if
    /// it has written none.
    pub fn superblock_events(&self) -> Option<u64> {
        Some(read_field!(self, sb_events)).filter(|events| *events != 0)
    }

    /// Sets what [`Self::saved_raid_disk`] gets. Under `reconfig_mutex`.
    pub fn set_saved_raid_disk(&self, _locked: &LockedMddev, slot: Option<usize>) {
        write_field!(self, saved_raid_disk, slot.map_or(-1, super::access::int));
    }

    /// Where the superblock is on the block device.
    pub fn superblock_start(&self) -> Sector {
        read_field!(self, sb_start)
    }

    /// md's copy of the 4 KiB that the device's superblock may take: as read from it, until md core
    /// writes the next one. (`sb_size` says how much of it md core writes, which is less.)
    ///
    /// It belongs to md core: the slice must be gone before anything is called that may write
    /// superblocks, such as [`LockedMddev::allow_write`].
    pub fn superblock<'a>(&'a self, _locked: &'a LockedMddev) -> Option<&'a [u8]> {
        let page = read_field!(self, sb_page);
        if page.is_null() || read_field!(self, sb_loaded) == 0 {
            return None;
        }
        // SAFETY: The page was allocated with GFP_KERNEL, so it has an address.
        let address = unsafe { bindings::raid1rs_page_address(page) };
        // SAFETY: It's one page, which md changes only under `reconfig_mutex`, and frees with the
        // device.
        Some(unsafe { core::slice::from_raw_parts(address.cast::<u8>(), PAGE_SIZE) })
    }

    /// How many read errors in a row there were that nothing was done about but to correct them.
    pub fn read_errors(&self) -> i32 {
        atomic!(self, read_errors).load(Relaxed)
    }

    /// Sets the count of read errors.
    pub fn set_read_errors(&self, errors: i32) {
        atomic!(self, read_errors).store(errors, Relaxed);
    }

    /// When the last read error was, in seconds since the system started; 0: never.
    pub fn last_read_error(&self) -> i64 {
        read_field!(self, last_read_error)
    }

    /// Sets when the last read error was.
    pub fn set_last_read_error(&self, seconds: i64) {
        write_field!(self, last_read_error, seconds);
    }

    /// Counts sectors whose errors were corrected, for users and for the superblock.
    pub fn add_corrected_errors(&self, sectors: i32) {
        atomic!(self, corrected_errors).add(sectors, Relaxed);
    }

    /// How many counts there are that keep md core from removing the device.
    pub fn pending(&self) -> i32 {
        atomic!(self, nr_pending).load(Relaxed)
    }

    /// Keeps md core from removing the device, until [`Self::pending_dec`].
    pub fn pending_inc(&self) {
        atomic!(self, nr_pending).add(1, Relaxed);
    }

    /// Undoes one [`Self::pending_inc`]. Has md look for failed devices if this was the last, and
    /// the device has failed.
    ///
    /// Context: any.
    pub fn pending_dec(&self, mddev: &Mddev) {
        // SAFETY: Both are alive.
        unsafe { bindings::raid1rs_rdev_put(self.as_ptr(), mddev.as_ptr()) };
    }

    /// Whether writes have to wait until a failure of the device, or a bad block, is on record.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        let flags = self.flags().load();
        // A failed device gets no more writes, so its bad blocks don't matter.
        flags.has(RdevFlag::Blocked)
            || (!flags.has(RdevFlag::Faulty) && flags.has(RdevFlag::BlockedBadBlocks))
    }

    /// Waits until the device is no longer blocked, 5 seconds at most: test again afterwards.
    ///
    /// Context: may sleep. It's the management thread and the holder of `reconfig_mutex` that
    /// unblock a device, so they can't wait for it.
    pub fn wait_unblocked(&self, mddev: &Mddev) {
        // C gives back one count for its caller.
        self.pending_inc();
        // SAFETY: Both are alive, and we have a count of `nr_pending`.
        unsafe { bindings::md_wait_for_blocked_rdev(self.as_ptr(), mddev.as_ptr()) };
    }

    /// Has md write the device's bad blocks, if there are any that are not acknowledged; that
    /// acknowledges them. Only for metadata that md writes itself.
    ///
    /// md counts the devices with new bad blocks before it copies their lists, and if there is none
    /// it acknowledges nothing after it has written them. So those that come in between are on
    /// disk, and never acknowledged.
    ///
    /// Context: process; interrupts are enabled.
    pub fn rewrite_bad_blocks(&self) {
        // SAFETY: The device is alive, and its array with it.
        unsafe { bindings::raid1rs_rdev_rewrite_badblocks(self.as_ptr()) };
    }

    /// Has those who are in [`Self::wait_unblocked`] test again.
    ///
    /// Context: any.
    pub fn wake_blocked(&self) {
        // SAFETY: The device is alive, and its wait queue initialised.
        unsafe { bindings::raid1rs_rdev_wake_blocked(self.as_ptr()) };
    }

    /// Wakes those who poll the device's `state` in sysfs.
    ///
    /// Context: any.
    pub fn notify_state(&self) {
        // SAFETY: The device is alive; C looks whether it's in sysfs.
        unsafe { bindings::raid1rs_rdev_notify_state(self.as_ptr()) };
    }

    /// Reads `bytes` of data at `sector` into `pages` at `offset`, and waits for it. Tells whether
    /// it worked; it doesn't if that isn't within one page.
    ///
    /// Context: may sleep.
    pub fn read_page(&self, sector: Sector, pages: &Pages, offset: usize, bytes: usize) -> bool {
        let sector = sector.saturating_add(self.data_offset());
        self.page_io(sector, pages, offset, bytes, bindings::req_op_REQ_OP_READ)
    }

    /// Reads the first `bytes` of the metadata at `sector` of the block device into `pages`, and
    /// waits for it. Tells whether it worked; it doesn't if that is more than a page. Not for
    /// devices under dm, whose metadata is on another one.
    ///
    /// Context: may sleep.
    pub fn read_metadata(&self, sector: Sector, pages: &Pages, bytes: usize) -> bool {
        self.page_io(sector, pages, 0, bytes, bindings::req_op_REQ_OP_READ)
    }

    /// Writes `bytes` of `pages` at `offset` as data to `sector`, and waits for it. Tells whether
    /// it worked; it doesn't if that isn't within one page.
    ///
    /// Context: may sleep.
    pub fn write_page(&self, sector: Sector, pages: &Pages, offset: usize, bytes: usize) -> bool {
        let sector = sector.saturating_add(self.data_offset());
        self.page_io(sector, pages, offset, bytes, bindings::req_op_REQ_OP_WRITE)
    }

    /// `sector` is the block device's. One that would be past the highest is past the device's end
    /// in any case.
    fn page_io(
        &self,
        sector: Sector,
        pages: &Pages,
        offset: usize,
        bytes: usize,
        opf: u32,
    ) -> bool {
        let Some((page, within, len)) = pages.span(offset, bytes).next() else {
            return false;
        };
        if len != bytes {
            return false;
        }
        // CAST: Both are at most the size of a page.
        let (within, len) = (within as u32, len as u32);
        // SAFETY: The device is alive and open. The page is allocated, stays so until this returns,
        // and has that many bytes from `within` on; `Pages` lets devices write to it at any time.
        unsafe {
            bindings::raid1rs_rdev_page_io(self.as_ptr(), sector, page.as_ptr(), within, len, opf)
        }
    }
}

/// A reference to a device, for keeping: the personality's claim on it. See
/// [`Member::handle`](super::Member::handle).
///
/// # Invariants
///
/// The device is alive and its block device is open.
#[derive(Clone, Copy)]
pub struct RdevHandle(NonNull<Rdev>);

// SAFETY: `Rdev` is `Send` and `Sync`.
unsafe impl Send for RdevHandle {}
// SAFETY: As above.
unsafe impl Sync for RdevHandle {}

impl RdevHandle {
    /// # Safety
    ///
    /// The device stays alive and open as long as the result and its copies are used. md core frees
    /// a device only after the personality's `hot_remove_disk` has returned 0 for it, or after its
    /// `free` has returned.
    #[inline]
    pub(super) unsafe fn new(rdev: NonNull<Rdev>) -> Self {
        // INVARIANT: By the requirements.
        Self(rdev)
    }
}

impl Deref for RdevHandle {
    type Target = Rdev;

    #[inline]
    fn deref(&self) -> &Rdev {
        // SAFETY: By the type invariant.
        unsafe { self.0.as_ref() }
    }
}
