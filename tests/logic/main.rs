// SPDX-License-Identifier: GPL-2.0

//! Host tests of logic/: tables of boundaries, properties against naive oracles, and models that
//! are explored to the end. PROPTEST_CASES sets how many random cases each property gets.

mod balance;
mod degraded;
mod explorer;
mod gate;
mod legs;
mod overlaps;
mod range;
mod range_locks;
mod range_locks_model;
mod read_errors;
mod read_policy;
mod sync_plan;
mod sync_plan_cases;
mod vote;

use proptest::test_runner::Config;

/// The number of cases from the environment, and no files left behind by a failure: what it prints
/// is enough to write a test.
fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}
