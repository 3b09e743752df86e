// SPDX-License-Identifier: GPL-2.0

//! How the clones of a write go out to the legs: at once, when the bitmap has been written, or when
//! their turn has come.

use kernel::sync::rcu;

use super::{
    conf::Conf,
    flush,
    leg::LegRef,
    pending::plug,
    write::{
        let_go,
        WriteEnd,
        WriteLeg,
        WriteRef, //
    },
};
use crate::{
    abstractions::{
        bio::opf,
        bio_set::{
            Blank,
            Prepared, //
        },
        md::{
            MddevFlag,
            RdevFlag, //
        },
        pool::PoolRef,
        status::Status,
        Wait, //
    },
    logic::overlaps::Place,
};

/// Sends a clone of the write to each leg, at once or when the bitmap has been written.
///
/// Context: make_request; may sleep.
pub fn send_to_all(conf: &Conf, write: WriteRef) {
    let dispatch = Dispatch::new(conf, &write);
    match write.place() {
        Some(place) => {
            // Clones that may have to be put aside come first: for their memory one may have to
            // wait until their turn has come, and what was sent before may not have started by then
            // (see `Dispatch::blank`).
            dispatch.to_legs(Some(place), |leg| dispatch.keeps_order(leg));
            dispatch.to_legs(None, |leg| !dispatch.keeps_order(leg));
        }
        None => dispatch.to_legs(None, |_| true),
    }
    if dispatch.plugged && dispatch.nowait {
        conf.call_daemon();
    }
    let_go(write);
}

/// What is the same for all clones of a write.
struct Dispatch<'a> {
    conf: &'a Conf,
    write: &'a WriteRef,
    /// The bitmap has to be written before.
    plugged: bool,
    /// The sender must not wait for that.
    nowait: bool,
    /// The array can do without one leg more.
    expendable: bool,
    /// Every leg gets overlapping writes in order, not just those that are write-mostly.
    serialized: bool,
}

impl<'a> Dispatch<'a> {
    #[inline]
    fn new(conf: &'a Conf, write: &'a WriteRef) -> Self {
        let mddev = conf.mddev();
        Self {
            conf,
            write,
            plugged: mddev.bitmap().enabled(true),
            nowait: write.source().has(opf::NOWAIT),
            expendable: mddev.degraded().saturating_add(1) < mddev.raid_disks(),
            serialized: mddev.flags().test(MddevFlag::SerializePolicy),
        }
    }

    /// Whether the leg gets overlapping writes in the order in which they came, if they have one.
    fn keeps_order(&self, leg: &LegRef) -> bool {
        self.serialized || leg.is_write_mostly()
    }

    /// Sends a clone to each leg that is `wanted`, in its turn if there is a `place`.
    #[inline]
    fn to_legs(&self, place: Option<Place>, wanted: impl Fn(&LegRef) -> bool) {
        let mut slot = 0;
        // No leg can leave or get another slot as long as the write has its pass.
        while let Some((leg, next)) = self.next_target(slot) {
            slot = next;
            if wanted(&leg) {
                self.to_leg(leg, place);
            }
        }
    }

    /// The first leg from `slot` on that can be written to, and the slot after it.
    #[inline]
    fn next_target(&self, slot: usize) -> Option<(LegRef, usize)> {
        let guard = rcu::read_lock();
        let legs = self.conf.layout(&guard);
        for slot in slot..legs.slots() {
            let Some(seen) = legs.peek(slot) else {
                continue;
            };
            if let Some(leg) = legs.get(slot) {
                return Some((leg, slot.saturating_add(1)));
            }
            if seen.rdev().is_blocked() {
                // It has failed since the write was let in, and the metadata doesn't tell yet.
                self.write.note_record();
            }
        }
        None
    }

    #[inline]
    fn to_leg(&self, leg: LegRef, place: Option<Place>) {
        let write = self.write;
        let part = match write.behind() {
            Some(behind) if leg.is_write_mostly() => behind,
            _ => write,
        };
        // An earlier write that overlaps may still succeed here, and clear the bad blocks. Had this
        // one been left out, the leg would then give its old data as good.
        let may_change = place.is_some_and(|place| !self.conf.order.is_ready(place));
        if !may_change && leg.avoids(write.range()) && !self.nobody_has() {
            if leg.is_to_record(write.range()) {
                // These bad blocks are news since the write was let in.
                write.note_record();
            }
            if write.source().has(opf::PREFLUSH) {
                let flush = |write, wait| flush::of(&leg, write, wait);
                match self.blank(part.clone(), place, flush) {
                    Ok(flush) => flush::send(flush, leg),
                    Err(write) => flush::failed(&leg, &write),
                }
            }
            return;
        }
        let clone = |keeper, wait| {
            Blank::clone_of(
                part.source(),
                leg.rdev().block_device(),
                keeper,
                |write: &WriteRef| &PoolRef::keeper(write).conf().writes,
                wait,
            )
        };
        let Ok(blank) = self.blank(part.clone(), place, clone) else {
            // There was no memory for the clone of its integrity data, say. The leg doesn't get
            // what the others get, so it can't stay as if it had.
            leg.write_failed();
            part.note_missed(&leg);
            return;
        };
        let sector = write.source().sector();
        let data_offset = leg.rdev().data_offset();
        // Where it's known to be bad, an error is nothing to fail it for.
        let hasty = self.expendable && leg.is_failfast() && leg.avoided(write.range()).is_none();
        let mut clone = blank.with(WriteLeg { leg });
        if hasty {
            clone.set_flags(opf::FAILFAST);
        }
        // A sector that would be past the highest is past the device's end in any case.
        clone.set_sector(sector.saturating_add(data_offset));
        // One leg must not have what another refused.
        clone.clear_flags(opf::NOWAIT);
        clone.trace_remap(self.conf.mddev(), sector);
        if let Some(place) = place {
            match self.conf.order.hold(place, clone) {
                Ok(()) => return,
                Err(its_turn) => clone = its_turn,
            }
        }
        if !self.plugged {
            send(clone);
        } else if self.nowait {
            self.conf.pending_writes.lock().push(clone);
        } else {
            plug(self.conf, clone);
        }
    }

    /// What `make` makes, which needs memory. When none is free, that waits for clones that are
    /// made of the reserve to end. They do, as all of them are on their way to a leg:
    ///
    /// - A clone that has to wait for its turn isn't made of the reserve. If there is no other
    ///   memory, the turn is waited for here; those whose turn comes before don't need anything
    ///   that is put aside.
    /// - What a task has sent starts only when it's through here, or sleeps in the allocation (see
    ///   [`for_several_each`](crate::abstractions::bio_set::CloneSet::for_several_each)). So
    ///   nothing of the reserve is sent before the turn is waited for.
    /// - The daemon, who sends what was put aside or waits for the bitmap, has another reserve for
    ///   itself.
    #[inline]
    fn blank(
        &self,
        mut keeper: WriteRef,
        place: Option<Place>,
        make: impl Fn(WriteRef, Wait) -> Result<Blank<WriteLeg, WriteRef>, WriteRef>,
    ) -> Result<Blank<WriteLeg, WriteRef>, WriteRef> {
        let early = place.filter(|&place| !self.conf.order.is_ready(place));
        if early.is_some() || self.plugged && self.nowait {
            match make(keeper, Wait::No) {
                Ok(blank) => return Ok(blank),
                Err(back) => keeper = back,
            }
            if let Some(place) = early {
                self.conf.order.await_turn(place);
            }
            // Clones that the daemon is still to send may be what the reserve is in.
            self.conf.call_daemon();
        }
        make(keeper, Wait::Yes)
    }

    /// Whether every leg that works has bad blocks wherever the write goes. Then it's tried
    /// nevertheless: if it weren't sent to anybody it would fail, now and ever, though the disks
    /// may be well again.
    #[cold]
    fn nobody_has(&self) -> bool {
        let guard = rcu::read_lock();
        let mut working = self.conf.occupied(&guard).filter(|(_, leg)| leg.works());
        working.all(|(_, leg)| leg.avoids(self.write.range()))
    }
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
