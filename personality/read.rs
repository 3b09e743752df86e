// SPDX-License-Identifier: GPL-2.0

//! Reads: one leg serves each; if it can't, another does.

use kernel::{
    prelude::*,
    sync::rcu, //
};

use super::{
    choice::{
        choose_by_policy,
        choose_leg,
        next_leg,
        Watch, //
    },
    conf::Conf,
    failfast::Haste,
    gate::Pass,
    leg::LegRef,
    read_repair,
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Incoming,
            StartTime, //
        },
        bio_list::BioList,
        bio_set::{
            Blank,
            Done,
            EndIo,
            Prepared, //
        },
        cycles::cycles,
        md::ActiveIo,
        status::Status,
        Wait, //
    },
    log_line,
    logic::{
        range::{
            BlockSize,
            SectorRange, //
        },
        read_policy::{
            Choice,
            Slot, //
        },
    },
};

/// What is known about a read that a leg is doing.
pub struct Read {
    parent: Incoming,
    start: Option<StartTime>,
    /// So many sectors of the request have been read already.
    done: u32,
    /// So many after them are being read.
    piece: u32,
    /// So many are tried at a time: less than all when all legs have failed that. Each attempt at a
    /// bad sector can take seconds, so there should be few.
    reach: u32,
    /// The slot of the leg that does it.
    slot: Slot,
    /// The slot of the leg that was asked first for this piece; a retry goes round to there.
    first: Slot,
    haste: Haste,
    watch: Watch,
    pass: Pass,
    active: ActiveIo,
}

/// A read that has ended on a leg.
pub type DoneRead = Done<Read, LegRef>;

/// Reads to try elsewhere.
pub type FailedReads = BioList<Read, LegRef, DoneRead>;

/// Handles a read from md core.
///
/// Context: make_request, may sleep.
pub fn submit(conf: &Conf, bio: Incoming) {
    let wait = bio.wait();
    let Ok(pass) = conf.gate.enter(wait) else {
        return bio.would_block();
    };
    let (leg, choice, watch) = match choose_leg(conf, range_of(&bio), wait) {
        Ok(Some(chosen)) => chosen,
        Ok(None) => return bio.complete(Status::IO_ERROR),
        Err(_) => return bio.would_block(),
    };
    let Some(bio) = cut_to(conf, bio, choice.sectors) else {
        return;
    };
    let haste = Haste::new(&bio).chosen(&leg, &choice);
    let blank = match clone_for(&bio, leg, wait) {
        Ok(blank) => blank,
        // There is memory to be waited for; integrity data has no reserve.
        Err(_) if wait == Wait::Yes => return bio.complete(Status::RESOURCE),
        Err(_) => return bio.would_block(),
    };
    let start = bio.account_start();
    send(
        conf,
        blank,
        Read {
            start,
            done: 0,
            piece: bio.sectors(),
            reach: u32::MAX,
            parent: bio,
            slot: choice.slot,
            first: choice.slot,
            haste,
            watch,
            pass,
            active: conf.mddev().active_get(),
        },
    );
}

fn range_of(bio: &Incoming) -> SectorRange {
    SectorRange::new(bio.sector(), u64::from(bio.sectors()))
}

/// The front of `bio` that the chosen leg can serve; the rest comes back as a request of its own.
fn cut_to(conf: &Conf, bio: Incoming, sectors: u64) -> Option<Incoming> {
    match u32::try_from(sectors) {
        Ok(sectors) if sectors < bio.sectors() => bio.split_front(sectors, &conf.splits),
        _ => Some(bio),
    }
}

fn clone_for(bio: &Incoming, leg: LegRef, wait: Wait) -> Result<Blank<Read, LegRef>, LegRef> {
    let keeper = leg.clone();
    let blank = Blank::clone_of(
        bio,
        leg.rdev().block_device(),
        keeper,
        |leg: &LegRef| &leg.conf().reads,
        wait,
    );
    drop(leg);
    blank
}

/// Sends the piece of `read` that is due.
fn send(conf: &Conf, blank: Blank<Read, LegRef>, read: Read) {
    let range = read.range();
    let (done, piece, whole) = (read.done, read.piece, read.is_whole());
    let flags = read.haste.flags();
    let mut clone: Prepared<Read, LegRef> = blank.with(read);
    let leg = clone.keeper();
    if let Watch::Head = clone.context().watch {
        leg.read_sent(range);
    }
    let data_offset = leg.rdev().data_offset();
    if !whole {
        clone.trim(done, piece);
        // Whoever sent the request doesn't wait for its submission any more.
        clone.clear_flags(opf::NOWAIT);
    }
    clone.set_flags(flags);
    // A sector that would be past the highest is past the device's end in any case.
    clone.set_sector(range.start().saturating_add(data_offset));
    clone.trace_remap(conf.mddev(), range.start());
    clone.submit::<ReadEnd>();
}

/// Gets reads back from the legs.
struct ReadEnd;

impl EndIo<Read, LegRef> for ReadEnd {
    fn ended(done: DoneRead) {
        let status = done.status();
        let read = done.context();
        match read.watch {
            Watch::No => (),
            Watch::Head => done.keeper().read_ended(read.range().end()),
            Watch::Time(from) if status.is_ok() => {
                // Not if it ended on a processor whose counter is behind.
                if let Some(took) = cycles().checked_sub(from) {
                    done.keeper().note_read_time(took, read.piece);
                }
            }
            Watch::Time(_) => (),
        }
        if status.is_ok() && read.piece == read.rest() {
            finish(done, Status::OK);
        } else {
            unfinished(done, status);
        }
    }
}

/// Ends the request with `status`.
#[inline]
fn finish(done: DoneRead, status: Status) {
    let (read, leg) = done.into_context();
    read.end(status);
    drop(leg);
}

impl Read {
    fn end(self, status: Status) {
        let Self {
            parent,
            start,
            pass,
            active,
            ..
        } = self;
        parent.account_end(start);
        parent.complete(status);
        drop(active);
        // Last: it's what keeps an array that is being stopped.
        drop(pass);
    }

    /// The sectors that are being read.
    fn range(&self) -> SectorRange {
        SectorRange::new(
            self.parent.sector().saturating_add(u64::from(self.done)),
            u64::from(self.piece),
        )
    }

    /// Whether that is all that was asked for.
    #[inline]
    fn is_whole(&self) -> bool {
        self.piece == self.parent.sectors()
    }

    /// What is left of the request.
    fn rest(&self) -> u32 {
        self.parent.sectors().saturating_sub(self.done)
    }

    /// The piece has been read: the next one is due.
    fn advance(&mut self) {
        self.done = self.done.saturating_add(self.piece);
        self.reach = self.reach.saturating_mul(2);
        self.piece = self.rest().min(self.reach);
    }

    /// All legs have failed the piece: less of it is due. The first time that is a block, as where
    /// nothing can be read, nothing is to be gained by more attempts.
    fn retreat(&mut self, block: BlockSize) {
        let less = match self.reach {
            u32::MAX => 0,
            _ => block.round_down(u64::from(self.piece) / 2),
        };
        // It's less than the piece, which is a u32.
        self.reach = u32::try_from(less.max(block.sectors())).unwrap_or(1);
        self.piece = self.reach;
    }
}

/// A leg could not read, or it has read only a piece. Context: hard interrupt.
#[cold]
fn unfinished(done: DoneRead, status: Status) {
    let read = done.context();
    if !status.is_ok() {
        let nowait = read.is_whole() && read.parent.has(opf::NOWAIT);
        if nowait && (status == Status::AGAIN || status == Status::NOT_SUPPORTED) {
            return finish(done, Status::AGAIN);
        }
        // These are the sender's doing, or may fail for no reason: another leg won't do better.
        if status == Status::INVALID || read.parent.has(opf::RAHEAD) {
            return finish(done, status);
        }
        let leg = done.keeper();
        let conf = leg.conf();
        if conf.log_limit.allows() {
            log_line!(
                Error,
                "md/raid1:{}: {}: rescheduling sector {}",
                conf.mddev().name(),
                leg.rdev().block_device(),
                read.range().start()
            );
        }
    }
    // Once it's on the list others may end it, and with it our hold on the array.
    let conf = done.keeper().conf().clone();
    conf.failed_reads.lock().push(done);
    conf.call_daemon();
}

/// Goes on with a read that isn't finished: what a leg failed is tried on the next one. When a
/// piece has failed everywhere it's tried in smaller ones, down to a block: each block may be
/// readable on some leg.
///
/// Context: the daemon, or the freezer; may sleep.
pub fn go_on(done: DoneRead) {
    let conf = done.keeper().conf().clone();
    // The next leg may not have yet what is said to be written.
    let range = range_of(&done.context().parent);
    let Err(done) = conf.order.park(done, range) else {
        return;
    };
    let succeeded = done.status().is_ok();
    let (mut read, from) = done.into_context();
    let next = if succeeded {
        read.advance();
        choose_again(&conf, &read)
    } else {
        read_repair::request(&conf, &from, read.slot, read.range());
        read.haste.failed(&from);
        choose_other(&conf, &mut read)
    };
    let Some(next) = next else {
        from.log_unreadable(read.range().start());
        return read.end(Status::IO_ERROR);
    };
    if !succeeded && conf.log_limit.allows() {
        log_line!(
            Info,
            "md/raid1:{}: redirecting sector {} to other mirror: {}",
            conf.mddev().name(),
            read.range().start(),
            next.leg.rdev().block_device()
        );
    }
    read.send_on(&conf, next);
}

/// Where a piece of a read goes next.
struct Next {
    leg: LegRef,
    choice: Choice,
    /// The piece has not been tried yet: should it fail, all legs are asked, from this one on.
    is_new: bool,
}

/// The leg for a piece that has not been tried yet.
fn choose_again(conf: &Conf, read: &Read) -> Option<Next> {
    let guard = rcu::read_lock();
    let (leg, choice, _) = choose_by_policy(conf, read.range(), &guard)?;
    Some(Next {
        leg,
        choice,
        is_new: true,
    })
}

/// The leg for a piece that failed on the one it was sent to, or for the first block of it.
fn choose_other(conf: &Conf, read: &mut Read) -> Option<Next> {
    if let Some((leg, choice)) = next_leg(conf, read.range(), read.first, read.slot) {
        return Some(Next {
            leg,
            choice,
            is_new: false,
        });
    }
    // All were asked. Those that were to fail fast are asked again in earnest, and then for each
    // block.
    if !read.haste.was_regretted() {
        if u64::from(read.piece) <= conf.block_size().sectors() {
            return None;
        }
        read.retreat(conf.block_size());
    }
    read.haste.end();
    choose_again(conf, read)
}

impl Read {
    fn send_on(mut self, conf: &Conf, next: Next) {
        let Next {
            leg,
            choice,
            is_new,
        } = next;
        self.slot = choice.slot;
        if is_new {
            self.first = choice.slot;
        }
        self.haste = self.haste.chosen(&leg, &choice);
        self.watch = Watch::Head;
        self.piece = u32::try_from(choice.sectors).unwrap_or(self.piece);
        match clone_for(&self.parent, leg, Wait::Yes) {
            Ok(blank) => send(conf, blank, self),
            Err(_) => self.end(Status::IO_ERROR),
        }
    }
}
