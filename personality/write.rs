// SPDX-License-Identifier: GPL-2.0

//! Writes: all legs get each.
//!
//! A [`Write`] is shared by the clones that go to the legs. The last one to let go of it ends the
//! request: with success if a leg that is in sync has it.

use kernel::sync::{
    atomic::{
        Atomic,
        AtomicFlag,
        Relaxed, //
    },
    rcu, //
};

use super::{
    admission::{
        admit,
        cut_at_bad_blocks,
        Entry, //
    },
    conf::Conf,
    leg::{
        Leg,
        LegRef, //
    },
    pending::plug,
    write_error, //
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Incoming,
            StartTime, //
        },
        bio_set::{
            Blank,
            Done,
            EndIo,
            Prepared, //
        },
        md::{
            ActiveIo,
            BitmapRange,
            RdevFlag,
            WriteToken, //
        },
        pool::{
            PoolRef,
            Unique, //
        },
        status::Status,
        Wait, //
    },
    logic::range::SectorRange,
};

/// What the clones of a write share.
pub struct Write {
    parent: Incoming,
    start: Option<StartTime>,
    /// A leg that is in sync has the data.
    stored: AtomicFlag,
    /// A leg refused the request, by no fault of its own, with this status.
    refused: Atomic<i32>,
    /// A leg has failed, or has new bad blocks: the metadata has to say so before the request ends.
    record: AtomicFlag,
    bitmap: Option<BitmapRange>,
    token: WriteToken,
    /// Given back when no leg is writing any more.
    entry: Option<Entry>,
    active: ActiveIo,
}

/// A reference to a [`Write`].
pub type WriteRef = PoolRef<Write, LegRef>;

/// What is known about a leg's part of a write.
pub struct WriteLeg {
    /// The leg.
    pub leg: LegRef,
}

/// A leg's part of a write that has ended.
pub type DoneWrite = Done<WriteLeg, WriteRef>;

/// Handles a write from md core.
///
/// Context: make_request, may sleep.
pub fn submit(conf: &Conf, bio: Incoming) {
    let mddev = conf.mddev();
    let wait = if bio.has(opf::NOWAIT) {
        Wait::No
    } else {
        Wait::Yes
    };
    let (token, entry) = match admit(conf, &bio, wait) {
        Ok(admitted) => admitted,
        Err(status) if status == Status::AGAIN => return bio.would_block(),
        Err(status) => return bio.complete(status),
    };
    let Some(first) = first_target(conf) else {
        return bio.complete(Status::IO_ERROR);
    };
    let Some(bio) = cut_at_bad_blocks(conf, bio) else {
        return;
    };
    let range = SectorRange::new(bio.sector(), u64::from(bio.sectors()));
    let start = bio.account_start();
    let write = Write {
        start,
        stored: AtomicFlag::new(false),
        refused: Atomic::new(0),
        record: AtomicFlag::new(false),
        bitmap: mddev
            .bitmap()
            .start_write(range.start(), range.len(), bio.op() == opf::DISCARD),
        token,
        entry: Some(entry),
        active: mddev.active_get(),
        parent: bio,
    };
    match PoolRef::new(
        write,
        first,
        |leg: &LegRef| &leg.conf().write_requests,
        wait,
    ) {
        Ok(write) => send_to_all(conf, write),
        Err((write, _)) => write.end(Status::AGAIN),
    }
}

/// Some leg that can be written to. It keeps the pool that the write is allocated from.
#[inline]
fn first_target(conf: &Conf) -> Option<LegRef> {
    let guard = rcu::read_lock();
    (0..conf.legs.len(&guard)).find_map(|slot| conf.legs.get(slot, &guard))
}

/// Sends a clone of the write to each leg, at once or when the bitmap has been written.
fn send_to_all(conf: &Conf, write: WriteRef) {
    let plugged = conf.mddev().bitmap().enabled(true);
    let nowait = write.parent.has(opf::NOWAIT);
    let expendable = conf.mddev().degraded().saturating_add(1) < conf.mddev().raid_disks();
    // The number can't change as long as the write has its pass.
    let slots = conf.legs.len(&rcu::read_lock());
    for slot in 0..slots {
        let leg = {
            let guard = rcu::read_lock();
            let leg = conf.legs.get(slot, &guard);
            let closed = conf.legs.peek(slot, &guard).filter(|_| leg.is_none());
            if closed.is_some_and(|closed| closed.rdev().is_blocked()) {
                // It has failed since the write was let in, and the metadata doesn't tell yet.
                write.note_record();
            }
            leg
        };
        let Some(leg) = leg.filter(|leg| !leg.avoids(write.range())) else {
            continue;
        };
        let blank = Blank::clone_of(
            &write.parent,
            leg.rdev().block_device(),
            write.clone(),
            |write: &WriteRef| &PoolRef::keeper(write).conf().writes,
            Wait::Yes,
        );
        let Ok(blank) = blank else {
            // There was no memory for the clone of its integrity data, say. The leg doesn't get what the
            // others get, so it can't stay as if it had.
            leg.write_failed();
            write.note_missed(&leg);
            continue;
        };
        let sector = write.parent.sector();
        let data_offset = leg.rdev().data_offset();
        let hasty = expendable && leg.is_failfast();
        let mut clone = blank.with(WriteLeg { leg });
        if hasty {
            clone.set_flags(opf::FAILFAST);
        }
        // A sector that would be past the highest is past the device's end in any case.
        clone.set_sector(sector.saturating_add(data_offset));
        // One leg must not have what another refused.
        clone.clear_flags(opf::NOWAIT);
        clone.trace_remap(conf.mddev(), sector);
        if !plugged {
            send(clone);
        } else if nowait {
            // The bitmap may have to be written first, and the sender must not wait for that.
            conf.pending_writes.lock().push(clone);
        } else {
            plug(conf, clone);
        }
    }
    if plugged && nowait {
        conf.call_daemon();
    }
    let_go(write);
}

/// Sends a clone to its leg.
pub fn send(clone: Prepared<WriteLeg, WriteRef>) {
    let rdev = clone.context().leg.rdev();
    if rdev.flags().test(RdevFlag::Faulty) {
        clone.end_here::<WriteEnd>(Status::IO_ERROR);
    } else if clone.op() == opf::DISCARD && rdev.block_device().max_discard_sectors() == 0 {
        // A discard is advice: a leg that doesn't know it keeps the old data.
        clone.end_here::<WriteEnd>(Status::OK);
    } else {
        clone.submit::<WriteEnd>();
    }
}

/// Gets writes back from the legs.
struct WriteEnd;

impl EndIo<WriteLeg, WriteRef> for WriteEnd {
    fn ended(done: DoneWrite) {
        let status = done.status();
        let context = done.context();
        if !status.is_ok() || context.leg.rdev().has_bad_blocks() {
            return ended_badly(done, status);
        }
        let (WriteLeg { leg }, write) = done.into_context();
        write.note_stored(&leg);
        drop(leg);
        let_go(write);
    }
}

/// A leg could not write, or it could where it had bad blocks. Context: hard interrupt.
#[cold]
fn ended_badly(done: DoneWrite, status: Status) {
    let write: &Write = done.keeper();
    let leg: &Leg = &done.context().leg;
    if status.is_ok() {
        if done.op() != opf::DISCARD && leg.first_bad(write.range()).is_some() {
            return write_error::hand_over(done);
        }
        write.note_stored(leg);
    } else if status == Status::INVALID
        || status == Status::AGAIN
        || (status == Status::NOT_SUPPORTED && ![opf::WRITE, opf::DISCARD].contains(&done.op()))
    {
        // The request is at fault, not the device.
        write.refused.store(status.code(), Relaxed);
    } else if done.op() == opf::DISCARD {
        // It's advice, and the leg didn't take it.
        write.note_stored(leg);
    } else {
        if leg.is_failfast() && done.has(opf::FAILFAST) {
            leg.write_failed();
        } else {
            leg.note_write_error();
        }
        if !leg.rdev().flags().test(RdevFlag::Faulty) {
            return write_error::hand_over(done);
        }
        write.note_missed(leg);
    }
    let (WriteLeg { leg }, write) = done.into_context();
    drop(leg);
    let_go(write);
}

/// Gives a reference back; the last one ends the request.
#[inline]
pub fn let_go(write: WriteRef) {
    // The counter's full ordering makes the flags of all legs visible to the last one.
    let Some(mut write) = PoolRef::last(write) else {
        return;
    };
    if write.record.load(Relaxed) {
        // Who writes the metadata may need what we hold. No leg is writing any more.
        write.entry = None;
        write_error::await_metadata(write);
    } else {
        finish(write);
    }
}

/// Ends the request.
#[inline]
pub fn finish(write: Unique<Write, LegRef>) {
    let (write, leg) = write.into_inner();
    let status = match write.refused.load(Relaxed) {
        0 if write.stored.load(Relaxed) => Status::OK,
        0 => Status::IO_ERROR,
        code => Status::from_code(code),
    };
    write.end(status);
    drop(leg);
}

impl Write {
    /// The sectors that are written.
    pub fn range(&self) -> SectorRange {
        SectorRange::new(self.parent.sector(), u64::from(self.parent.sectors()))
    }

    /// The request from md core.
    pub fn parent(&self) -> &Incoming {
        &self.parent
    }

    /// A leg has the data. It counts if it can be read from.
    #[inline]
    pub fn note_stored(&self, leg: &Leg) {
        if leg.works() {
            self.stored.store(true, Relaxed);
        }
    }

    /// The metadata has to change before the request ends.
    fn note_record(&self) {
        self.record.store(true, Relaxed);
    }

    /// A leg doesn't have all of the data. The metadata has to say so before the request ends; if it can't,
    /// because the leg stays as it is, the request fails. It does as well if no other leg works: what one
    /// has stored that failed since can't be read.
    pub fn note_missed(&self, leg: &Leg) {
        self.note_record();
        let unrecorded = leg.works() && leg.first_bad(self.range()).is_none();
        if unrecorded || leg.conf().is_last_working(leg) {
            self.refused.store(Status::IO_ERROR.code(), Relaxed);
        }
    }

    fn end(self, status: Status) {
        let Self {
            parent,
            start,
            bitmap,
            token,
            entry,
            active,
            ..
        } = self;
        // The bit may go out once no write to it is under way; if a leg has failed it stays.
        if let Some(bitmap) = bitmap {
            active.bitmap().end_write(bitmap);
        }
        drop(token);
        parent.account_end(start);
        parent.complete(status);
        drop(active);
        // Last: it's what keeps an array that is being stopped.
        if let Some(Entry { range, pass }) = entry {
            drop(range);
            drop(pass);
        }
    }
}
