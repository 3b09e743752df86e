// SPDX-License-Identifier: GPL-2.0

//! What the clones of a write share: how far it is, and what keeps the array as it has to be
//! meanwhile.
//!
//! How a write ends:
//!
//! ```text
//! let_go, by the last clone to end
//!    -> legs_ended -> behind::consult --- undecided -> unanswered; the daemon: answer_late -> legs_ended
//!                          |
//!                     is_to_record -- yes -> leave -> unrecorded; the daemon: end_recorded -> finish
//!                          |
//!                          no -> finish -> end: gives all back, its pass last
//! ```

use kernel::sync::atomic::{
    Atomic,
    AtomicFlag,
    Relaxed, //
};

use super::{
    admission::Entry,
    conf::Conf,
    leg::Leg,
    order::OrderTicket,
    write::{
        let_go,
        WriteRef, //
    },
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Bio,
            Incoming,
            StartTime, //
        },
        bio_copy::BioCopy,
        md::{
            ActiveIo,
            BitmapRange,
            WriteToken, //
        },
        pool::PoolRef,
        status::Status, //
    },
    logic::{
        overlaps::Place,
        range::SectorRange, //
    },
};

/// What a write's clones are made of.
pub enum Source {
    /// The request from md core.
    Request(Incoming),
    /// A copy of one, see [`behind`](super::behind).
    Copy(BioCopy),
}

impl core::ops::Deref for Source {
    type Target = Bio;

    #[inline]
    fn deref(&self) -> &Bio {
        match self {
            Self::Request(bio) => bio,
            Self::Copy(bio) => bio,
        }
    }
}

/// What the clones of a write share.
pub struct Write {
    source: Source,
    start: Option<StartTime>,
    /// A leg that is in sync has the data.
    stored: AtomicFlag,
    /// A member has it that a replacement has taken over from meanwhile.
    stored_by_retired: AtomicFlag,
    /// A leg refused the request, by no fault of its own, with this status.
    refused: Atomic<i32>,
    /// A leg has failed, or has new bad blocks: the metadata has to say so before the request ends.
    record: AtomicFlag,
    bitmap: Option<BitmapRange>,
    token: WriteToken,
    /// Given back when no leg is writing any more.
    entry: Option<Entry>,
    /// Where it is among the writes that are kept in order.
    place: Option<Place>,
    /// The part of it that goes on behind.
    behind: Option<WriteRef>,
    active: ActiveIo,
}

impl Write {
    /// A write of `source` that has been let in.
    ///
    /// Context: may sleep.
    #[inline]
    pub fn new(conf: &Conf, source: Source, token: WriteToken, entry: Entry) -> Self {
        let mddev = conf.mddev();
        let start = match &source {
            Source::Request(bio) => bio.account_start(),
            Source::Copy(_) => None,
        };
        let bitmap = mddev.bitmap().start_write(
            source.sector(),
            u64::from(source.sectors()),
            source.op() == opf::DISCARD,
        );
        Self {
            source,
            start,
            stored: AtomicFlag::new(false),
            stored_by_retired: AtomicFlag::new(false),
            refused: Atomic::new(0),
            record: AtomicFlag::new(false),
            bitmap,
            token,
            place: entry.order.as_ref().and_then(OrderTicket::place),
            entry: Some(entry),
            behind: None,
            active: mddev.active_get(),
        }
    }

    /// The sectors that are written.
    pub fn range(&self) -> SectorRange {
        SectorRange::new(self.source.sector(), u64::from(self.source.sectors()))
    }

    /// What clones are made of.
    pub fn source(&self) -> &Bio {
        &self.source
    }

    /// Where it is among the writes that are kept in order.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Has it keep its place among other writes. There are no clones yet.
    pub fn set_order(&mut self, order: OrderTicket) {
        self.place = order.place();
        if let Some(entry) = &mut self.entry {
            entry.order = Some(order);
        }
    }

    /// The part of it that goes on behind.
    pub fn behind(&self) -> Option<&WriteRef> {
        self.behind.as_ref()
    }

    /// Has `behind` go on when the request has been answered. There are no clones yet.
    pub fn set_behind(&mut self, behind: WriteRef) {
        self.behind = Some(behind);
    }

    /// The write's part in md's count of writes, for which the superblocks say that the array is
    /// active.
    pub fn token(&self) -> &WriteToken {
        &self.token
    }

    /// What it has to hold while legs are writing, if it still does.
    pub fn entry_mut(&mut self) -> Option<&mut Entry> {
        self.entry.as_mut()
    }

    /// Whether this is the copy that goes on after the sender was answered: nobody is told how it
    /// ends.
    #[inline]
    pub fn is_behind(&self) -> bool {
        matches!(self.source, Source::Copy(_))
    }

    /// Whether the legs that have ended are enough to tell the sender.
    pub fn is_decided(&self) -> bool {
        self.stored.load(Relaxed) || self.refused.load(Relaxed) != 0
    }

    /// If the part behind has ended, how it did is how the request does. Tells whether it has
    /// ended.
    pub fn adopt_behind(&self) -> bool {
        let Some(behind) = &self.behind else {
            return true;
        };
        if !PoolRef::is_only(behind) {
            return false;
        }
        if behind.result().is_ok() {
            self.stored.store(true, Relaxed);
        }
        if behind.record.load(Relaxed) {
            self.note_record();
        }
        match behind.refused.load(Relaxed) {
            0 => (),
            code => self.refused.store(code, Relaxed),
        }
        true
    }

    /// A leg has the data. It counts if the leg is in sync, or about to be. (One that is still to
    /// be recovered doesn't: after a crash it may begin again.)
    #[inline]
    pub fn note_stored(&self, leg: &Leg) {
        if leg.works() || leg.is_recovered() {
            self.stored.store(true, Relaxed);
        } else if leg.is_retired() {
            self.stored_by_retired.store(true, Relaxed);
        }
    }

    /// The metadata has to change before the request ends.
    pub fn note_record(&self) {
        self.record.store(true, Relaxed);
    }

    /// A leg doesn't have all of the data. The metadata has to say so before the request ends; if
    /// it can't, because the leg stays as it is, the request fails. It does as well if no other leg
    /// works: what one has stored that failed since, or that is still to be recovered, may be lost.
    pub fn note_missed(&self, leg: &Leg) {
        self.note_record();
        let unrecorded = leg.works() && leg.first_bad(self.range()).is_none();
        if unrecorded || !leg.conf().has_another(leg) {
            self.refused.store(Status::IO_ERROR.code(), Relaxed);
        }
    }

    /// A leg has not flushed its cache. The metadata has to say that it failed before the request
    /// ends; if it can't, because the leg stays, the request fails.
    pub fn note_unflushed(&self, leg: &Leg) {
        self.note_record();
        if leg.works() {
            self.refused.store(Status::IO_ERROR.code(), Relaxed);
        }
    }

    /// A leg refused the request, by no fault of its own.
    pub fn note_refused(&self, status: Status) {
        self.refused.store(status.code(), Relaxed);
    }

    /// Whether the metadata has to change before the request ends.
    pub fn is_to_record(&self) -> bool {
        self.record.load(Relaxed)
    }

    /// How the request ends. Where a member has the data that a replacement has taken over from,
    /// that one was written to as well: it has the data, unless a leg has missed something.
    #[inline]
    pub fn result(&self) -> Status {
        let stored = self.stored.load(Relaxed)
            || (self.stored_by_retired.load(Relaxed) && !self.is_to_record());
        match self.refused.load(Relaxed) {
            0 if stored => Status::OK,
            0 => Status::IO_ERROR,
            code => Status::from_code(code),
        }
    }

    /// Whether [`Self::leave`] was called.
    pub fn has_left(&self) -> bool {
        self.entry.is_none()
    }

    /// Gives back what it has to hold while legs are writing.
    pub fn leave(&mut self) {
        let behind = self.behind.take();
        self.entry = None;
        if let Some(behind) = behind {
            let_go(behind);
        }
    }

    /// Ends a write that no leg has got.
    pub fn give_up(mut self) -> Option<Entry> {
        let entry = self.entry.take();
        self.end(Status::AGAIN);
        entry
    }

    /// Ends the request with `status`, and gives back what is left.
    ///
    /// Context: any.
    pub fn end(self, status: Status) {
        let Self {
            source,
            start,
            bitmap,
            token,
            mut entry,
            behind,
            active,
            ..
        } = self;
        // The bit may go out once no write to it is under way; if a leg has failed it stays.
        if let Some(bitmap) = bitmap {
            active.bitmap().end_write(bitmap);
        }
        drop(token);
        match source {
            Source::Request(parent) => {
                parent.account_end(start);
                parent.complete(status);
            }
            Source::Copy(copy) => drop(copy),
        }
        if let Some(behind) = behind {
            let_go(behind);
        }
        // Before `active`: whoever takes the bitmap away waits for that, and then for this.
        drop(entry.as_mut().and_then(|entry| entry.behind_count.take()));
        drop(active);
        // Last, and the pass last of all: it's what keeps an array that is being stopped.
        drop(entry);
    }
}
