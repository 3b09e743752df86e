// SPDX-License-Identifier: GPL-2.0

//! Whole syncs of small arrays: each step against an oracle that looks at single blocks, and in the
//! end the data of every leg.

use crate::legs::{
    blocks,
    legs,
    Leg, //
};
use proptest::prelude::*;
use raid1_rs::logic::{
    range::{
        unit_of,
        BlockSize,
        SectorRange,
        UNIT_SECTORS, //
    },
    read_policy::Slot,
    sync_plan::{
        plan,
        window,
        Decision,
        Kind,
        Plan,
        Role,
        Step,
        SyncLeg, //
    },
};

/// Two units and a part of a third.
pub const SIZE: u64 = 2 * UNIT_SECTORS + 500;

#[derive(Clone, Debug)]
pub struct Member {
    pub leg: Leg,
    pub full_sync: bool,
    pub write_error_seen: bool,
    /// What is in each sector; 0 is what the array had when all was well.
    pub data: Vec<u32>,
}

#[derive(Clone, Debug)]
pub struct Array {
    pub members: Vec<Member>,
    pub raid_disks: Slot,
    pub block: BlockSize,
    pub max: u64,
    /// Sectors per bitmap chunk, and which chunks are clean; none without a bitmap.
    pub chunk: u64,
    pub clean: Vec<bool>,
}

impl Array {
    pub fn view(&self, member: &Member, range: SectorRange) -> SyncLeg {
        SyncLeg {
            view: member.leg.seen(range),
            full_sync: member.full_sync,
            write_error_seen: member.write_error_seen,
        }
    }

    pub fn is_clean(&self, kind: Kind, sector: u64) -> bool {
        let asked = matches!(kind, Kind::Check | Kind::Repair);
        !asked
            && self
                .clean
                .get((sector / self.chunk) as usize)
                .copied()
                .unwrap_or(false)
    }

    pub fn step(&self, kind: Kind, at: u64, resync_max: u64) -> Step {
        Step {
            kind,
            at,
            max: self.max,
            resync_max,
            bitmap_sectors: if self.clean.is_empty() {
                u64::MAX
            } else {
                self.chunk - at % self.chunk
            },
            bitmap_clean: self.is_clean(kind, at),
            block: self.block,
            raid_disks: self.raid_disks,
        }
    }

    /// What a leg does in one block, if anything is done.
    pub fn role(&self, kind: Kind, member: &Member, start: u64) -> Role {
        let view = &member.leg.view;
        let good = member.leg.good_block(start, self.block);
        let clean = self.is_clean(kind, start);
        if view.faulty {
            return Role::Idle;
        }
        match (kind, good) {
            (Kind::Check, true) | (Kind::Repair, true) => Role::Peer,
            (Kind::Check, false) => Role::Idle,
            // Where the bitmap is clean, only legs that it does not cover get anything.
            (Kind::Resync | Kind::Recovery, true) if clean => Role::Reader,
            (Kind::Resync | Kind::Recovery, false)
                if clean && (view.in_sync || !member.full_sync) =>
            {
                Role::Idle
            }
            (Kind::Resync | Kind::Recovery, false) if clean => Role::Target,
            (Kind::Resync, true) => Role::Peer,
            (Kind::Resync | Kind::Repair, false) if view.in_sync && member.write_error_seen => {
                Role::Idle
            }
            (Kind::Resync | Kind::Repair, false) => Role::Target,
            (Kind::Recovery, true) => Role::Reader,
            (Kind::Recovery, false) if view.in_sync => Role::Idle,
            (Kind::Recovery, false) => Role::Target,
        }
    }

    /// Whether anything is to be done in one block.
    pub fn is_due(&self, kind: Kind, start: u64) -> bool {
        let roles: Vec<Role> = self
            .members
            .iter()
            .map(|member| self.role(kind, member, start))
            .collect();
        let count = |role| roles.iter().filter(|r| **r == role).count();
        let (readers, peers, targets) =
            (count(Role::Reader), count(Role::Peer), count(Role::Target));
        readers + peers > 0 && (targets > 0 || peers > 1)
    }

    /// The slot that readers are given while the legs may differ.
    pub fn fixed(&self, start: u64) -> Option<usize> {
        let good = |index: &usize| self.members[*index].leg.good_block(start, self.block);
        let mut order: Vec<usize> = (0..self.members.len()).filter(good).collect();
        order.sort_by_key(|index| self.members[*index].leg.view.write_mostly);
        order.first().copied()
    }

    pub fn blocks_of(&self, range: SectorRange) -> impl Iterator<Item = u64> {
        (range.start()..range.end()).step_by(self.block.sectors() as usize)
    }

    /// The array's whole blocks.
    pub fn all_blocks(&self) -> SectorRange {
        SectorRange::new(0, self.block.round_down(self.max))
    }

    pub fn check_plan(&self, step: &Step, plan: &Plan) -> Result<(), TestCaseError> {
        let range = plan.range;
        prop_assert!(!range.is_empty() && range.start() <= step.at && step.at < range.end());
        prop_assert_eq!(range.start() % self.block.sectors(), 0);
        prop_assert_eq!(range.len() % self.block.sectors(), 0);
        prop_assert!(range.end() <= self.max);
        prop_assert!(range.end() <= self.block.round_up(step.resync_max));
        prop_assert_eq!(unit_of(range.start()), unit_of(range.end() - 1));
        prop_assert_eq!(plan.progress, range.end() - step.at);
        let looked_at = window(step);
        prop_assert_eq!(range, looked_at.first(range.len()));
        for member in &self.members {
            let role = plan.role(&self.view(member, looked_at));
            for start in self.blocks_of(range) {
                prop_assert_eq!(
                    role,
                    self.role(step.kind, member, start),
                    "{:?}",
                    member.leg
                );
            }
        }
        let alive = |slot: &Slot| {
            let here = self
                .members
                .iter()
                .find(|member| member.leg.view.slot == *slot);
            here.is_some_and(|member| !member.leg.view.faulty)
        };
        prop_assert_eq!(
            plan.still_degraded,
            !(0..self.raid_disks).all(|slot| alive(&slot))
        );
        Ok(())
    }

    /// One step: checks the decision, does it, and gives the progress; [`None`] at an abort.
    pub fn advance(&mut self, step: &Step) -> Result<Option<u64>, TestCaseError> {
        let looked_at = window(step);
        let views: Vec<SyncLeg> = self
            .members
            .iter()
            .map(|member| self.view(member, looked_at))
            .collect();
        let kind = step.kind;
        match plan(step, views.iter().copied()) {
            Decision::Halt => {
                prop_assert!(step.at >= step.resync_max);
                Ok(Some(0))
            }
            Decision::Abort => {
                let holds = |member: &Member| {
                    let view = &member.leg.view;
                    !view.faulty && (view.in_sync || view.recovery_offset > looked_at.start())
                };
                prop_assert!(!self.members.iter().any(holds));
                Ok(None)
            }
            Decision::Skip { sectors } => {
                prop_assert!(sectors > 0);
                let start = self.block.round_down(step.at);
                let skipped = SectorRange::between(start, step.at.saturating_add(sectors));
                for start in self.blocks_of(skipped.intersection(&self.all_blocks())) {
                    prop_assert!(!self.is_due(kind, start), "{} of {:?}", start, skipped);
                }
                Ok(Some(sectors))
            }
            Decision::Lost(plan) => {
                self.check_plan(step, &plan)?;
                for start in self.blocks_of(plan.range) {
                    prop_assert_eq!(self.fixed(start), None);
                }
                Ok(Some(plan.progress))
            }
            Decision::Sync(plan) => {
                self.check_plan(step, &plan)?;
                let roles: Vec<Role> = views.iter().map(|leg| plan.role(leg)).collect();
                let reads = roles
                    .iter()
                    .filter(|role| matches!(role, Role::Reader | Role::Peer));
                prop_assert_eq!(plan.readers, reads.count());
                for start in self.blocks_of(plan.range) {
                    prop_assert!(self.is_due(kind, start));
                    let source = self.fixed(start).expect("due");
                    prop_assert_eq!(self.members[source].leg.view.slot, plan.source);
                }
                self.write(&plan, &roles)?;
                Ok(Some(plan.progress))
            }
        }
    }

    /// Copies from the source to all that are written, and heals their bad blocks.
    pub fn write(&mut self, plan: &Plan, roles: &[Role]) -> Result<(), TestCaseError> {
        let span = plan.range.start() as usize..plan.range.end() as usize;
        let source = self
            .members
            .iter()
            .find(|member| member.leg.view.slot == plan.source);
        let right = source.expect("a leg").data[span.clone()].to_vec();
        for (member, role) in self.members.iter_mut().zip(roles) {
            let written = match plan.kind {
                Kind::Check => false,
                Kind::Recovery => *role == Role::Target,
                Kind::Resync | Kind::Repair => matches!(role, Role::Peer | Role::Target),
            };
            if !written {
                continue;
            }
            // HAZARDS 10: a recovery writes only what the leg lacks.
            if plan.kind == Kind::Recovery && member.leg.bad.is_empty() {
                prop_assert!(plan.range.end() > member.leg.view.recovery_offset);
                prop_assert!(
                    plan.range.start() >= self.block.round_down(member.leg.view.recovery_offset)
                );
            }
            member.data[span.clone()].copy_from_slice(&right);
            if *role == Role::Target && member.leg.view.in_sync {
                let healed = plan.range;
                member.leg.bad = member
                    .leg
                    .bad
                    .iter()
                    .flat_map(|bad| {
                        let before =
                            SectorRange::between(bad.start(), bad.end().min(healed.start()));
                        let behind = SectorRange::between(bad.start().max(healed.end()), bad.end());
                        [before, behind]
                    })
                    .filter(|bad| !bad.is_empty())
                    .collect();
            }
        }
        Ok(())
    }

    /// A whole sync from `start` on, which a user halts once at `halt`; false if it was aborted.
    pub fn sync(&mut self, kind: Kind, start: u64, halt: u64) -> Result<bool, TestCaseError> {
        let mut at = start;
        let mut resync_max = halt;
        let mut steps = 0;
        while at < self.max {
            steps += 1;
            prop_assert!(steps < 2000, "no end");
            match self.advance(&self.step(kind, at, resync_max))? {
                None => return Ok(false),
                Some(0) => resync_max = u64::MAX,
                Some(progress) => at = at.saturating_add(progress),
            }
        }
        Ok(true)
    }
}

/// An array in which, before a resync, the legs differ where the bitmap says so, and legs that are
/// to be recovered lack what they may lack.
pub fn arrays() -> impl Strategy<Value = Array> {
    let bitmap = prop_oneof![
        Just((1, Vec::new())),
        (1..40u64).prop_flat_map(|chunk| {
            let chunk = chunk * 64;
            let chunks = (SIZE / chunk + 1) as usize;
            prop::collection::vec(any::<bool>(), chunks).prop_map(move |clean| (chunk, clean))
        }),
    ];
    let flags = prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2)), 5);
    (legs(SIZE), flags, 1..5u16, blocks(), SIZE - 9..SIZE, bitmap).prop_map(
        |(legs, flags, raid_disks, block, max, (chunk, clean))| {
            let members =
                legs.into_iter()
                    .zip(flags)
                    .map(|(leg, (full_sync, write_error_seen))| {
                        let slot = u32::from(leg.view.slot);
                        Member {
                            full_sync: full_sync || clean.is_empty(),
                            write_error_seen,
                            data: vec![slot + 1; SIZE as usize],
                            leg,
                        }
                    });
            Array {
                members: members.collect(),
                raid_disks,
                block,
                max,
                chunk,
                clean,
            }
        },
    )
}
