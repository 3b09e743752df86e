// SPDX-License-Identifier: GPL-2.0

//! The limits of an array's request queue.
//!
//! C header: [`include/linux/blkdev.h`](srctree/include/linux/blkdev.h)

use core::{
    mem::MaybeUninit,
    ops::BitOr, //
};

use kernel::{
    error::to_result,
    prelude::*, //
};

use super::locked::LockedMddev;
use crate::bindings;

/// Features of a request queue (`BLK_FEAT_*`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueueFeatures(bindings::blk_features_t);

impl QueueFeatures {
    /// Writes that are all or nothing, as long as the members can do them.
    pub const ATOMIC_WRITES: Self = Self(bindings::RAID1RS_BLK_FEAT_ATOMIC_WRITES);
    /// Data straight from another PCI device, as long as the members can do it.
    pub const PCI_P2PDMA: Self = Self(bindings::RAID1RS_BLK_FEAT_PCI_P2PDMA);
    /// Requests that fail rather than wait, as long as the members can do them. The personality has
    /// to see to it in its own waiting places.
    pub const NOWAIT: Self = Self(bindings::RAID1RS_BLK_FEAT_NOWAIT);
}

impl BitOr for QueueFeatures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Limits that are being put together: [`Self::new`], what the personality itself sets,
/// [`Self::stack_members`], [`Self::apply`].
pub struct QueueLimits<'a> {
    limits: bindings::queue_limits,
    mddev: &'a LockedMddev,
}

impl<'a> QueueLimits<'a> {
    /// No limits but md core's own. `None` for an array under dm, which sets its limits itself.
    pub fn new(mddev: &'a LockedMddev) -> Option<Self> {
        if mddev.is_dm() {
            return None;
        }
        let mut limits = MaybeUninit::<bindings::queue_limits>::zeroed();
        // SAFETY: `limits` is valid for writes.
        unsafe { bindings::md_init_stacking_limits(limits.as_mut_ptr()) };
        Some(Self {
            // SAFETY: C has initialised what wasn't zero.
            limits: unsafe { limits.assume_init() },
            mddev,
        })
    }

    /// The longest request to write zeroes, in sectors (512 bytes); 0: none.
    pub fn set_max_write_zeroes_sectors(&mut self, sectors: u32) -> &mut Self {
        self.limits.max_write_zeroes_sectors = sectors;
        self
    }

    /// The longest request to write zeroes that may unmap, in sectors; 0 (none), or the same as for
    /// all requests to write zeroes.
    pub fn set_max_hw_wzeroes_unmap_sectors(&mut self, sectors: u32) -> &mut Self {
        self.limits.max_hw_wzeroes_unmap_sectors = sectors;
        self
    }

    /// No request may cross a multiple of that many sectors; 0: it may.
    pub fn set_chunk_sectors(&mut self, sectors: u32) -> &mut Self {
        self.limits.chunk_sectors = sectors;
        self
    }

    /// The smallest piece that can be read or written, in bytes; 0: the largest one of the members.
    pub fn set_logical_block_size(&mut self, bytes: u32) -> &mut Self {
        self.limits.logical_block_size = bytes;
        self
    }

    /// Adds features. What the members have to support is taken away again by
    /// [`Self::stack_members`] if one of them doesn't.
    pub fn add_features(&mut self, features: QueueFeatures) -> &mut Self {
        self.limits.features |= features.0;
        self
    }

    /// Fits the limits to those of all devices of the array, their data integrity included. For an
    /// array that was just created it also settles the size of the logical blocks for good.
    pub fn stack_members(&mut self) -> Result {
        // SAFETY: The array is alive, has a disk, and its `reconfig_mutex` is held.
        to_result(unsafe {
            bindings::mddev_stack_rdev_limits(
                self.mddev.as_ptr(),
                &mut self.limits,
                bindings::MDDEV_STACK_INTEGRITY,
            )
        })
    }

    /// Makes these the limits of the array.
    ///
    /// Context: may sleep.
    pub fn apply(mut self) -> Result {
        // SAFETY: The array is alive and has a disk.
        to_result(unsafe { bindings::raid1rs_md_set_limits(self.mddev.as_ptr(), &mut self.limits) })
    }
}
