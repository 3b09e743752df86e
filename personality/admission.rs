// SPDX-License-Identifier: GPL-2.0

//! What a write has to wait for before it goes to the legs, and how much of it goes at once.

use kernel::sync::rcu;

use super::{
    conf::Conf,
    gate::Pass,
    order::OrderTicket,
    ranges::RangeTicket,
    record::BlockedLeg, //
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Incoming, //
        },
        md::{
            BehindWrite,
            MddevFlag,
            WriteToken, //
        },
        percpu_ref::PercpuRef,
        status::Status,
        Wait, //
    },
    logic::range::SectorRange,
};

/// What a write has to hold while legs are writing; given back in this order.
pub struct Entry {
    /// Keeps the bitmap from being taken away, for a write that is behind.
    pub behind_count: Option<BehindWrite>,
    /// Keeps later writes that overlap it from overtaking it, where that matters.
    pub order: Option<OrderTicket>,
    /// Keeps sync units and repairs from overlapping it. The part of it that goes on behind has it,
    /// if there is one.
    pub range: Option<RangeTicket>,
    /// Keeps a freeze from being complete.
    pub pass: Pass,
}

/// A write that may go on.
pub struct Admitted {
    /// That the superblocks tell of it.
    pub token: WriteToken,
    /// What it has to hold.
    pub entry: Entry,
    /// The array, if overlapping writes have to be kept in order: the write is to get its place
    /// among them.
    pub ordered: Option<PercpuRef<Conf>>,
}

/// Waits until the write `bio` may go on. Fails with [`Status::AGAIN`] if it would have to wait,
/// and must not.
///
/// Context: make_request; may sleep, unless `wait` says no.
pub fn admit(conf: &Conf, bio: &Incoming, wait: Wait) -> Result<Admitted, Status> {
    let mddev = conf.mddev();
    let range = SectorRange::new(bio.sector(), u64::from(bio.sectors()));
    loop {
        if conf.recording.is_missing() && !conf.record_again(wait) {
            return Err(match wait {
                Wait::Yes => Status::IO_ERROR,
                Wait::No => Status::AGAIN,
            });
        }
        // First, as it may wait for the daemon, which may wait for the freezer.
        let token = match wait {
            Wait::Yes => mddev.write_start(bio).map_err(|_| Status::IO_ERROR)?,
            Wait::No => mddev.try_write_start().ok_or(Status::AGAIN)?,
        };
        let pass = conf.gate.enter(wait).map_err(|_| Status::AGAIN)?;
        let ticket = conf
            .gate
            .write_range(&pass, range, wait)
            .map_err(|_| Status::AGAIN)?;
        let (blocked, ordered) = look_at_legs(conf, range);
        if blocked.is_none() && token.is_current() {
            let entry = Entry {
                behind_count: None,
                order: None,
                range: Some(ticket),
                pass,
            };
            return Ok(Admitted {
                token,
                entry,
                ordered,
            });
        }
        if wait == Wait::No {
            return Err(Status::AGAIN);
        }
        // Whoever is to record that the leg has failed may need the gate, or the array to be idle.
        drop(ticket);
        drop(pass);
        drop(token);
        if let Some(leg) = blocked {
            leg.wait_unblocked();
        }
    }
}

/// A leg whose failure, or whose bad blocks in `range`, the metadata doesn't tell yet; and the
/// conf, if overlapping writes have to be kept in order.
#[inline]
fn look_at_legs(conf: &Conf, range: SectorRange) -> (Option<BlockedLeg>, Option<PercpuRef<Conf>>) {
    let guard = rcu::read_lock();
    let mut write_mostly = false;
    for (_, leg) in conf.occupied(&guard) {
        if leg.blocks_write(range) {
            return (Some(BlockedLeg::new(leg)), None);
        }
        write_mostly |= leg.is_write_mostly();
    }
    let mddev = conf.mddev();
    let behind =
        write_mostly && mddev.max_write_behind() > 0 && mddev.bitmap().takes_behind_writes();
    if !behind && !mddev.flags().test(MddevFlag::SerializePolicy) {
        return (None, None);
    }
    let leg = conf.occupied(&guard).next();
    (None, leg.map(|(_, leg)| leg.conf().clone()))
}

/// Cuts the request where the bad blocks of a leg begin or end, so that each leg gets all of what
/// is left or nothing. The rest comes back as a request of its own; so one that must not wait isn't
/// cut, but refused while nothing of it has been done.
///
/// [`None`]: the request has ended.
#[inline]
pub fn cut_at_bad_blocks(conf: &Conf, bio: Incoming, wait: Wait) -> Option<Incoming> {
    let range = SectorRange::new(bio.sector(), u64::from(bio.sectors()));
    let block = conf.block_size();
    let sectors = {
        let guard = rcu::read_lock();
        conf.occupied(&guard)
            .filter_map(|(_, leg)| leg.avoided(range))
            .map(
                |bad| match block.round_down(bad.start().saturating_sub(range.start())) {
                    0 => block.round_up(bad.end().saturating_sub(range.start())),
                    good => good,
                },
            )
            .fold(range.len(), u64::min)
    };
    match u32::try_from(sectors) {
        Ok(sectors) if sectors < bio.sectors() => {
            if bio.has(opf::ATOMIC) {
                bio.complete(Status::IO_ERROR);
                return None;
            }
            if wait == Wait::No {
                bio.would_block();
                return None;
            }
            bio.split_front(sectors, &conf.splits)
        }
        _ => Some(bio),
    }
}
