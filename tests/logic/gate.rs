// SPDX-License-Identifier: GPL-2.0

//! The gate's arithmetic in one thread; what several do to each other is in `loom_gate.rs`.

use crate::config;
use proptest::prelude::*;
use raid1_rs::logic::gate::{
    Freezes,
    Gate,
    Presence,
    Thawed, //
};
use std::{
    cell::Cell,
    rc::Rc, //
};

#[derive(Debug, Default)]
struct Counter {
    inside: Rc<Cell<u32>>,
    closed: Cell<bool>,
}

struct Pass(Rc<Cell<u32>>);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Presence for Counter {
    type Pass = Pass;

    fn try_enter(&self) -> Option<Pass> {
        if self.closed.get() {
            return None;
        }
        self.inside.set(self.inside.get() + 1);
        Some(Pass(self.inside.clone()))
    }

    fn kill(&self) {
        assert!(!self.closed.replace(true), "killed twice");
    }

    fn is_drained(&self) -> bool {
        self.closed.get() && self.inside.get() == 0
    }

    fn resurrect(&self) {
        assert!(self.closed.replace(false), "not dead");
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Enter,
    Leave,
    Freeze,
    Thaw,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        Just(Call::Enter),
        Just(Call::Leave),
        Just(Call::Freeze),
        Just(Call::Thaw),
    ];
    prop::collection::vec(call, 0..60)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_is_inside_a_frozen_gate(calls in calls()) {
        let gate = Gate::new(Counter::default());
        let mut freezes = Freezes::NONE;
        let mut inside: Vec<Pass> = Vec::new();
        let mut depth = 0;
        for call in calls {
            match call {
                Call::Enter => {
                    let pass = gate.try_enter();
                    prop_assert_eq!(pass.is_some(), depth == 0);
                    inside.extend(pass);
                }
                Call::Leave => drop(inside.pop()),
                Call::Freeze => {
                    gate.begin_freeze(&mut freezes);
                    depth += 1;
                }
                Call::Thaw => {
                    let expected = match depth {
                        0 => Thawed::Unbalanced,
                        1 => Thawed::Open,
                        _ => Thawed::StillFrozen,
                    };
                    prop_assert_eq!(gate.thaw(&mut freezes), expected);
                    depth = i32::max(depth - 1, 0);
                }
            }
            prop_assert_eq!(freezes.any(), depth > 0);
            prop_assert_eq!(gate.is_frozen(), depth > 0 && inside.is_empty());
            prop_assert_eq!(gate.presence().inside.get() as usize, inside.len());
        }
    }
}
