// SPDX-License-Identifier: GPL-2.0

//! The two checksums of md superblocks.
//!
//! Both add the superblock up as 32-bit words, the checksum's own word counted as zero, in 64 bits
//! and then add the upper half to the lower. Neither is a CRC: they catch a damaged byte or a torn
//! write, not an attacker. Source: `calc_sb_csum()` and `calc_sb_1_csum()` in drivers/md/md.c.

use super::SB_BYTES;

/// Byte offset of `sb_csum` in a 0.90 superblock (word 38).
pub(super) const V0_AT: usize = 38 * 4;

/// Byte offset of `sb_csum` in a 1.x superblock.
pub(super) const V1_AT: usize = 216;

/// Adds up words without `recorded`, which is one of them, and folds the sum to 32 bits.
fn sum_without(recorded: u32, words: impl Iterator<Item = u32>) -> u32 {
    let sum = words
        // At most 1024 words below 2^32: 64 bits hold the sum. Wrapping, so that no overflow
        // panic is linked in for what can't happen.
        .fold(0u64, |sum, word| sum.wrapping_add(u64::from(word)))
        .wrapping_sub(u64::from(recorded));

    // CAST: the two halves of the sum; md also drops the carry of their addition.
    (sum as u32).wrapping_add((sum >> 32) as u32)
}

/// The four bytes at `at`, zeros if they aren't all there.
fn word(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes
        .get(at..)
        .and_then(|tail| tail.first_chunk::<4>())
        .copied()
        .unwrap_or_default()
}

/// The checksum of a 0.90 superblock, over all of its 4096 bytes in this machine's byte order.
///
/// Compare it with the recorded one only after [`v0_fold`] on both: old kernels on some machines
/// stored just the folded form.
pub fn v0(page: &[u8; SB_BYTES]) -> u32 {
    let words = page
        .chunks_exact(4)
        .map(|bytes| u32::from_ne_bytes(word(bytes, 0)));
    sum_without(u32::from_ne_bytes(word(page, V0_AT)), words)
}

/// Folds a 0.90 checksum to the 16 bits (in a `u32`, as md keeps them) that md compares.
pub fn v0_fold(sum: u32) -> u32 {
    let once = (sum & 0xffff).wrapping_add(sum >> 16);
    (once & 0xffff).wrapping_add(once >> 16)
}

/// The checksum of a 1.x superblock over `covered`, its first `256 + 2 * max_dev` bytes.
///
/// An odd number of device roles leaves two bytes over, which are added as a 16-bit number.
pub fn v1(covered: &[u8]) -> u32 {
    let words = covered.chunks(4).map(|bytes| {
        // A last chunk of two bytes is a number of 16 bits: the same as padding it with zeros.
        bytes
            .iter()
            .rev()
            .fold(0u32, |number, &byte| (number << 8) | u32::from(byte))
    });
    sum_without(u32::from_le_bytes(word(covered, V1_AT)), words)
}
