// SPDX-License-Identifier: GPL-2.0

//! Ranges of sectors, the unit in which sync excludes writes, and alignment to logical blocks.

/// Binary logarithm of [`UNIT_SECTORS`].
const UNIT_SHIFT: u32 = 11;

/// The size of a sync unit in sectors: 1 MiB.
///
/// A sync request never crosses a multiple of it, so that it lies within one unit, and thereby
/// within one bucket of the [range locks](super::range_locks).
pub const UNIT_SECTORS: u64 = 1 << UNIT_SHIFT;

/// The index of the unit that holds `sector`.
#[inline]
pub const fn unit_of(sector: u64) -> u64 {
    sector >> UNIT_SHIFT
}

/// A run of sectors on the array.
///
/// # Invariants
///
/// `start + len` does not overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectorRange {
    start: u64,
    len: u64,
}

impl SectorRange {
    /// `len` sectors from `start` on; cut short where it would pass the last sector that a 64-bit
    /// number can name.
    #[inline]
    pub const fn new(start: u64, len: u64) -> Self {
        let most = u64::MAX - start;
        // INVARIANT: `len <= u64::MAX - start`.
        SectorRange {
            start,
            len: if len < most { len } else { most },
        }
    }

    /// From `start` up to, not including, `end`; empty when `end` is not above `start`.
    #[inline]
    pub const fn between(start: u64, end: u64) -> Self {
        // INVARIANT: `start + (end - start)` is `end`, or `start + 0` is `start`.
        SectorRange {
            start,
            len: end.saturating_sub(start),
        }
    }

    /// The first sector.
    #[inline]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The number of sectors.
    #[inline]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// The length in bytes; the highest number if it's more than memory can hold.
    #[inline]
    pub const fn bytes(&self) -> usize {
        if self.len > usize::MAX as u64 >> 9 {
            return usize::MAX;
        }
        (self.len as usize) << 9
    }

    /// The first sector after the range.
    #[inline]
    pub const fn end(&self) -> u64 {
        // Does not overflow, by the invariant; wrapping, so that no panic is compiled in.
        self.start.wrapping_add(self.len)
    }

    /// Whether the range holds no sector.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `sector` lies in the range.
    #[inline]
    pub const fn contains(&self, sector: u64) -> bool {
        self.start <= sector && sector < self.end()
    }

    /// Whether the two ranges have a sector in common; an empty range overlaps nothing.
    #[inline]
    pub const fn overlaps(&self, other: &SectorRange) -> bool {
        !self.is_empty()
            && !other.is_empty()
            && self.start < other.end()
            && other.start < self.end()
    }

    /// The sectors that both ranges hold; empty when there are none.
    #[inline]
    pub const fn intersection(&self, other: &SectorRange) -> SectorRange {
        let start = if self.start > other.start {
            self.start
        } else {
            other.start
        };
        let end = if self.end() < other.end() {
            self.end()
        } else {
            other.end()
        };
        SectorRange::between(start, end)
    }

    /// The range in pieces of `sectors`, in ascending order; the last one may be shorter.
    pub fn pieces(self, sectors: u64) -> impl Iterator<Item = SectorRange> {
        let mut left = self;
        core::iter::from_fn(move || {
            let (piece, behind) = left.split_at(sectors.max(1));
            left = behind;
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// The first `sectors` sectors, or the whole range when it is no longer than that.
    #[inline]
    pub const fn first(&self, sectors: u64) -> SectorRange {
        // INVARIANT: no longer than `self`.
        SectorRange {
            start: self.start,
            len: if sectors < self.len {
                sectors
            } else {
                self.len
            },
        }
    }

    /// What is left without the first `sectors` sectors; empty when nothing is.
    #[inline]
    pub const fn without_first(&self, sectors: u64) -> SectorRange {
        SectorRange::between(self.start.saturating_add(sectors), self.end())
    }

    /// The range in two parts, the first of `sectors` sectors; one part is empty when `sectors` is
    /// 0 or not less than the length.
    #[inline]
    pub const fn split_at(&self, sectors: u64) -> (SectorRange, SectorRange) {
        (
            self.first(sectors),
            self.without_first(self.first(sectors).len),
        )
    }

    /// The part that lies in the first unit that the range touches.
    #[inline]
    pub const fn first_unit(&self) -> SectorRange {
        let to_unit_end = UNIT_SECTORS - (self.start & (UNIT_SECTORS - 1));
        self.first(to_unit_end)
    }

    /// The index of the first unit, and the number of units that the range touches.
    #[inline]
    pub const fn units(&self) -> (u64, u64) {
        let first = unit_of(self.start);
        if self.is_empty() {
            return (first, 0);
        }
        // Not empty, so `end` is at least 1 and the last sector's unit not below the first's.
        let last = unit_of(self.end().wrapping_sub(1));
        (first, last.wrapping_sub(first).wrapping_add(1))
    }
}

/// A logical block size: what an array's I/O is aligned to, in sectors.
///
/// # Invariants
///
/// A power of two, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSize(u32);

impl BlockSize {
    /// One sector, the smallest that there is.
    // INVARIANT: 1 is a power of two.
    pub const SECTOR: BlockSize = BlockSize(1);

    /// From bytes, as the block layer gives it (`bdev_logical_block_size()`); [`None`] unless it is
    /// a power of two of at least 512.
    #[inline]
    pub const fn from_bytes(bytes: u32) -> Option<BlockSize> {
        if bytes < 512 || !bytes.is_power_of_two() {
            return None;
        }
        // INVARIANT: a power of two of at least 512, divided by 512.
        Some(BlockSize(bytes >> 9))
    }

    /// In sectors.
    #[inline]
    pub const fn sectors(self) -> u64 {
        self.0 as u64
    }

    /// In bytes.
    #[inline]
    pub const fn bytes(self) -> u64 {
        (self.0 as u64) << 9
    }

    /// `sectors` without what does not fill a block.
    #[inline]
    pub const fn round_down(self, sectors: u64) -> u64 {
        sectors & !self.mask()
    }

    /// `sectors` filled up to whole blocks; the highest whole block where that would overflow.
    #[inline]
    pub const fn round_up(self, sectors: u64) -> u64 {
        self.round_down(sectors.saturating_add(self.mask()))
    }

    #[inline]
    const fn mask(self) -> u64 {
        // At least 1, by the invariant.
        (self.0 as u64).wrapping_sub(1)
    }
}
