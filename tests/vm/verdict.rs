// SPDX-License-Identifier: GPL-2.0

//! What a finished run means: how it ended, and the evidence for it.

use regex::Regex;

use crate::{
    scenario::{Ending, Scenario},
    vm::Run,
};

/// Lines of the kernel's log that no healthy run has: one pattern a line, shared with the demo.
const COMPLAINTS: &str = include_str!("complaints");

/// How a run ended, and why we say so.
#[derive(Debug)]
pub struct Verdict {
    /// The ending.
    pub ending: Ending,
    /// One line for the reader.
    pub reason: String,
}

/// Judges a run by its time, its transcript and its console log, the gravest first.
pub fn judge(scenario: &Scenario, run: &Run) -> Verdict {
    let complaint = first_complaint(&run.console, &scenario.log_allow);
    let exit = run
        .transcript
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("#exit "));
    let failure = run
        .transcript
        .lines()
        .find_map(|line| line.strip_prefix("#failed "));

    let (ending, reason) = if run.timed_out {
        let state = match (exit, failure) {
            (None, _) => "it was still running when time was up".to_string(),
            (Some(_), None) => "it passed, and then the machine did not power off".to_string(),
            (Some(_), Some(failure)) => {
                format!("the machine did not power off, after: {failure}")
            }
        };
        (Ending::Hangs, state)
    } else if exit.is_none() {
        let (ending, last) = match (run.console.contains("Kernel panic"), complaint) {
            (true, complaint) => (Ending::Panics, complaint.unwrap_or_default()),
            (false, Some(complaint)) => (Ending::Fails, complaint),
            (false, None) => (
                Ending::Fails,
                "no word of a panic in the console log".into(),
            ),
        };
        (
            ending,
            format!("the machine ended before the scenario did: {last}"),
        )
    } else if let Some(complaint) = complaint {
        (
            Ending::Complains,
            format!("the kernel's log has: {complaint}"),
        )
    } else if exit != Some("0") || failure.is_some() {
        (
            Ending::Fails,
            failure
                .unwrap_or("it ended with an error and did not say why")
                .to_string(),
        )
    } else {
        (Ending::Passes, String::new())
    };
    Verdict { ending, reason }
}

fn first_complaint(console: &str, allowed: &[Regex]) -> Option<String> {
    let pattern = Regex::new(&COMPLAINTS.trim().replace('\n', "|"))
        .expect("tests/vm/complaints: a bad pattern");
    console
        .lines()
        .find(|line| pattern.is_match(line) && !allowed.iter().any(|allow| allow.is_match(line)))
        .map(|line| line.trim().to_string())
}
