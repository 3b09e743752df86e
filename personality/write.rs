// SPDX-License-Identifier: GPL-2.0

//! Writes: all legs get each.
//!
//! A [`Write`] is shared by the clones that go to the legs. The last one to let go of it ends the
//! request: with success if a leg that is in sync has it.

use kernel::sync::{
    atomic::{
        Relaxed,
        Release, //
    },
    rcu, //
};

use super::{
    admission::{
        admit,
        cut_at_bad_blocks, //
    },
    behind,
    conf::Conf,
    dispatch::send_to_all,
    leg::{
        Leg,
        LegRef, //
    },
    order::Order,
    write_error,
    write_state::Source, //
};
use crate::abstractions::{
    bio::{
        opf,
        Incoming, //
    },
    bio_set::{
        Done,
        EndIo, //
    },
    md::RdevFlag,
    percpu_ref::PercpuRef,
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
    let wait = bio.wait();
    let admitted = match admit(conf, &bio, wait) {
        Ok(admitted) => admitted,
        Err(status) if status == Status::AGAIN => return bio.would_block(),
        Err(status) => return bio.complete(status),
    };
    // What is declared last is given back first, and the pass of the entry has to be the last: it's
    // what keeps an array that is being stopped.
    let (entry, token, ordered) = (admitted.entry, admitted.token, admitted.ordered);
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
    let write = Write::new(conf, Source::Request(bio), token, entry);
    let write = PoolRef::new(
        write,
        first,
        |leg: &LegRef| &leg.conf().write_requests,
        wait,
    );
    match (write, ordered) {
        (Ok(write), None) => send_to_all(conf, write),
        (Ok(write), Some(array)) => send_in_order(conf, array, write, wait),
        (Err((write, _)), _) => write.end(Status::AGAIN),
    }
}

/// Sends a write that overlapping ones must not overtake, and that must not overtake them.
#[cold]
fn send_in_order(conf: &Conf, array: PercpuRef<Conf>, mut write: WriteRef, wait: Wait) {
    // Not before there is memory for it: those that come after it may have all there is, and would
    // wait for it.
    match Order::enter(array, write.range(), wait) {
        Ok(order) => {
            if let Some(write) = PoolRef::get_mut(&mut write) {
                write.set_order(order);
            }
            behind::start(conf, &mut write);
            send_to_all(conf, write);
        }
        // Only who must not wait gets here.
        Err(_) => {
            write.note_refused(Status::AGAIN);
            let_go(write);
        }
    }
}

/// Some leg that can be written to; it keeps the pool that the write is allocated from. And whether
/// any leg has bad blocks.
#[inline]
fn first_target(conf: &Conf) -> Option<(LegRef, bool)> {
    let guard = rcu::read_lock();
    let mut first = None;
    let mut bad = false;
    let legs = conf.layout(&guard);
    for (slot, leg) in legs.occupied() {
        first = first.or_else(|| legs.get(usize::from(slot)));
        bad |= leg.rdev().has_bad_blocks();
    }
    Some((first?, bad))
}

/// Gets writes back from the legs.
pub struct WriteEnd;

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
        write.keeper().conf().waiting_writes.fetch_add(1, Relaxed);
        write.leave();
        write_error::await_metadata(write);
    } else {
        finish(write);
    }
}

/// Ends the request.
#[inline]
pub fn finish(write: Unique<Write, LegRef>) {
    let status = if write.keeper().conf().recording.is_missing() {
        // However it went: after a restart a leg may count that has not got it.
        Status::IO_ERROR
    } else {
        write.result()
    };
    let waited = write.has_left();
    let leg = write.consume(|write| write.end(status));
    if waited {
        leg.conf().waiting_writes.fetch_sub(1, Release);
    }
}
