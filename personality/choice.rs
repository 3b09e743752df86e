// SPDX-License-Identifier: GPL-2.0

//! Which leg a read goes to.
//!
//! While all is well the [balance](super::balance) says it; else [`choose`] does, which sees all
//! legs.

use kernel::{
    prelude::*,
    sync::rcu, //
};

use super::{
    balance::STRIPE_SHIFT,
    conf::Conf,
    failfast::has_spare,
    layout::slot_of,
    leg::{
        Leg,
        LegRef, //
    },
};
use crate::{
    abstractions::{
        cycles::cycles,
        md::RdevFlag,
        Wait, //
    },
    logic::{
        range::SectorRange,
        read_policy::{
            choose,
            next_after,
            Choice,
            ReadState,
            Slot, //
        },
    },
};

/// What is observed of a read, for the choice of legs.
#[derive(Clone, Copy)]
pub enum Watch {
    /// Nothing.
    No,
    /// Where the leg's head is, and how much the leg has to do.
    Head,
    /// How long it takes, from this count of cycles on.
    Time(u64),
}

/// The leg for a read, how much of it, and what to observe.
pub type Chosen = (LegRef, Choice, Watch);

/// The leg to read `range` from, how much of it, and what to observe. If it may lack what is said
/// to be written, that is waited for.
///
/// Fails if it would have to wait and must not.
///
/// Context: make_request; may sleep, unless `wait` says no.
#[inline]
pub fn choose_leg(conf: &Conf, range: SectorRange, wait: Wait) -> Result<Option<Chosen>> {
    let chosen = choose_now(conf, range);
    if !matches!(&chosen, Some((leg, _, Watch::Head)) if leg.is_write_mostly()) {
        return Ok(chosen);
    }
    drop(chosen);
    conf.order.await_behind(range, wait).map_err(|_| EAGAIN)?;
    // It may have failed to get it.
    Ok(choose_by_policy(conf, range, &rcu::read_lock()))
}

/// The leg as things are now.
#[inline]
fn choose_now(conf: &Conf, range: SectorRange) -> Option<Chosen> {
    let guard = rcu::read_lock();
    if conf.mddev().resync_offset() >= range.end() {
        let turn = conf
            .balance
            .turn(range.start(), conf.raid_disks(&guard), cycles());
        let slot = turn.slot;
        if conf.layout(&guard).peek(slot).is_some_and(Leg::is_plain) {
            if let Some(leg) = conf.legs.get(slot, &guard) {
                let choice = Choice {
                    slot: slot_of(slot),
                    sectors: range.len(),
                    spare: has_spare(conf, &leg, &guard),
                };
                let watch = turn.timed_from.map_or(Watch::No, Watch::Time);
                return Some((leg, choice, watch));
            }
        }
    }
    choose_by_policy(conf, range, &guard)
}

/// The leg to read `range` from after the one in slot `failed` could not; [`None`] if that was the
/// last. They are asked in the order of their slots, once round, from `first` on.
#[cold]
pub fn next_leg(
    conf: &Conf,
    range: SectorRange,
    first: Slot,
    mut failed: Slot,
) -> Option<(LegRef, Choice)> {
    let guard = rcu::read_lock();
    loop {
        let views = conf
            .occupied(&guard)
            .map(|(slot, leg)| leg.view(slot, range));
        let choice = next_after(views, range, conf.block_size(), first, failed)?;
        if let Some(leg) = conf.legs.get(usize::from(choice.slot), &guard) {
            return Some((leg, choice));
        }
        // Closed since: on to the next.
        failed = choice.slot;
    }
}

/// The leg to read `range` from if it can't be said without looking at all.
#[cold]
pub fn choose_by_policy(conf: &Conf, range: SectorRange, guard: &rcu::Guard) -> Option<Chosen> {
    // A leg may be closed between the choice and the reference; it's faulty then, and isn't chosen
    // again.
    for _ in 0..conf.legs.len(guard) {
        let views = conf
            .occupied(guard)
            .map(|(slot, leg)| leg.view(slot, range));
        let state = ReadState {
            unsynced: conf.mddev().resync_offset() < range.end(),
            solid_state: conf
                .occupied(guard)
                .any(|(_, leg)| leg.rdev().flags().test(RdevFlag::NonRotational)),
            block: conf.block_size(),
            turn: slot_of((range.start() >> STRIPE_SHIFT) as usize % conf.raid_disks(guard).max(1)),
        };
        let choice = choose(views, range, &state)?;
        if let Some(leg) = conf.legs.get(usize::from(choice.slot), guard) {
            return Some((leg, choice, Watch::Head));
        }
    }
    None
}
