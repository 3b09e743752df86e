// SPDX-License-Identifier: GPL-2.0

//! Transcripts, made comparable: what differs from run to run by its nature is replaced by a word.

use anyhow::{Context, Result};
use regex::Regex;

/// Pattern and replacement, in the order in which they are applied.
const REPLACEMENTS: &[(&str, &str)] = &[
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{8}(:[0-9a-f]{8}){3}\b", "<uuid>"),
    (
        r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4}\b",
        "<date>",
    ),
    (r"\b\d+(\.\d+)? ?[KMG](iB|B)?/sec\b", "<speed>"),
    (r"\bfinish=[\d.]+min\b", "<finish>"),
    (r"\b\d+(\.\d+)? s, \d+(\.\d+)? [kMG]B/s\b", "<speed>"),
    // Which of the two was loaded is the one thing that must differ.
    (r"\braid1(_rs)?\.ko\b", "<module>"),
    (r"(Events : )[\d.]+", "$1<events>"),
    // A region is clean some seconds after its last write.
    (r"(bitmap: )\d+(/\d+ pages )\[\d+KB\]", "$1<part>$2"),
    (r"(Checksum : )[0-9a-f]+", "$1<checksum>"),
    (r"\bmd100\(PID:\d+\)", "md100"),
    // mdadm --detail: number, major, minor, slot.
    (
        r"(?m)^( +\d+ +)\d+( +)\d+( +(\d+|-) )",
        "$1<major>$2<minor>$3",
    ),
    (
        r"\b(resync|recovery|check|repair)(=| = ) *[\d.]+% \(\d+/",
        "$1 = <part>/",
    ),
    (r"\[[=>.]{20}\]", "[<progress>]"),
];

/// The transcript without names, numbers and times that mean nothing.
pub fn normalise(transcript: &str) -> Result<String> {
    // "#boots": the machine starts again, and devices get their names again.
    let mut text: String = transcript
        .split_inclusive("#boots\n")
        .map(stable_names)
        .collect();
    for (pattern, replacement) in REPLACEMENTS {
        text = Regex::new(pattern)?
            .replace_all(&text, *replacement)
            .into_owned();
    }
    Ok(text)
}

/// What was printed after one start of the machine, with the members' numbers in place of their devices.
fn stable_names(part: &str) -> String {
    let mut text = part.to_string();
    for line in part.lines() {
        // "#member 0 nvme2n1": which device member 0 happened to become.
        if let Some((index, device)) = line
            .strip_prefix("#member ")
            .and_then(|rest| rest.split_once(' '))
        {
            text = text.replace(device, &format!("member{index}"));
        }
    }
    text
}

/// A unified diff of two normalised transcripts; empty when they are equal.
pub fn difference(reference: &std::path::Path, ours: &std::path::Path) -> Result<String> {
    let output = std::process::Command::new("diff")
        .args(["-u", "--label", "raid1.ko", "--label", "raid1_rs.ko"])
        .args([reference, ours])
        .output()
        .context("diff does not start")?;
    match output.status.code() {
        Some(0) => Ok(String::new()),
        Some(1) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        _ => anyhow::bail!("diff failed: {}", String::from_utf8_lossy(&output.stderr)),
    }
}
