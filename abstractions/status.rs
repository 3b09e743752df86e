// SPDX-License-Identifier: GPL-2.0

//! How a bio ended.
//!
//! C header: [`include/linux/blk_types.h`](srctree/include/linux/blk_types.h)

use crate::bindings;

/// A `blk_status_t`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Status(bindings::blk_status_t);

impl Status {
    /// Success.
    pub const OK: Self = Self(0);
    /// The data could not be read or written.
    pub const IO_ERROR: Self = Self(bindings::RAID1RS_BLK_STS_IOERR);
    /// There was no memory.
    pub const RESOURCE: Self = Self(bindings::RAID1RS_BLK_STS_RESOURCE);
    /// The device can't do this operation.
    pub const NOT_SUPPORTED: Self = Self(bindings::RAID1RS_BLK_STS_NOTSUPP);
    /// The request would have had to wait and was told not to.
    pub const AGAIN: Self = Self(bindings::RAID1RS_BLK_STS_AGAIN);
    /// The device refused the request as malformed: its sender's fault.
    pub const INVALID: Self = Self(bindings::RAID1RS_BLK_STS_INVAL);

    #[inline]
    pub(super) fn from_raw(status: bindings::blk_status_t) -> Self {
        Self(status)
    }

    #[inline]
    pub(super) fn into_raw(self) -> bindings::blk_status_t {
        self.0
    }

    /// The status as a number that is 0 for success, for keeping in an atomic.
    #[inline]
    pub fn code(self) -> i32 {
        i32::from(self.0)
    }

    /// The status with this [`Self::code`]; an I/O error if there is none.
    #[inline]
    pub fn from_code(code: i32) -> Self {
        u8::try_from(code).map_or(Self::IO_ERROR, Self)
    }

    /// Whether it was a success.
    #[inline]
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }
}
