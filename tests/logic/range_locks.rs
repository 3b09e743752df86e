// SPDX-License-Identifier: GPL-2.0

//! The range locks against an oracle that keeps lists of who is where.

use crate::config;
use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        SectorRange,
        UNIT_SECTORS, //
    },
    range_locks::{
        Bucket,
        RangeLocks,
        SyncTicket,
        SyncWaiting,
        Wake,
        WriteTicket,
        WriterWaiting,
        BUCKETS, //
    },
};
use std::collections::BTreeSet;

/// Units, with their buckets as sets.
#[derive(Debug, Default)]
struct Oracle {
    active: Vec<BTreeSet<u64>>,
    waiting: Vec<BTreeSet<u64>>,
    sync_active: Vec<u64>,
    sync_waiting: Vec<u64>,
    claimed: BTreeSet<u64>,
}

fn bucket(unit: u64, buckets: u64) -> u64 {
    unit % buckets
}

fn footprint(range: SectorRange, buckets: u64) -> BTreeSet<u64> {
    (range.start()..range.end())
        .step_by(UNIT_SECTORS as usize)
        .chain(range.end().checked_sub(1).filter(|_| !range.is_empty()))
        .map(|sector| bucket(sector / UNIT_SECTORS, buckets))
        .collect()
}

impl Oracle {
    fn blocks_write(&self, footprint: &BTreeSet<u64>) -> bool {
        footprint
            .iter()
            .any(|b| self.sync_active.contains(b) || self.claimed.contains(b))
    }

    fn blocks_sync(&self, b: u64) -> bool {
        self.active.iter().any(|writer| writer.contains(&b))
            || self.sync_active.contains(&b)
            || (!self.claimed.contains(&b) && self.waiting.iter().any(|writer| writer.contains(&b)))
    }

    /// The rule of the claim, applied to the state as a whole.
    fn pass_turns(&mut self) {
        for b in &self.sync_waiting {
            if !self.sync_active.contains(b)
                && !self.waiting.iter().any(|writer| writer.contains(b))
            {
                self.claimed.insert(*b);
            }
        }
        self.claimed.retain(|b| self.sync_waiting.contains(b));
    }

    /// Whether one of those who wait could go on now.
    fn somebody_may_go(&self) -> bool {
        self.waiting.iter().any(|writer| !self.blocks_write(writer))
            || self.sync_waiting.iter().any(|b| !self.blocks_sync(*b))
    }

    fn exclusive(&self) -> bool {
        let written = |b: &u64| self.active.iter().any(|writer| writer.contains(b));
        let twice: BTreeSet<&u64> = self.sync_active.iter().collect();
        twice.len() == self.sync_active.len() && !self.sync_active.iter().any(written)
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Write(SectorRange),
    TryWrite(SectorRange),
    RetryWrite(usize),
    GiveUpWrite(usize),
    EndWrite(usize),
    Sync(u64),
    TrySync(u64),
    RetrySync(usize),
    GiveUpSync(usize),
    EndSync(usize),
}

fn calls(units: u64) -> impl Strategy<Value = Vec<Call>> {
    let sectors = units * UNIT_SECTORS;
    let range = (0..sectors, prop_oneof![0..4096u64, 0..sectors])
        .prop_map(|(start, len)| SectorRange::new(start, len));
    let index = 0..8usize;
    let call = prop_oneof![
        3 => range.clone().prop_map(Call::Write),
        1 => range.prop_map(Call::TryWrite),
        2 => index.clone().prop_map(Call::RetryWrite),
        1 => index.clone().prop_map(Call::GiveUpWrite),
        3 => index.clone().prop_map(Call::EndWrite),
        3 => (0..units).prop_map(Call::Sync),
        1 => (0..units).prop_map(Call::TrySync),
        2 => index.clone().prop_map(Call::RetrySync),
        1 => index.clone().prop_map(Call::GiveUpSync),
        3 => index.prop_map(Call::EndSync),
    ];
    prop::collection::vec(call, 0..80)
}

#[derive(Default)]
struct Held {
    writes: Vec<WriteTicket>,
    writers: Vec<WriterWaiting>,
    syncs: Vec<SyncTicket>,
    waits: Vec<SyncWaiting>,
}

/// Makes the calls; after each, the locks and the oracle must agree.
fn follow<const N: usize>(calls: Vec<Call>) -> Result<(), TestCaseError> {
    let mut buckets = vec![Bucket::FREE; N];
    let buckets: &mut [Bucket; N] = buckets.as_mut_slice().try_into().expect("N buckets");
    let mut locks = RangeLocks::new(buckets);
    let mut oracle = Oracle::default();
    let mut held = Held::default();
    let n = N as u64;
    // A release gives one of these, and then somebody may go on who could not before.
    let mut wake = None;
    for call in calls {
        let before = oracle.somebody_may_go();
        match call {
            Call::Write(range) => {
                let footprint = footprint(range, n);
                let blocked = oracle.blocks_write(&footprint);
                match locks.begin_write(range) {
                    Ok(ticket) => {
                        prop_assert!(!blocked);
                        prop_assert_eq!(ticket.range(), range);
                        held.writes.push(ticket);
                        oracle.active.push(footprint);
                    }
                    Err(writer) => {
                        prop_assert!(blocked);
                        held.writers.push(writer);
                        oracle.waiting.push(footprint);
                    }
                }
            }
            Call::TryWrite(range) => {
                let footprint = footprint(range, n);
                let ticket = locks.try_write(range);
                prop_assert_eq!(ticket.is_none(), oracle.blocks_write(&footprint));
                if let Some(ticket) = ticket {
                    held.writes.push(ticket);
                    oracle.active.push(footprint);
                }
            }
            Call::RetryWrite(index) if index < held.writers.len() => {
                let blocked = oracle.blocks_write(&oracle.waiting[index]);
                match locks.retry_write(held.writers.remove(index)) {
                    Ok(ticket) => {
                        prop_assert!(!blocked);
                        held.writes.push(ticket);
                        let footprint = oracle.waiting.remove(index);
                        oracle.active.push(footprint);
                    }
                    Err(writer) => {
                        prop_assert!(blocked);
                        held.writers.insert(index, writer);
                    }
                }
            }
            Call::GiveUpWrite(index) if index < held.writers.len() => {
                wake = Some(locks.give_up_write(held.writers.remove(index)));
                oracle.waiting.remove(index);
            }
            Call::EndWrite(index) if index < held.writes.len() => {
                wake = Some(locks.end_write(held.writes.remove(index)));
                oracle.active.remove(index);
            }
            Call::Sync(unit) => {
                let b = bucket(unit, n);
                let blocked = oracle.blocks_sync(b) || oracle.sync_waiting.contains(&b);
                match locks.begin_sync(unit) {
                    Ok(ticket) => {
                        prop_assert!(!blocked);
                        prop_assert_eq!(ticket.unit(), unit);
                        held.syncs.push(ticket);
                        oracle.sync_active.push(b);
                    }
                    Err(wait) => {
                        prop_assert!(blocked);
                        held.waits.push(wait);
                        oracle.sync_waiting.push(b);
                    }
                }
            }
            Call::TrySync(unit) => {
                let b = bucket(unit, n);
                let blocked = oracle.blocks_sync(b) || oracle.sync_waiting.contains(&b);
                let ticket = locks.try_sync(unit);
                prop_assert_eq!(ticket.is_none(), blocked);
                if let Some(ticket) = ticket {
                    held.syncs.push(ticket);
                    oracle.sync_active.push(b);
                }
            }
            Call::RetrySync(index) if index < held.waits.len() => {
                let b = oracle.sync_waiting[index];
                let blocked = oracle.blocks_sync(b);
                match locks.retry_sync(held.waits.remove(index)) {
                    Ok(ticket) => {
                        prop_assert!(!blocked);
                        held.syncs.push(ticket);
                        oracle.sync_waiting.remove(index);
                        oracle.sync_active.push(b);
                        oracle.claimed.remove(&b);
                    }
                    Err(wait) => {
                        prop_assert!(blocked);
                        held.waits.insert(index, wait);
                    }
                }
            }
            Call::GiveUpSync(index) if index < held.waits.len() => {
                wake = Some(locks.give_up_sync(held.waits.remove(index)));
                oracle.sync_waiting.remove(index);
            }
            Call::EndSync(index) if index < held.syncs.len() => {
                wake = Some(locks.end_sync(held.syncs.remove(index)));
                oracle.sync_active.remove(index);
            }
            _ => continue,
        }
        oracle.pass_turns();
        prop_assert!(oracle.exclusive());
        if wake.take() == Some(Wake::Nobody) && !before {
            prop_assert!(
                !oracle.somebody_may_go(),
                "nobody was woken after {:?}",
                call
            );
        }
        let idle = oracle
            .active
            .iter()
            .chain(&oracle.waiting)
            .all(|f| f.is_empty())
            && oracle.sync_active.is_empty()
            && oracle.sync_waiting.is_empty();
        prop_assert_eq!(locks.is_idle(), idle);
    }
    // Everybody goes away, and nothing is left.
    for wait in held.waits {
        let _ = locks.give_up_sync(wait);
    }
    for writer in held.writers {
        let _ = locks.give_up_write(writer);
    }
    for ticket in held.writes {
        let _ = locks.end_write(ticket);
    }
    for ticket in held.syncs {
        let _ = locks.end_sync(ticket);
    }
    prop_assert!(locks.is_idle());
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn few_buckets(calls in calls(9)) {
        follow::<4>(calls)?;
    }

    #[test]
    fn one_bucket(calls in calls(3)) {
        follow::<1>(calls)?;
    }

    #[test]
    fn the_buckets_of_the_module(calls in calls(1100)) {
        follow::<BUCKETS>(calls)?;
    }
}

/// Each bucket is touched once, however long the range is.
#[test]
fn long_ranges() {
    for units in [0, 1, 3, 4, 5, 8, 9, 1 << 40] {
        let mut buckets = [Bucket::FREE; 4];
        let mut locks = RangeLocks::new(&mut buckets);
        let range = SectorRange::new(UNIT_SECTORS, units * UNIT_SECTORS);
        let ticket = locks.try_write(range).expect("free");
        for unit in 0..4 {
            let covered = units >= 4 || (1..=units).contains(&unit);
            let sync = locks.try_sync(unit);
            assert_eq!(sync.is_none(), covered, "{units} units, unit {unit}");
            if let Some(sync) = sync {
                let _ = locks.end_sync(sync);
            }
        }
        assert_eq!(locks.end_write(ticket), Wake::Nobody);
        assert!(locks.is_idle());
    }
}
