// SPDX-License-Identifier: GPL-2.0

//! Arrays.
//!
//! C header: `drivers/md/md.h`

use core::{
    ops::Deref,
    ptr::NonNull, //
};

use kernel::{
    fmt,
    types::Opaque, //
};

use super::{
    access::{
        count,
        read_field,
        write_field, //
    },
    flags::{
        Flags,
        MddevFlag,
        SbFlag, //
    },
    rdev::Rdev,
    Sector, //
};
use crate::bindings;

/// An array (`struct mddev`).
///
/// C owns it, and changes it at any time; each method reads or writes one field, in one piece. What
/// has to be held so that a value stays what it is, or so that changes don't get lost, the methods
/// say.
///
/// # Invariants
///
/// A reference is to an initialised `struct mddev` that stays alive as long as the reference.
#[repr(transparent)]
pub struct Mddev(Opaque<bindings::mddev>);

// SAFETY: No field is bound to a task.
unsafe impl Send for Mddev {}
// SAFETY: The methods access fields in single pieces, or call C functions that take md's own locks.
unsafe impl Sync for Mddev {}

impl Mddev {
    /// # Safety
    ///
    /// `mddev` points to an initialised array that stays alive for `'a`.
    #[inline]
    pub(crate) unsafe fn from_ptr<'a>(mddev: *mut bindings::mddev) -> &'a Self {
        // SAFETY: By the requirements; the type is a transparent wrapper.
        unsafe { &*mddev.cast() }
    }

    /// The C array.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut bindings::mddev {
        self.0.get()
    }

    /// A reference for keeping.
    ///
    /// It may be kept in the personality's data and in all that belongs to it: md frees an array
    /// only after [`Personality::free`](super::Personality::free) has returned, and that has to
    /// leave nothing behind which could still use it.
    #[inline]
    pub fn handle(&self) -> MddevHandle {
        // INVARIANT: The array is alive, and stays so as said above.
        MddevHandle(NonNull::from(self))
    }

    /// The name, as in messages: "md127"; "mdX" for one under dm.
    #[inline]
    pub fn name(&self) -> impl fmt::Display + '_ {
        Name(self)
    }

    /// Whether it's dm that uses the array; it has no disk of its own then.
    #[inline]
    pub fn is_dm(&self) -> bool {
        read_field!(self, gendisk).is_null()
    }

    /// Flags of the array.
    #[inline]
    pub fn flags(&self) -> Flags<'_, MddevFlag> {
        // SAFETY: The word is part of the array, and changed by atomic bit operations. (md core has
        // plain assignments, too, when it stops an array that nobody uses.)
        unsafe { Flags::new(&raw mut (*self.as_ptr()).flags) }
    }

    /// What is due for the superblocks.
    #[inline]
    pub fn sb_flags(&self) -> Flags<'_, SbFlag> {
        // SAFETY: As for `flags`.
        unsafe { Flags::new(&raw mut (*self.as_ptr()).sb_flags) }
    }

    /// Whether writes are welcome.
    #[inline]
    pub fn is_rdwr(&self) -> bool {
        self.ro() == bindings::md_ro_state_MD_RDWR
    }

    /// Whether the array is read-only, be it for good or until the first write.
    #[inline]
    pub fn is_read_only(&self) -> bool {
        !self.is_rdwr()
    }

    #[inline]
    pub(super) fn ro(&self) -> bindings::md_ro_state {
        // CAST: An `int` that holds an `enum md_ro_state`.
        read_field!(self, ro) as bindings::md_ro_state
    }

    /// The RAID level. Changes under `reconfig_mutex`.
    pub fn level(&self) -> i32 {
        read_field!(self, level)
    }

    /// The level after a change that is being tried.
    pub fn new_level(&self) -> i32 {
        read_field!(self, new_level)
    }

    /// The layout, whatever the level makes of it. Changes under `reconfig_mutex`.
    pub fn layout(&self) -> i32 {
        read_field!(self, layout)
    }

    /// The layout after a change that is being tried.
    pub fn new_layout(&self) -> i32 {
        read_field!(self, new_layout)
    }

    /// The size of a chunk in sectors. Changes under `reconfig_mutex`.
    pub fn chunk_sectors(&self) -> i32 {
        read_field!(self, chunk_sectors)
    }

    /// The size of a chunk after a change that is being tried.
    pub fn new_chunk_sectors(&self) -> i32 {
        read_field!(self, new_chunk_sectors)
    }

    /// How many devices an array without failures has. Changes under `reconfig_mutex`.
    #[inline]
    pub fn raid_disks(&self) -> usize {
        count(read_field!(self, raid_disks))
    }

    /// How many devices a change that is being tried adds (or takes away).
    pub fn delta_disks(&self) -> i32 {
        read_field!(self, delta_disks)
    }

    /// Where a reshape has come to; [`MAX_SECTOR`](super::MAX_SECTOR) if there is none.
    #[inline]
    pub fn reshape_position(&self) -> Sector {
        read_field!(self, reshape_position)
    }

    /// How much of each device is used. Changes under `reconfig_mutex`.
    #[inline]
    pub fn dev_sectors(&self) -> Sector {
        read_field!(self, dev_sectors)
    }

    /// The size of the array. Changes under `reconfig_mutex`.
    #[inline]
    pub fn array_sectors(&self) -> Sector {
        read_field!(self, array_sectors)
    }

    /// Whether a user has set the array's size, so that the personality doesn't.
    pub fn external_size(&self) -> bool {
        read_field!(self, external_size) != 0
    }

    /// The size of the array's logical blocks in bytes, from its superblock; 0 if that doesn't say.
    pub fn logical_block_size(&self) -> u32 {
        read_field!(self, logical_block_size)
    }

    /// How many devices are missing or not in sync. Read by md core without a lock; for who may
    /// change it see [`Self::set_degraded`].
    #[inline]
    pub fn degraded(&self) -> usize {
        count(read_field!(self, degraded))
    }

    /// How many devices are missing or not in sync.
    ///
    /// md core has no lock for this: it's the personality's own lock that has to be held, from
    /// before the count is taken until it is set. It's changed from any context, by errors.
    pub fn set_degraded(&self, degraded: usize) {
        write_field!(self, degraded, super::access::int(degraded));
    }

    /// The count of changes to the superblocks; 0 for an array that was just created.
    #[inline]
    pub fn events(&self) -> u64 {
        read_field!(self, events)
    }

    /// Whether there are superblocks on the devices that md core writes.
    pub fn is_persistent(&self) -> bool {
        read_field!(self, persistent) != 0
    }

    /// Whether the metadata is kept by somebody in user space.
    pub fn is_external(&self) -> bool {
        read_field!(self, external) != 0
    }

    /// The format of the superblocks: major and minor version.
    pub fn metadata_version(&self) -> (i32, i32) {
        (
            read_field!(self, major_version),
            read_field!(self, minor_version),
        )
    }

    /// The array's UUID. Stays as long as the array is assembled.
    pub fn uuid(&self) -> [u8; 16] {
        // SAFETY: The array is alive. C writes this field only while it assembles the array, before
        // the personality knows of it.
        unsafe { (&raw const (*self.as_ptr()).uuid).cast::<[u8; 16]>().read() }
    }

    /// How many write-behind requests may be under way; 0: none at all.
    #[inline]
    pub fn max_write_behind(&self) -> usize {
        read_field!(self, bitmap_info.max_write_behind)
    }

    /// Whether there is room on the members for a bitmap: there is one, or will be when the array
    /// has been started.
    pub fn has_bitmap_space(&self) -> bool {
        read_field!(self, bitmap_info.offset) != 0
    }

    /// How many corrected read errors in an hour a device may have before it counts as failed.
    pub fn max_corrected_read_errors(&self) -> u32 {
        u32::try_from(read_field!(self, max_corr_read_errors.counter)).unwrap_or(0)
    }

    /// Tells md that `rdev` has failed. md calls
    /// [`Personality::error`](super::Personality::error), unless it's known already.
    ///
    /// Context: any; the caller holds no lock that `Personality::error` takes, and something that a
    /// stop waits for before the array has no personality any more: what
    /// [`quiesce`](super::Personality::quiesce) waits for, or `reconfig_mutex`.
    pub fn error(&self, rdev: &Rdev) {
        // SAFETY: Both are alive. C asks for the array's personality several times: see the
        // context.
        unsafe { bindings::md_error(self.as_ptr(), rdev.as_ptr()) };
    }
}

struct Name<'a>(&'a Mddev);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disk = read_field!(self.0, gendisk);
        if disk.is_null() {
            return f.write_str("mdX");
        }
        // SAFETY: An array's disk goes with the array, and its name doesn't change.
        let name = unsafe { (&raw const (*disk).disk_name).read() };
        // What follows the name is zeroes.
        let name = name.split(|byte| *byte == 0).next();
        f.write_str(
            name.and_then(|name| core::str::from_utf8(name).ok())
                .unwrap_or("md?"),
        )
    }
}

/// A reference to an array, for keeping.
///
/// # Invariants
///
/// The array is alive: see [`Mddev::handle`].
#[derive(Clone, Copy)]
pub struct MddevHandle(NonNull<Mddev>);

// SAFETY: `Mddev` is `Send` and `Sync`.
unsafe impl Send for MddevHandle {}
// SAFETY: As above.
unsafe impl Sync for MddevHandle {}

impl Deref for MddevHandle {
    type Target = Mddev;

    #[inline]
    fn deref(&self) -> &Mddev {
        // SAFETY: By the type invariant.
        unsafe { self.0.as_ref() }
    }
}
