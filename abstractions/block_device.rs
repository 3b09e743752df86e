// SPDX-License-Identifier: GPL-2.0

//! Block devices.
//!
//! C header: [`include/linux/blkdev.h`](srctree/include/linux/blkdev.h)

use kernel::{
    fmt,
    types::Opaque, //
};

use crate::bindings;

/// An open block device, a whole disk or a partition.
///
/// # Invariants
///
/// A reference is to a device that stays open as long as the reference.
#[repr(transparent)]
pub struct BlockDevice(Opaque<bindings::block_device>);

// SAFETY: A device is bound to no task.
unsafe impl Send for BlockDevice {}
// SAFETY: The methods only read, single fields that the block layer changes in one piece.
unsafe impl Sync for BlockDevice {}

impl BlockDevice {
    /// # Safety
    ///
    /// `device` is open, and stays so for `'a`.
    #[inline]
    pub(crate) unsafe fn from_ptr<'a>(device: *mut bindings::block_device) -> &'a Self {
        // SAFETY: By the requirements; the type is a transparent wrapper.
        unsafe { &*device.cast() }
    }

    /// The C device.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut bindings::block_device {
        self.0.get()
    }

    /// The device's number, which no other one has as long as it's open.
    pub fn number(&self) -> u32 {
        // SAFETY: By the type invariant. The field doesn't change.
        unsafe { (*self.as_ptr()).bd_dev }
    }

    /// Whether the device has seek times to mind.
    pub fn is_rotational(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::raid1rs_bdev_rotational(self.as_ptr()) }
    }

    /// The size in bytes of the smallest piece that can be read or written.
    pub fn logical_block_size(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { bindings::raid1rs_bdev_logical_block_size(self.as_ptr()) }
    }

    /// The longest discard, in sectors (512 bytes); 0 if the device can't discard.
    #[inline]
    pub fn max_discard_sectors(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { bindings::raid1rs_bdev_max_discard_sectors(self.as_ptr()) }
    }
}

/// The name without "/dev/": "sda1".
impl fmt::Display for BlockDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A disk's name has at most 32 bytes; a partition's number follows.
        let mut name = [0u8; 48];
        // SAFETY: By the type invariant; the buffer has the length that is passed.
        let len = unsafe {
            bindings::raid1rs_bdev_name(self.as_ptr(), name.as_mut_ptr().cast(), name.len())
        };
        let name = usize::try_from(len).ok().and_then(|len| name.get(..len));
        f.write_str(
            name.and_then(|name| core::str::from_utf8(name).ok())
                .unwrap_or("?"),
        )
    }
}
