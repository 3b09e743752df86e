// SPDX-License-Identifier: GPL-2.0

//! One step of a resync, a recovery, a check or a repair: which sectors, from which leg, to which.
//!
//! A step stays within one unit and is cut so that, all along it, each leg either serves or does
//! not. It is planned in two halves: [`window`] says for which sectors the caller has to look up
//! bad blocks, [`plan`] decides.

use super::{
    range::{
        BlockSize,
        SectorRange, //
    },
    read_policy::{
        can_serve,
        fixed_leg,
        LegView,
        Serve,
        Slot, //
    }, //
};

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The legs may differ after a crash: one is copied to all others (`MD_RECOVERY_SYNC`). Those
    /// that are still to be recovered get all that they lack as well: md may take what a resync has
    /// passed for recovered.
    Resync,
    /// Legs that are not in sync get what they lack (`MD_RECOVERY_RECOVER`).
    Recovery,
    /// All legs are read and compared (`MD_RECOVERY_CHECK`).
    Check,
    /// The same, and differences are resolved (`MD_RECOVERY_REQUESTED` without `CHECK`).
    Repair,
}

/// Where the sync is, and how far it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is going on.
    pub kind: Kind,
    /// The first sector that is not done yet.
    pub at: u64,
    /// The end of the array, in sectors.
    pub max: u64,
    /// Where a user wants the sync to halt (`resync_max`).
    pub resync_max: u64,
    /// For so many sectors from `at` on the bitmap's answer holds; `u64::MAX` without a bitmap.
    pub bitmap_sectors: u64,
    /// The bitmap says that nothing was written there, so that only legs which the bitmap does not
    /// cover ([`SyncLeg::full_sync`]) lack anything. Never for a check or a repair.
    pub bitmap_clean: bool,
    /// The array's logical block size.
    pub block: BlockSize,
    /// The number of slots for members.
    pub raid_disks: Slot,
}

/// What a plan has to know of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncLeg {
    /// As for reads, with the first bad blocks that overlap the step's [`window`].
    pub view: LegView,
    /// The bitmap does not tell what this leg lacks: the leg is new, not one that came back, or
    /// there is no bitmap.
    pub full_sync: bool,
    /// A write to it has failed (`WriteErrorSeen`): don't try to heal bad blocks by writing.
    pub write_error_seen: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Do this.
    Sync(Plan),
    /// Nothing to do for so many sectors from [`Step::at`] on, at least one; it may be more than
    /// there are.
    Skip {
        /// How many.
        sectors: u64,
    },
    /// All legs that should serve this range have bad blocks there: go on after it. They are
    /// recorded on those [targets](Role::Target) that lack the data, too.
    Lost(Plan),
    /// Nothing to do before [`Step::resync_max`] is moved.
    Halt,
    /// No leg holds the data: interrupt the sync, so that it does not count as complete.
    Abort,
}

/// A step that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is going on.
    pub kind: Kind,
    /// The sectors to read and to write: whole blocks, within one unit. May begin before
    /// [`Step::at`], if that is not at a block's start.
    pub range: SectorRange,
    /// So many sectors from [`Step::at`] on are done with it.
    pub progress: u64,
    /// The leg to copy from: the one that readers were given ([`fixed_leg`]). Without meaning for
    /// [`Decision::Lost`].
    pub source: Slot,
    /// How many legs serve the range.
    pub readers: usize,
    /// A member is missing or has failed: the bitmap has to go on remembering this range.
    pub still_degraded: bool,
    block: BlockSize,
    bitmap_clean: bool,
}

/// What a leg does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Idle,
    /// Not written. Where there are no peers one of these is the source; the others can take its
    /// place if it can't be read.
    Reader,
    /// Read and compared by a check or repair. One of these is the source of a resync; the others
    /// are written, and can take its place if it can't be read.
    Peer,
    /// It lacks the data, or has bad blocks that a write may heal: only written.
    Target,
}

/// The sectors that the next step can touch at most: look up bad blocks there.
///
/// Starts at or before [`Step::at`], and is empty if there is nothing to do any more.
pub fn window(step: &Step) -> SectorRange {
    let start = step.block.round_down(step.at);
    if step.at >= step.resync_max {
        return SectorRange::new(start, 0);
    }
    let unit_end = SectorRange::new(start, u64::MAX).first_unit().end();
    let bitmap_end = step.at.saturating_add(step.bitmap_sectors.max(1));
    // A user's wish or a bitmap's answer that ends inside a block takes the whole block along. The
    // end of the array does not: a part of a block at the end can't be read or written by anybody.
    let limit = step.block.round_up(step.resync_max.min(bitmap_end));
    let end = step.block.round_down(step.max);
    SectorRange::between(start, limit.min(unit_end).min(end))
}

/// Decides on the step. `legs` are the legs that are there, in ascending order of slots.
pub fn plan(step: &Step, legs: impl Iterator<Item = SyncLeg> + Clone) -> Decision {
    if step.at < step.max && step.at >= step.resync_max {
        return Decision::Halt;
    }
    let window = window(step);
    let to_end = step.max.saturating_sub(step.at).max(1);
    if window.is_empty() || !may_ever_act(step, legs.clone()) {
        return Decision::Skip { sectors: to_end };
    }
    if step.bitmap_clean && !legs.clone().any(|leg| leg.lacks_all()) {
        // Not `clamp()`, which has a panic for limits that are the wrong way round.
        let sectors = step.bitmap_sectors.max(1).min(to_end);
        return Decision::Skip { sectors };
    }
    let range = legs
        .clone()
        .fold(window, |range, leg| cut(&leg.view, range, step.block));
    if !legs.clone().any(|leg| leg.holds(range.start())) {
        return Decision::Abort;
    }
    let mut plan = Plan {
        kind: step.kind,
        range,
        progress: range.end().saturating_sub(step.at).max(1),
        source: 0,
        readers: 0,
        still_degraded: false,
        block: step.block,
        bitmap_clean: step.bitmap_clean,
    };
    let mut members: usize = 0;
    let mut peers: usize = 0;
    let mut targets: usize = 0;
    for leg in legs.clone() {
        let role = plan.role(&leg);
        let reads = matches!(role, Role::Reader | Role::Peer);
        let member = leg.view.slot < step.raid_disks && !leg.view.faulty;
        plan.readers = plan.readers.saturating_add(usize::from(reads));
        peers = peers.saturating_add(usize::from(role == Role::Peer));
        targets = targets.saturating_add(usize::from(role == Role::Target));
        members = members.saturating_add(usize::from(member));
    }
    plan.still_degraded = members < usize::from(step.raid_disks);
    let Some(source) = fixed_leg(legs.map(|leg| leg.view), range, step.block) else {
        return Decision::Lost(plan);
    };
    plan.source = source.slot;
    // Among peers one is the source, so that it takes two to have something to write or compare.
    if targets == 0 && peers < 2 {
        return Decision::Skip {
            sectors: plan.progress,
        };
    }
    Decision::Sync(plan)
}

impl Plan {
    /// What `leg` does in this step; with the same views as were planned with.
    pub fn role(&self, leg: &SyncLeg) -> Role {
        if leg.view.faulty {
            return Role::Idle;
        }
        let serves = can_serve(&leg.view, self.range, self.block) == Serve::Whole;
        // It is in sync, so if it does not serve, that is for bad blocks.
        let heal = leg.view.in_sync && !leg.write_error_seen;
        match self.kind {
            Kind::Check if serves => Role::Peer,
            Kind::Check => Role::Idle,
            Kind::Repair if serves => Role::Peer,
            Kind::Resync if serves && !self.bitmap_clean => Role::Peer,
            Kind::Recovery | Kind::Resync if serves => Role::Reader,
            Kind::Recovery | Kind::Resync if leg.lacks() => {
                if leg.full_sync || !self.bitmap_clean {
                    Role::Target
                } else {
                    Role::Idle
                }
            }
            Kind::Recovery => Role::Idle,
            Kind::Resync if heal && !self.bitmap_clean => Role::Target,
            Kind::Repair if heal || leg.lacks() => Role::Target,
            Kind::Resync | Kind::Repair => Role::Idle,
        }
    }
}

impl SyncLeg {
    /// Whether the leg is to get all of the array's data.
    pub fn lacks_all(&self) -> bool {
        self.lacks() && self.full_sync
    }

    /// Whether the leg is still to be recovered, somewhere.
    fn lacks(&self) -> bool {
        !self.view.faulty && !self.view.in_sync
    }

    /// Whether the leg was given the data at `sector`, be it readable or not.
    fn holds(&self, sector: u64) -> bool {
        !self.view.faulty && (self.view.in_sync || self.view.recovery_offset > sector)
    }
}

/// Whether there are legs enough that from here to the end something could be done.
fn may_ever_act(step: &Step, mut legs: impl Iterator<Item = SyncLeg> + Clone) -> bool {
    match step.kind {
        Kind::Recovery => legs.any(|leg| leg.lacks()),
        Kind::Resync | Kind::Check | Kind::Repair => {
            let mut alive = legs.filter(|leg| !leg.view.faulty);
            alive.next().is_some() && alive.next().is_some()
        }
    }
}

/// Cuts `range` where the leg changes from serving to not serving, or back.
fn cut(leg: &LegView, range: SectorRange, block: BlockSize) -> SectorRange {
    if leg.faulty {
        return range;
    }
    let mut range = range;
    if !leg.in_sync {
        range = cut_at(range, block.round_down(leg.recovery_offset));
    }
    if let Some(bad) = leg.first_bad {
        range = cut_at(range, block.round_down(bad.start()));
        range = cut_at(range, block.round_up(bad.end()));
    }
    range
}

/// The part of `range` before `sector`, or all of it if `sector` is not inside.
fn cut_at(range: SectorRange, sector: u64) -> SectorRange {
    range.first(match sector.saturating_sub(range.start()) {
        0 => u64::MAX,
        sectors => sectors,
    })
}
