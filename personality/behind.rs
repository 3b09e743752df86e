// SPDX-License-Identifier: GPL-2.0

//! Write-behind: a write ends for its sender when the legs that are not write-mostly have it.
//!
//! Such a write is two [`Write`]s. One is the request, for the legs that it waits for. The other
//! has a copy of the data, for the legs that are write-mostly: its sender may use the memory again.
//! It has all that keeps the array as it has to be while legs are writing: the order, the range,
//! the pass of the gate. The request has a reference to it until it has been answered, so that both
//! are under way as long as one of them is.
//!
//! It's given up, and the write waits for all legs, where it would be unsafe or of no use: without
//! a bitmap, which tells after a crash what the leg lacks; above the limit that the user has set;
//! while a reader waits; when there is no memory at hand for the copy, or it's too large for one
//! bio; and when no leg is left that the sender could wait for.
//!
//! If the legs that the sender waits for have all failed, the others decide: it's answered when
//! they are done.

use kernel::sync::rcu;

use super::{
    admission::Entry,
    conf::Conf,
    leg::{
        Leg,
        LegRef, //
    },
    write::{
        legs_ended,
        Write,
        WriteRef, //
    },
    write_error::WriteList,
    write_state::Source, //
};
use crate::abstractions::{
    bio::opf,
    bio_copy::BioCopy,
    md::RdevFlag,
    pool::{
        PoolRef,
        Unique, //
    },
    Wait, //
};

/// Splits the part that goes on behind off a write that has no clones yet, if it may. That part
/// takes over the order and the range.
///
/// Context: make_request.
pub fn start(conf: &Conf, write: &mut WriteRef) {
    let leg = PoolRef::keeper(write).clone();
    let Some(write) = PoolRef::get_mut(write) else {
        return;
    };
    let Some(place) = write.place() else {
        return;
    };
    if write.source().op() != opf::WRITE || !has_both(conf) {
        return;
    }
    if !conf.order.go_behind(place, conf.mddev().max_write_behind()) {
        return;
    }
    match make(conf, write, leg) {
        Some(behind) => write.set_behind(behind),
        None => conf.order.stay(place),
    }
}

fn make(conf: &Conf, request: &mut Write, leg: LegRef) -> Option<WriteRef> {
    let copy = BioCopy::new(request.source())?;
    let behind = conf.mddev().bitmap().start_behind_write()?;
    let token = request.token().clone();
    let entry = request.entry_mut()?;
    let entry_of_copy = Entry {
        behind_count: Some(behind),
        order: entry.order.take(),
        range: entry.range.take(),
        pass: entry.pass.clone(),
    };
    let write = Write::new(conf, Source::Copy(copy), token, entry_of_copy);
    // Who has one from this pool never waits for another: those of all others may be just as far.
    let write = PoolRef::new(
        write,
        leg,
        |leg: &LegRef| &leg.conf().write_requests,
        Wait::No,
    );
    match write {
        Ok(write) => Some(write),
        Err((write, _)) => {
            if let Some(Entry { order, range, .. }) = write.give_up() {
                entry.order = order;
                entry.range = range;
            }
            None
        }
    }
}

/// Whether there are legs that the sender waits for, and others.
fn has_both(conf: &Conf) -> bool {
    let guard = rcu::read_lock();
    let awaited = |leg: &Leg| leg.works() && !leg.is_write_mostly();
    let others = |leg: &Leg| leg.is_write_mostly() && !leg.rdev().flags().test(RdevFlag::Faulty);
    let mut legs = conf.occupied(&guard);
    legs.clone().any(|(_, leg)| awaited(leg)) && legs.any(|(_, leg)| others(leg))
}

/// Gives a reference to a part that goes on behind back.
///
/// Context: any.
pub fn let_go(copy: WriteRef) {
    // The last one may end our hold on the array.
    let conf = PoolRef::keeper(&copy).conf().clone();
    match PoolRef::last(copy) {
        Some(copy) => legs_ended(copy),
        None => {
            // It may be the request that has the last one, and waits for this.
            if !conf.unanswered.lock().is_empty() {
                conf.call_daemon();
            }
        }
    }
}

/// Looks whether the answer to a request, none of whose legs is writing any more, is up to what
/// goes on behind. If so the request is put aside, and [`None`] returned, unless that has ended,
/// too.
///
/// Context: any.
#[inline]
pub fn consult(write: Unique<Write, LegRef>) -> Option<Unique<Write, LegRef>> {
    if write.behind().is_none() || write.is_decided() {
        return Some(write);
    }
    if write.adopt_behind() {
        return Some(write);
    }
    let conf = write.keeper().conf().clone();
    conf.unanswered.lock().push(write);
    conf.call_daemon();
    None
}

/// Answers the requests that were put aside, and whose other part has ended.
///
/// Context: the daemon, or the freezer.
pub fn answer_late(conf: &Conf) {
    let mut answers = WriteList::new();
    {
        let mut unanswered = conf.unanswered.lock();
        let mut rest = WriteList::new();
        // Under the lock: a part that ends now finds the list as it is, or as it will be.
        while let Some(write) = unanswered.pop() {
            if write.adopt_behind() {
                answers.push(write);
            } else {
                rest.push(write);
            }
        }
        *unanswered = rest;
    }
    while let Some(write) = answers.pop() {
        legs_ended(write);
    }
}
