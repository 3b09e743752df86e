// SPDX-License-Identifier: GPL-2.0

//! Words of flags that C and Rust change concurrently.

use core::marker::PhantomData;

use crate::bindings;

/// A flag in a word of its kind.
pub trait Flag: Copy {
    /// The number of its bit.
    fn bit(self) -> u32;

    /// The word with just this bit set.
    #[inline]
    fn mask(self) -> usize {
        1_usize.wrapping_shl(self.bit())
    }
}

/// The flags of one word at one moment.
#[derive(Clone, Copy)]
pub struct FlagSet<F>(usize, PhantomData<F>);

impl<F: Flag> FlagSet<F> {
    /// Whether `flag` was set.
    #[inline]
    pub fn has(self, flag: F) -> bool {
        self.0 & flag.mask() != 0
    }
}

/// A word of flags.
///
/// Every change of a bit is atomic. None of the methods orders other memory accesses, unless it
/// says so.
///
/// Context: any.
///
/// # Invariants
///
/// The pointer is valid for `'a`, and the word is only accessed atomically as long as a personality
/// has the array. (md core uses plain stores when it makes an array, and when it clears one;
/// dm-raid when it brings a failed member back.)
#[derive(Clone, Copy)]
pub struct Flags<'a, F>(*mut usize, PhantomData<(&'a (), F)>);

impl<F: Flag> Flags<'_, F> {
    /// # Safety
    ///
    /// `word` is valid for the lifetime of the result, and everybody accesses it atomically.
    #[inline]
    pub(super) unsafe fn new(word: *mut usize) -> Self {
        // INVARIANT: By the requirements.
        Self(word, PhantomData)
    }

    /// All flags, as they are now.
    #[inline]
    pub fn load(&self) -> FlagSet<F> {
        // SAFETY: By the type invariant. This is READ_ONCE(), and no data race with atomic changes.
        FlagSet(unsafe { self.0.read_volatile() }, PhantomData)
    }

    /// Whether `flag` is set.
    #[inline]
    pub fn test(&self, flag: F) -> bool {
        self.load().has(flag)
    }

    /// Sets `flag`.
    #[inline]
    pub fn set(&self, flag: F) {
        // SAFETY: By the type invariant.
        unsafe { bindings::set_bit(flag.bit() as usize, self.0) };
    }

    /// Clears `flag`.
    #[inline]
    pub fn clear(&self, flag: F) {
        // SAFETY: By the type invariant.
        unsafe { bindings::clear_bit(flag.bit() as usize, self.0) };
    }

    /// Sets `flag` and tells whether it was set before. Fully ordered.
    #[inline]
    pub fn test_and_set(&self, flag: F) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::raid1rs_test_and_set_bit(flag.bit() as usize, self.0) }
    }

    /// Sets several flags in one step, so that nobody sees only some of them. Fully ordered.
    #[inline]
    pub fn set_all(&self, flags: &[F]) {
        let mask = flags.iter().fold(0, |mask, flag| mask | flag.mask());
        // SAFETY: By the type invariant.
        unsafe { bindings::raid1rs_set_mask_bits(self.0, mask) };
    }
}

macro_rules! flag_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$flag_doc:meta])* $flag:ident = $bit:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        pub enum $name {
            $($(#[$flag_doc])* $flag = bindings::$bit,)+
        }

        impl Flag for $name {
            #[inline]
            fn bit(self) -> u32 {
                // CAST: The type is a `u32` by its `repr`.
                self as u32
            }
        }
    };
}

flag_word! {
    /// Flags of an array (`enum mddev_flags`).
    MddevFlag {
        /// The array is about to be stopped, and can't be opened any more.
        Closing = mddev_flags_MD_CLOSING,
        /// The superblocks say that there is a journal.
        HasJournal = mddev_flags_MD_HAS_JOURNAL,
        /// The journal is clean.
        JournalClean = mddev_flags_MD_JOURNAL_CLEAN,
        /// The superblocks say that there is a partial parity log.
        HasPpl = mddev_flags_MD_HAS_PPL,
        /// The superblocks say that there are several partial parity logs.
        HasMultiplePpls = mddev_flags_MD_HAS_MULTIPLE_PPLS,
        /// Metadata may be written with failfast: an error of a device never fails the array.
        FailfastSupported = mddev_flags_MD_FAILFAST_SUPPORTED,
        /// The array is being started.
        NotReady = mddev_flags_MD_NOT_READY,
        /// The array has failed: it takes no more writes.
        Broken = mddev_flags_MD_BROKEN,
        /// There are superblocks on the devices.
        HasSuperblock = mddev_flags_MD_HAS_SUPERBLOCK,
        /// An error fails even the last working device, instead of being reported only.
        FailLastDevice = mddev_flags_MD_FAILLAST_DEV,
        /// Writes to each device that overlap must not be reordered.
        SerializePolicy = mddev_flags_MD_SERIALIZE_POLICY,
    }
}

flag_word! {
    /// What is due for the superblocks (`enum mddev_sb_flags`).
    SbFlag {
        /// The state of a device has changed.
        ChangeDevices = mddev_sb_flags_MD_SB_CHANGE_DEVS,
        /// The array goes from clean to active, or back.
        ChangeClean = mddev_sb_flags_MD_SB_CHANGE_CLEAN,
        /// Writes have to wait until the superblocks are written.
        ChangePending = mddev_sb_flags_MD_SB_CHANGE_PENDING,
        /// Writing them failed and has to be repeated.
        NeedRewrite = mddev_sb_flags_MD_SB_NEED_REWRITE,
    }
}

flag_word! {
    /// State of the sync thread, and which kind of sync it does (`enum recovery_flags`).
    RecoveryFlag {
        /// A sync has to be started, or devices to be added or removed.
        Needed = recovery_flags_MD_RECOVERY_NEEDED,
        /// The sync thread runs or is about to.
        Running = recovery_flags_MD_RECOVERY_RUNNING,
        /// The sync thread is to give up.
        Interrupted = recovery_flags_MD_RECOVERY_INTR,
        /// The sync thread is through, and is to be collected.
        Done = recovery_flags_MD_RECOVERY_DONE,
        /// No sync may start.
        Frozen = recovery_flags_MD_RECOVERY_FROZEN,
        /// The sync thread has to wait until the personality has started.
        Wait = recovery_flags_MD_RECOVERY_WAIT,
        /// It's a resync; a repair with `Requested`, a check with `Requested` and `Check`.
        Sync = recovery_flags_MD_RECOVERY_SYNC,
        /// A user asked for it.
        Requested = recovery_flags_MD_RECOVERY_REQUESTED,
        /// Only compare.
        Check = recovery_flags_MD_RECOVERY_CHECK,
        /// It's a recovery: devices that are not in sync get their data.
        Recover = recovery_flags_MD_RECOVERY_RECOVER,
        /// It's a reshape.
        Reshape = recovery_flags_MD_RECOVERY_RESHAPE,
        /// Another node of the cluster is resyncing.
        ResyncingRemote = recovery_flags_MD_RESYNCING_REMOTE,
    }
}

flag_word! {
    /// Flags of a device (`enum flag_bits`).
    RdevFlag {
        /// It has failed.
        Faulty = flag_bits_Faulty,
        /// All of its data is valid.
        InSync = flag_bits_In_sync,
        /// In sync but for what the bitmap says. Means something only before `hot_add`.
        BitmapSync = flag_bits_Bitmap_sync,
        /// It's to be read only if there is no other way.
        WriteMostly = flag_bits_WriteMostly,
        /// It has failed, and no write may end before that is on record.
        Blocked = flag_bits_Blocked,
        /// A write to it has failed; reads don't mind.
        WriteErrorSeen = flag_bits_WriteErrorSeen,
        /// The record of its failure is being written.
        FaultRecorded = flag_bits_FaultRecorded,
        /// A writer waits for a bad block to be on record.
        BlockedBadBlocks = flag_bits_BlockedBadBlocks,
        /// It's to be replaced as soon as there is another device.
        WantReplacement = flag_bits_WantReplacement,
        /// It's the replacement for the device in the same slot.
        Replacement = flag_bits_Replacement,
        /// Not all nodes of the cluster see it yet.
        Candidate = flag_bits_Candidate,
        /// It's a journal.
        Journal = flag_bits_Journal,
        /// Its bad blocks are kept by somebody in user space.
        ExternalBadBlocks = flag_bits_ExternalBbl,
        /// Its driver is to give up early.
        FailFast = flag_bits_FailFast,
        /// It's the last working device, and didn't fail when it should have.
        LastDevice = flag_bits_LastDev,
        /// Overlapping writes to it must not be reordered.
        CollisionCheck = flag_bits_CollisionCheck,
        /// It has no seek times to mind.
        NonRotational = flag_bits_Nonrot,
    }
}
