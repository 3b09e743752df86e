// SPDX-License-Identifier: GPL-2.0

//! What is left of a repair that was interrupted.
//!
//! md takes it for a resync that is due. That is not what was asked for: it starts by itself, after
//! a restart too, and copies the first leg to all others, where a repair goes by the majority. Nor
//! is it due: the legs were in sync for md before, and it was a user who wanted to know better.

use kernel::sync::atomic::{
    Full,
    Relaxed, //
};

use crate::{
    abstractions::md::{
        RecoveryFlag,
        SbFlag,
        MAX_SECTOR, //
    },
    log_line,
    personality::conf::Conf,
};

/// A repair has done its last step. If it was interrupted, md is going to set the resync offset to
/// where it is.
///
/// Context: md's sync thread.
pub fn note_end(conf: &Conf) {
    let at = conf.mddev().curr_resync();
    conf.sync.repair_rest.store(at, Relaxed);
}

/// If a repair was interrupted, takes back that a resync is due. The next repair begins where this
/// one ended, as md has it in `sync_min`.
///
/// Context: the daemon, before it has md look at what has ended, and whoever stops the array or
/// changes its size.
pub fn forget_rest(conf: &Conf) {
    let mddev = conf.mddev();
    // md sets the offset after the repair's last step, and then says that it's done.
    if conf.sync.repair_rest.load(Relaxed) == MAX_SECTOR || !has_ended(conf) {
        return;
    }
    let rest = take_rest(conf);
    if rest != MAX_SECTOR && mddev.resync_offset() == rest {
        mddev.set_resync_offset(MAX_SECTOR);
        mddev.sb_flags().set(SbFlag::ChangeDevices);
        log_line!(
            Info,
            "md/raid1:{}: repair ended at sector {}; to go on there, ask for it again",
            mddev.name(),
            rest
        );
    }
}

fn has_ended(conf: &Conf) -> bool {
    let flags = conf.mddev().recovery().load();
    flags.has(RecoveryFlag::Done) || !flags.has(RecoveryFlag::Running)
}

/// Where the rest of a repair begins; [`MAX_SECTOR`] if there is none. From now on there is none.
///
/// A sync that begins there was started because md was faster than [`forget_rest`].
pub fn take_rest(conf: &Conf) -> u64 {
    conf.sync.repair_rest.xchg(MAX_SECTOR, Full)
}
