// SPDX-License-Identifier: GPL-2.0

//! Reads that are to fail fast: where another leg can stand in, the driver needn't try again for
//! long.
//!
//! A leg that gives up early fails. The last one that works does not, and before a read fails it's
//! asked again in earnest: that a cable is loose for a moment costs no data.

use kernel::sync::rcu;

use super::{
    conf::Conf,
    leg::Leg, //
};
use crate::{
    abstractions::{
        bio::{
            opf,
            Incoming, //
        },
        md::RdevFlag, //
    },
    logic::read_policy::Choice,
};

/// Whether the legs that serve a read are asked to give up early.
pub struct Haste {
    stage: Stage,
    /// The leg that has the read now is.
    asked: bool,
}

#[derive(PartialEq, Eq)]
enum Stage {
    /// They may be asked to.
    Possible,
    /// One gave up and is still there.
    Regretted,
    /// They may not.
    Over,
}

impl Haste {
    /// At the start of a read.
    #[inline]
    pub fn new(bio: &Incoming) -> Self {
        Self {
            // Reading ahead may fail for no reason, which is not to cost a leg.
            stage: if bio.has(opf::RAHEAD) {
                Stage::Over
            } else {
                Stage::Possible
            },
            asked: false,
        }
    }

    /// `leg` was chosen.
    #[inline]
    pub fn chosen(mut self, leg: &Leg, choice: &Choice) -> Self {
        self.asked = choice.spare && self.stage != Stage::Over && leg.is_failfast();
        self
    }

    /// The flags to send the read with.
    #[inline]
    pub fn flags(&self) -> u32 {
        if self.asked {
            opf::FAILFAST
        } else {
            0
        }
    }

    /// `leg` has failed the read.
    ///
    /// Context: any.
    pub fn failed(&mut self, leg: &Leg) {
        if !self.asked {
            return;
        }
        leg.gave_up();
        if !leg.rdev().flags().test(RdevFlag::Faulty) {
            self.stage = Stage::Regretted;
        }
    }

    /// Whether all legs have to be asked again, now that all have failed.
    pub fn was_regretted(&self) -> bool {
        self.stage == Stage::Regretted
    }

    /// From now on they are asked in earnest.
    pub fn end(&mut self) {
        self.stage = Stage::Over;
    }
}

/// Whether another leg can stand in for `leg`, in a healthy array.
#[inline]
pub fn has_spare(conf: &Conf, leg: &Leg, guard: &rcu::Guard) -> bool {
    leg.is_failfast()
        && conf
            .occupied(guard)
            .any(|(_, other)| !core::ptr::eq(other, leg) && other.is_plain())
}
