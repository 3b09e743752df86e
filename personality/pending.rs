// SPDX-License-Identifier: GPL-2.0

//! Writes that wait for the bitmap, which has to be on disk before them.
//!
//! What a task submits is gathered until it's done, so that the bitmap is written once for all of
//! it.

use super::{
    conf::Conf,
    dispatch::send,
    write::{
        WriteLeg,
        WriteRef, //
    },
};
use crate::abstractions::{
    bio::is_submitting,
    bio_list::BioList,
    bio_set::Prepared,
    cond_resched,
    plug::{
        gather,
        Unplug, //
    },
};

/// Writes that are not submitted yet.
pub type PendingWrites = BioList<WriteLeg, WriteRef, Prepared<WriteLeg, WriteRef>>;

/// Keeps `clone` until the bitmap has been written.
///
/// Context: make_request; may sleep.
pub fn plug(conf: &Conf, clone: Prepared<WriteLeg, WriteRef>) {
    let key = core::ptr::from_ref(conf).cast();
    if let Err(clone) = gather::<_, _, Gathered>(key, clone) {
        conf.pending_writes.lock().push(clone);
        conf.call_daemon();
    }
}

/// What a task has gathered under its plug.
struct Gathered;

impl Unplug<WriteLeg, WriteRef> for Gathered {
    const LIMIT: u32 = 64;

    fn unplug(mut gathered: PendingWrites, sleeping: bool) {
        let Some(first) = gathered.pop() else {
            return;
        };
        let conf = first.context().leg.conf().clone();
        let mut writes = PendingWrites::new();
        writes.push(first);
        writes.append(&mut gathered);
        if sleeping {
            conf.pending_writes.lock().append(&mut writes);
            conf.call_daemon();
        } else {
            flush(&conf, writes);
        }
    }
}

/// Writes the bitmap, then sends `writes`.
///
/// Context: may sleep.
pub fn flush(conf: &Conf, writes: PendingWrites) {
    if writes.is_empty() {
        return;
    }
    // Inside of a submission the bitmap's own writes would start only after it, so another thread
    // has to do it.
    conf.mddev().bitmap().unplug(!is_submitting());
    for clone in writes {
        send(clone);
        cond_resched();
    }
}
