// SPDX-License-Identifier: GPL-2.0

//! What an array and a device are called: UUIDs and the array's name.

use core::fmt;

/// The UUID of an array or of a member device, as the bytes md keeps in `mddev->uuid`.
#[derive(Clone, Copy, Debug)]
pub struct Uuid {
    bytes: [u8; 16],
    /// 0.90 keeps four numbers in the machine's byte order, 1.x sixteen bytes. mdadm prints each
    /// as what it is.
    words: bool,
}

impl Uuid {
    /// A UUID of sixteen bytes, as in 1.x superblocks and bitmaps.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self {
            bytes,
            words: false,
        }
    }

    /// A UUID of four native 32-bit numbers, as in 0.90 superblocks.
    pub const fn from_words(words: [u32; 4]) -> Self {
        let [a, b, c, d] = words;
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a.to_ne_bytes(), b.to_ne_bytes());
        let ([c0, c1, c2, c3], [d0, d1, d2, d3]) = (c.to_ne_bytes(), d.to_ne_bytes());
        Self {
            bytes: [
                a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3,
            ],
            words: true,
        }
    }

    /// The bytes in the order of `mddev->uuid`.
    pub const fn bytes(self) -> [u8; 16] {
        self.bytes
    }
}

/// Equal when the bytes are: a bitmap's UUID is bytes even where the array's is four numbers.
impl PartialEq for Uuid {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Uuid {}

impl fmt::Display for Uuid {
    /// Writes it as mdadm does: four groups of eight hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for group in self.bytes.chunks_exact(4) {
            let bytes = group.first_chunk::<4>().copied().unwrap_or_default();
            let number = if self.words {
                u32::from_ne_bytes(bytes)
            } else {
                u32::from_be_bytes(bytes)
            };
            write!(f, "{separator}{number:08x}")?;
            separator = ":";
        }
        Ok(())
    }
}

/// An array's name, up to 32 bytes that user space chose (`homehost:name` from mdadm).
///
/// 0.90 superblocks have none; theirs is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; Self::LEN],
}

impl Name {
    /// The longest name in bytes. One of this length has no terminating zero.
    pub const LEN: usize = 32;

    /// No name.
    pub const EMPTY: Self = Self {
        bytes: [0; Self::LEN],
    };

    /// The name in the `set_name` field of a superblock.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self { bytes }
    }

    /// The bytes up to the first zero.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split(|&byte| byte == 0).next().unwrap_or(&[])
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl fmt::Display for Name {
    /// Writes the name with everything that isn't printable ASCII escaped: the bytes come from a
    /// disk and go to a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}
