// SPDX-License-Identifier: GPL-2.0

//! The VM test runner: every scenario in `scenarios/` boots in a virtual machine of its own, on the
//! stock kernel, with raid1_rs.ko, with raid1.ko, or with both in turn to compare them.
//!
//! Listing, filters by name and the closing line are libtest's. What a scenario may say about itself
//! is in [`scenario`]; what counts as a failure is in [`verdict`].

#![forbid(unsafe_code)]

mod scenario;
mod setting;
mod transcript;
mod trial;
mod verdict;
mod vm;

use std::sync::Arc;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};

use setting::Setting;

fn main() -> Result<()> {
    let mut arguments = Arguments::from_args();
    // A guest uses about one processor; more than two at a time only makes all of them late.
    arguments.test_threads.get_or_insert(2);

    let setting = Arc::new(Setting::from_environment()?);
    let mut trials = Vec::new();
    for scenario in scenario::discover(&setting.scenarios)? {
        let scenario = Arc::new(scenario);
        for kind in scenario.trials() {
            let (setting, scenario) = (setting.clone(), scenario.clone());
            let name = format!("{}::{}", scenario.name, kind.suffix());
            trials.push(Trial::test(name, move || {
                trial::run(&setting, &scenario, kind).map_err(|error| format!("{error:#}").into())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
