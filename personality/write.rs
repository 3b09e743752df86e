// SPDX-License-Identifier: GPL-2.0

//! Writes: all legs get each.
//!
//! A [`Write`] is shared by the clones that go to the legs. The last one to let go of it ends the
//! request: with success if a leg that is in sync has it.

use kernel::sync::rcu;

use super::{
    admission::{
        admit,
        cut_at_bad_blocks, //
    },
    behind,
    conf::Conf,
    leg::{
        Leg,
        LegRef, //
    },
    order::OrderTicket,
    pending::plug,
    write_error,
    write_state::Source, //
};
use crate::abstractions::{
    bio::{
        opf,
        Incoming, //
    },
    bio_set::{
        Blank,
        Done,
        EndIo,
        Prepared, //
    },
    md::{
        MddevFlag,
        RdevFlag, //
    },
    pool::{
        PoolRef,
        Unique, //
    },
    status::Status,
    Wait, //
};

pub use super::write_state::Write;

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
    let Some((first, bad)) = first_target(conf) else {
        return bio.complete(Status::IO_ERROR);
    };
    let bio = if bad {
        let Some(bio) = cut_at_bad_blocks(conf, bio, wait) else {
            return;
        };
        bio
    } else {
        bio
    };
    let place = entry.order.as_ref().and_then(OrderTicket::place);
    let write = Write::new(conf, Source::Request(bio), token, entry, place);
    match PoolRef::new(
        write,
        first,
        |leg: &LegRef| &leg.conf().write_requests,
        wait,
    ) {
        Ok(mut write) => {
            if place.is_some() {
                behind::start(conf, &mut write);
            }
            send_to_all(conf, write);
        }
        Err((write, _)) => write.end(Status::AGAIN),
    }
}

/// Some leg that can be written to; it keeps the pool that the write is allocated from. And whether any leg has bad blocks.
#[inline]
fn first_target(conf: &Conf) -> Option<(LegRef, bool)> {
    let guard = rcu::read_lock();
    let mut first = None;
    let mut bad = false;
    let legs = conf.layout(&guard);
    for (slot, leg) in legs.occupied() {
        first = first.or_else(|| legs.get(slot));
        bad |= leg.rdev().has_bad_blocks();
    }
    Some((first?, bad))
}

/// The first leg from `slot` on that can be written to, and the slot behind it.
#[inline]
fn next_target(conf: &Conf, slot: usize, write: &Write) -> Option<(LegRef, usize)> {
    let guard = rcu::read_lock();
    let legs = conf.layout(&guard);
    for slot in slot..legs.slots() {
        let Some(seen) = legs.peek(slot) else {
            continue;
        };
        if let Some(leg) = legs.get(slot) {
            return Some((leg, slot.saturating_add(1)));
        }
        if seen.rdev().is_blocked() {
            // It has failed since the write was let in, and the metadata doesn't tell yet.
            write.note_record();
        }
    }
    None
}

/// Sends a clone of the write to each leg, at once or when the bitmap has been written.
fn send_to_all(conf: &Conf, write: WriteRef) {
    let plugged = conf.mddev().bitmap().enabled(true);
    let nowait = write.source().has(opf::NOWAIT);
    let expendable = conf.mddev().degraded().saturating_add(1) < conf.mddev().raid_disks();
    let all_ordered =
        write.place().is_some() && conf.mddev().flags().test(MddevFlag::SerializePolicy);
    let mut slot = 0;
    // What is where can't change as long as the write has its pass.
    while let Some((leg, next)) = next_target(conf, slot, &write) {
        slot = next;
        if leg.avoids(write.range()) && !nobody_has(conf, &write) {
            if leg.is_to_record(write.range()) {
                // These bad blocks are news since the write was let in.
                write.note_record();
            }
            continue;
        }
        let write_mostly = leg.is_write_mostly();
        let part = match write.behind() {
            Some(behind) if write_mostly => behind,
            _ => &write,
        };
        let clone_of = |keeper: WriteRef, wait| {
            Blank::clone_of(
                part.source(),
                leg.rdev().block_device(),
                keeper,
                |write: &WriteRef| &PoolRef::keeper(write).conf().writes,
                wait,
            )
        };
        let blank = if plugged && nowait {
            // Clones that the daemon is still to send may be what the memory is in.
            clone_of(part.clone(), Wait::No).or_else(|keeper| {
                conf.call_daemon();
                clone_of(keeper, Wait::Yes)
            })
        } else {
            clone_of(part.clone(), Wait::Yes)
        };
        let Ok(blank) = blank else {
            // There was no memory for the clone of its integrity data, say. The leg doesn't get what the
            // others get, so it can't stay as if it had.
            leg.write_failed();
            part.note_missed(&leg);
            continue;
        };
        let sector = write.source().sector();
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
        if let Some(place) = write.place().filter(|_| write_mostly || all_ordered) {
            match conf.order.hold(place, clone) {
                Ok(()) => continue,
                Err(its_turn) => clone = its_turn,
            }
        }
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

/// Whether every leg that works has bad blocks wherever `write` goes. Then it's tried nevertheless: if it weren't sent
/// to anybody it would fail, now and ever, though the disks may be well again.
#[cold]
fn nobody_has(conf: &Conf, write: &Write) -> bool {
    let guard = rcu::read_lock();
    let mut working = conf.occupied(&guard).filter(|(_, leg)| leg.works());
    working.all(|(_, leg)| leg.avoids(write.range()))
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
    } else if !write.is_behind()
        && (status == Status::INVALID
            || status == Status::AGAIN
            || (status == Status::NOT_SUPPORTED
                && ![opf::WRITE, opf::DISCARD].contains(&done.op())))
    {
        // The request is at fault, not the device.
        write.note_refused(status);
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
    if write.is_behind() {
        return behind::let_go(write);
    }
    // The counter's full ordering makes the flags of all legs visible to the last one.
    if let Some(write) = PoolRef::last(write) {
        legs_ended(write);
    }
}

/// No leg is writing any more.
///
/// Context: any.
#[inline]
pub fn legs_ended(write: Unique<Write, LegRef>) {
    let Some(mut write) = behind::consult(write) else {
        return;
    };
    if write.is_to_record() {
        // Who writes the metadata may need what we hold.
        write.leave();
        write_error::await_metadata(write);
    } else {
        finish(write);
    }
}

/// Ends the request.
#[inline]
pub fn finish(write: Unique<Write, LegRef>) {
    let status = write.result();
    drop(write.consume(|write| write.end(status)));
}
