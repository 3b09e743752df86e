// SPDX-License-Identifier: GPL-2.0

//! One trial: a scenario with one module, or with both and their transcripts compared.

use std::{fs, path::Path};

use anyhow::{bail, Result};

use crate::{
    scenario::{Ending, Kind, Scenario},
    setting::Setting,
    transcript,
    verdict::{judge, Verdict},
    vm::{self, Run},
};

/// How much of a log a failure shows; all of it stays in the folder that the message names.
const TAIL: usize = 25;

/// What others call the module that ours is compared with.
const REFERENCE: &str = "raid1.ko";

/// Whether all of the trial's time will go by until somebody says that it hangs.
pub fn is_to_hang(scenario: &Scenario, kind: Kind) -> bool {
    let ending = match kind {
        Kind::C => reference_ending(scenario),
        Kind::Rs => scenario.ending,
        Kind::Compare => return false,
    };
    matches!(ending, Ending::Hangs | Ending::Dies)
}

/// Runs a trial; an error says what went wrong and where the evidence is.
pub fn run(setting: &Setting, scenario: &Scenario, kind: Kind) -> Result<()> {
    let folder = setting.results.join(&scenario.name);
    match kind {
        Kind::Rs => expect(
            scenario,
            "raid1_rs.ko",
            scenario.ending,
            &run_one(setting, scenario, "rs")?,
            &folder.join("rs"),
        ),
        Kind::C => {
            let expected = reference_ending(scenario);
            expect(
                scenario,
                REFERENCE,
                expected,
                &run_one(setting, scenario, "c")?,
                &folder.join("c"),
            )
        }
        Kind::Compare => compare(setting, scenario, &folder),
    }
}

fn reference_ending(scenario: &Scenario) -> Ending {
    match scenario.reference_ending {
        Ending::Passes | Ending::Differs => scenario.ending,
        known => known,
    }
}

fn run_one(setting: &Setting, scenario: &Scenario, module: &str) -> Result<Run> {
    vm::run(
        setting,
        scenario,
        module,
        &setting.results.join(&scenario.name).join(module),
    )
}

/// Both modules pass, and a reader of the transcripts can't tell one from the other.
fn compare(setting: &Setting, scenario: &Scenario, folder: &Path) -> Result<()> {
    let ours = run_one(setting, scenario, "rs")?;
    expect(
        scenario,
        "raid1_rs.ko",
        scenario.ending,
        &ours,
        &folder.join("rs"),
    )?;
    let reference = run_one(setting, scenario, "c")?;
    expect(
        scenario,
        REFERENCE,
        reference_ending(scenario),
        &reference,
        &folder.join("c"),
    )?;
    if !matches!(scenario.reference_ending, Ending::Passes | Ending::Differs) {
        // The reference went wrong as it is known to: there is nothing to compare.
        return Ok(());
    }

    let (ours_file, reference_file) = (folder.join("rs/normalised"), folder.join("c/normalised"));
    fs::write(&ours_file, transcript::normalise(&ours.transcript)?)?;
    fs::write(
        &reference_file,
        transcript::normalise(&reference.transcript)?,
    )?;
    let difference = transcript::difference(&reference_file, &ours_file)?;
    match (difference.is_empty(), scenario.reference_ending) {
        (true, Ending::Differs) => bail!(
            "the header says that raid1.ko differs here, and it does not any more; transcripts in {}",
            folder.display()
        ),
        (false, Ending::Passes) => {
            bail!("the modules differ (transcripts in {}):\n{difference}", folder.display())
        }
        _ => Ok(()),
    }
}

/// The run must have ended as expected; on success only the logs stay behind.
fn expect(
    scenario: &Scenario,
    module: &str,
    expected: Ending,
    run: &Run,
    folder: &Path,
) -> Result<()> {
    let Verdict { ending, reason } = judge(scenario, run);
    vm::note(
        &folder.join("verdict"),
        &format!("{module}: {ending:?} {reason}"),
    )?;
    if expected.is_met_by(ending) {
        let said = if ending == Ending::Hangs {
            last_note(&run.transcript)
        } else {
            &reason
        };
        return match &scenario.reference_says {
            Some(wanted) if module == REFERENCE && !wanted.is_match(said) => {
                bail!("{module} {ending:?} as it's known to, but for another reason than {wanted}: {said}")
            }
            _ => Ok(()),
        };
    }
    let wanted = match expected {
        Ending::Passes => String::new(),
        other => format!(
            " (the header says that it {other:?}, so either it is mended or something else broke)"
        ),
    };
    // The reason last: where only the end of a report is kept, it's that which is needed.
    bail!(
        "{module} {ending:?}{wanted}\n--- the end of the console log ---\n{}\n--- the end of its transcript ---\n{}\n--- all of it is in {} ---\n{module} {ending:?}: {reason}",
        tail(&run.console),
        tail(&run.transcript),
        folder.display(),
    )
}

/// What a scenario was about when it came no further.
fn last_note(transcript: &str) -> &str {
    transcript
        .lines()
        .rev()
        .find(|line| line.starts_with("# "))
        .unwrap_or_default()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
