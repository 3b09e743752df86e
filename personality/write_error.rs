// SPDX-License-Identifier: GPL-2.0

//! What becomes of a write that a leg failed.
//!
//! The daemon writes again, in smaller and smaller pieces down to the array's logical blocks. What
//! succeeds counts. What doesn't is recorded as bad blocks, and if that can't be, the leg fails.
//! The request ends when the metadata says so: a crash must not bring back what the leg had before.

use kernel::sync::rcu;

use super::{
    conf::Conf,
    flush,
    leg::{
        Leg,
        LegRef, //
    },
    service::Servant,
    write::{
        finish,
        let_go,
        DoneWrite,
        Write,
        WriteLeg,
        WriteRef, //
    },
};
use crate::{
    abstractions::{
        bio::opf,
        bio_list::BioList,
        bio_set::Blank,
        md::{
            RdevFlag,
            SbFlag, //
        },
        pool::{
            PoolList,
            PoolRef,
            Unique, //
        },
        status::Status,
        Wait, //
    },
    logic::range::SectorRange,
};

/// Parts of writes for the daemon to look after.
pub type FailedWrites = BioList<WriteLeg, WriteRef, DoneWrite>;

/// Writes that wait for the metadata.
pub type WriteList = PoolList<Write, LegRef>;

/// Has the daemon look after a leg's part.
///
/// Context: any.
pub fn hand_over(done: DoneWrite) {
    // Once it's on the list others may end it, and with it our hold on the array.
    let conf = done.context().leg.conf().clone();
    conf.failed_writes.lock().push(done);
    conf.call_daemon();
}

/// Ends a write when the metadata has been written.
///
/// Context: any.
pub fn await_metadata(write: Unique<Write, LegRef>) {
    let conf = write.keeper().conf().clone();
    conf.unrecorded.lock().push(write);
    conf.call_daemon();
}

/// Ends those writes whose failures the metadata tells.
///
/// Context: the daemon.
pub fn end_recorded(conf: &Conf) {
    // A leg is marked as blocked before it's marked as failed, and until that is on disk; the
    // array's flag comes a little later.
    let pending = || {
        let guard = rcu::read_lock();
        let blocked = conf
            .occupied(&guard)
            .any(|(_, leg)| leg.rdev().is_blocked());
        blocked || (conf.has_record() && conf.mddev().sb_flags().test(SbFlag::ChangePending))
    };
    if conf.unrecorded.lock().is_empty() || pending() {
        return;
    }
    // A leg was marked as failed before they came onto the list.
    let mut recorded = {
        let mut unrecorded = conf.unrecorded.lock();
        if pending() {
            return;
        }
        unrecorded.take_all()
    };
    while let Some(write) = recorded.pop() {
        if awaits_user_space(conf, write.range()) {
            conf.unrecorded.lock().push(write);
        } else {
            finish(write);
        }
    }
}

/// Whether user space has yet to record bad blocks in `range`. It does so in its own time: that it
/// has written the metadata, by what md tells, need not mean that these are in it.
///
/// The daemon is woken when it has. (md's own metadata can't be asked for that: it may leave bad
/// blocks that are written unacknowledged, if they came at the wrong moment, see
/// [`BlockedLeg`](super::record::BlockedLeg).)
fn awaits_user_space(conf: &Conf, range: SectorRange) -> bool {
    let guard = rcu::read_lock();
    let mut legs = conf.occupied(&guard);
    conf.mddev().is_external() && legs.any(|(_, leg)| leg.is_to_record(range))
}

/// Ends all of them: the array is being freed, and nobody will write its metadata any more.
pub fn end_all(conf: &Conf) {
    let mut unrecorded = conf.unrecorded.lock().take_all();
    while let Some(write) = unrecorded.pop() {
        finish(write);
    }
}

/// Looks after a leg's part of a write.
///
/// Context: the daemon, or the freezer; may sleep.
pub fn settle(done: DoneWrite, servant: &mut Servant) {
    let succeeded = done.status().is_ok();
    let (WriteLeg { leg }, write) = done.into_context();
    if succeeded {
        // It could be written although it had bad blocks there: it has them no more.
        let range = write.range();
        leg.rdev().clear_bad_blocks(range.start(), range.len());
        write.note_stored(&leg);
    } else if write.source().has(opf::PREFLUSH) && !flush_again(&leg, &write).is_ok() {
        // It wasn't the sectors. Each part, and every later flush, would fail again.
        flush::failed(&leg, &write);
    } else if narrow(&leg, &write, servant) {
        write.note_stored(&leg);
    } else {
        write.note_missed(&leg);
    }
    drop(leg);
    let_go(write);
}

/// Writes piece by piece; tells whether all succeeded.
fn narrow(leg: &LegRef, write: &WriteRef, servant: &mut Servant) -> bool {
    // The array's, which no leg's is larger than: what is bad of a block of the array is all of it,
    // to whoever reads it, and raid1.ko sends parts of blocks to other legs if it's not on record
    // like that.
    let block = leg.conf().block_size();
    let mut left = write.range();
    let mut piece = left.len();
    let mut complete = true;
    while !left.is_empty() {
        if leg.rdev().flags().test(RdevFlag::Faulty) {
            return false;
        }
        let (part, rest) = left.split_at(piece.max(block.sectors()));
        if write_again(leg, write, part).is_ok() {
            left = rest;
            // On with larger pieces: bad blocks are few.
            piece = piece.saturating_mul(2);
        } else if part.len() > block.sectors() {
            piece = block.round_down(part.len() / 2);
        } else {
            complete = false;
            if !leg.record_bad_blocks(part) {
                return false;
            }
            left = rest;
        }
        servant.pause(leg.conf());
    }
    complete
}

/// Has the leg flush its cache, and waits.
fn flush_again(leg: &LegRef, write: &WriteRef) -> Status {
    let blank = Blank::flush_of(
        leg.rdev().block_device(),
        write.clone(),
        |write: &WriteRef| &PoolRef::keeper(write).conf().rewrites,
        Wait::Yes,
    );
    match blank {
        Ok(blank) => blank.with(WriteLeg { leg: leg.clone() }).submit_and_wait(),
        Err(_) => Status::IO_ERROR,
    }
}

/// Writes `part` to the leg, with the same flags as the request, and waits.
fn write_again(leg: &LegRef, write: &WriteRef, part: SectorRange) -> Status {
    let blank = Blank::clone_of(
        write.source(),
        leg.rdev().block_device(),
        write.clone(),
        |write: &WriteRef| &PoolRef::keeper(write).conf().rewrites,
        Wait::Yes,
    );
    let Ok(blank) = blank else {
        return Status::IO_ERROR;
    };
    let skip = part.start().saturating_sub(write.range().start());
    let mut clone = blank.with(WriteLeg { leg: leg.clone() });
    if part != write.range() {
        // An atomic write that is done in parts is none.
        clone.clear_flags(opf::ATOMIC);
        // CAST: Both are less than the length of a bio.
        clone.trim(skip as u32, part.len() as u32);
    }
    // The leg has been flushed once for all parts.
    clone.clear_flags(opf::NOWAIT | opf::PREFLUSH);
    clone.set_sector(part.start().saturating_add(leg.rdev().data_offset()));
    clone.submit_and_wait()
}

impl Leg {
    /// Records that a part could not be written. If that can't be, the leg fails, unless it's the
    /// last one that works; the result tells whether it was recorded.
    ///
    /// Context: process.
    pub fn record_bad_blocks(&self, part: SectorRange) -> bool {
        self.report_io_error(|| self.rdev().set_bad_blocks(part.start(), part.len()))
    }
}
