// SPDX-License-Identifier: GPL-2.0

//! The VM test runner: every scenario in `scenarios/` boots in a virtual machine of its own, on the
//! stock kernel, with raid1_rs.ko, with raid1.ko, or with both in turn to compare them.
//!
//! Listing, filters by name and the closing line are libtest's. What a scenario may say about itself
//! is in [`scenario`]; what counts as a failure is in [`verdict`].

#![forbid(unsafe_code)]

mod scenario;
mod setting;
mod slots;
mod transcript;
mod trial;
mod verdict;
mod vm;

use std::sync::Arc;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};

use setting::Setting;
use slots::Slots;

fn main() -> Result<()> {
    let mut arguments = Arguments::from_args();
    // A guest uses about one processor; more than two at a time only makes all of them late. One
    // that hangs uses none, and the next need not wait for it.
    let busy = *arguments.test_threads.get_or_insert(2);
    let slots = Arc::new(Slots::new(busy));
    if busy > 1 {
        arguments.test_threads = Some(busy + 1);
    }

    let setting = Arc::new(Setting::from_environment()?);
    let mut trials = Vec::new();
    for scenario in scenario::discover(&setting.scenarios)? {
        let scenario = Arc::new(scenario);
        for kind in scenario.trials() {
            let (setting, scenario, slots) = (setting.clone(), scenario.clone(), slots.clone());
            let name = format!("{}::{}", scenario.name, kind.suffix());
            trials.push(Trial::test(name, move || {
                let _slot = (!trial::is_to_hang(&scenario, kind)).then(|| slots.take());
                trial::run(&setting, &scenario, kind).map_err(|error| format!("{error:#}").into())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
