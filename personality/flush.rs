// SPDX-License-Identifier: GPL-2.0

//! Flushes without data, of one leg.
//!
//! A write that asks for a flush promises that what has ended before is on the medium when it ends.
//! Each leg flushes along with its part of the write ([`make_request`](super)). A leg that isn't
//! written to, because it has bad blocks there, has to keep the promise nevertheless: once power is
//! lost, what it has may be what is read.

use super::{
    leg::{
        Leg,
        LegRef, //
    },
    write::{
        let_go,
        DoneWrite,
        WriteLeg,
        WriteRef, //
    },
};
use crate::abstractions::{
    bio_set::{
        Blank,
        EndIo, //
    },
    md::RdevFlag,
    pool::PoolRef,
    Wait, //
};

/// A flush of `leg`, which `write` doesn't end before.
///
/// Context: make_request; may sleep, unless `wait` says no.
pub fn of(leg: &Leg, write: WriteRef, wait: Wait) -> Result<Blank<WriteLeg, WriteRef>, WriteRef> {
    Blank::flush_of(
        leg.rdev().block_device(),
        write,
        |write: &WriteRef| &PoolRef::keeper(write).conf().writes,
        wait,
    )
}

/// Sends it to `leg`.
///
/// Context: make_request; may sleep.
pub fn send(flush: Blank<WriteLeg, WriteRef>, leg: LegRef) {
    flush.with(WriteLeg { leg }).submit::<FlushEnd>();
}

struct FlushEnd;

impl EndIo<WriteLeg, WriteRef> for FlushEnd {
    fn ended(done: DoneWrite) {
        let status = done.status();
        let (WriteLeg { leg }, write) = done.into_context();
        if !status.is_ok() {
            failed(&leg, &write);
        }
        drop(leg);
        let_go(write);
    }
}

/// A leg hasn't flushed its cache. Nobody knows what it has lost, so it's of no use any more.
///
/// Context: any.
#[cold]
pub fn failed(leg: &Leg, write: &WriteRef) {
    if !leg.rdev().flags().test(RdevFlag::Faulty) {
        leg.write_failed();
    }
    write.note_unflushed(leg);
}
