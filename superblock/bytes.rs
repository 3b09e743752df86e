// SPDX-License-Identifier: GPL-2.0

//! Reads of fixed fields from a block of bytes whose length the type knows.
//!
//! The offset of every field is a constant, so whether it lies inside the block is decided when
//! the code is compiled: a read can neither fail nor panic, and there is no error to invent for a
//! case that can't happen.

/// A borrowed block of exactly `LEN` bytes, contents unverified.
#[derive(Clone, Copy)]
pub(super) struct Block<'a, const LEN: usize>(&'a [u8; LEN]);

impl<'a, const LEN: usize> Block<'a, LEN> {
    /// Takes the first `LEN` bytes; `None` if there are fewer.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk::<LEN>().map(Self)
    }

    /// The whole block.
    pub(super) fn bytes(self) -> &'a [u8; LEN] {
        self.0
    }

    /// The `N` bytes at `AT`.
    pub(super) fn array<const AT: usize, const N: usize>(self) -> [u8; N] {
        const { assert!(AT <= LEN && N <= LEN - AT, "field outside of the block") };

        // The assertion above leaves no way into the fallback; it is here so that no panic is
        // linked in for it.
        match self.0.get(AT..).and_then(|tail| tail.first_chunk::<N>()) {
            Some(field) => *field,
            None => [0; N],
        }
    }

    /// The byte at `AT`.
    pub(super) fn byte<const AT: usize>(self) -> u8 {
        u8::from_le_bytes(self.array::<AT, 1>())
    }

    /// The little-endian 16-bit number at `AT`.
    pub(super) fn le16<const AT: usize>(self) -> u16 {
        u16::from_le_bytes(self.array::<AT, 2>())
    }

    /// The little-endian 32-bit number at `AT`.
    pub(super) fn le32<const AT: usize>(self) -> u32 {
        u32::from_le_bytes(self.array::<AT, 4>())
    }

    /// The little-endian signed 32-bit number at `AT`.
    pub(super) fn le_i32<const AT: usize>(self) -> i32 {
        i32::from_le_bytes(self.array::<AT, 4>())
    }

    /// The little-endian 64-bit number at `AT`.
    pub(super) fn le64<const AT: usize>(self) -> u64 {
        u64::from_le_bytes(self.array::<AT, 8>())
    }

    /// The 32-bit number at `AT` in this machine's byte order.
    pub(super) fn ne32<const AT: usize>(self) -> u32 {
        u32::from_ne_bytes(self.array::<AT, 4>())
    }

    /// The 64-bit number at `AT` in this machine's byte order.
    pub(super) fn ne64<const AT: usize>(self) -> u64 {
        u64::from_ne_bytes(self.array::<AT, 8>())
    }

    /// The signed 32-bit number at `AT` in this machine's byte order.
    pub(super) fn ne_i32<const AT: usize>(self) -> i32 {
        i32::from_ne_bytes(self.array::<AT, 4>())
    }

    /// The 32-bit number at byte `at` in this machine's byte order; `None` outside of the block.
    ///
    /// For offsets that are only known at run time, such as an entry of a table.
    pub(super) fn ne32_at(self, at: usize) -> Option<u32> {
        let field = self.0.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_ne_bytes(*field))
    }
}
