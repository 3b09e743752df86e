// SPDX-License-Identifier: GPL-2.0

//! A scenario: a shell script for the guest, and what its header comments say about it.
//!
//! ```text
//! # scenario: one line that says what it shows      (required)
//! # row: reads errors       the rows of Documentation/parity.md that it belongs to; names are in `rows`
//! # disks: 2x256M 1x64M      NVMe members 0, 1, 2 ...  (default: none)
//! # timeout: 60              seconds, on a stock kernel without KVM
//! # memory: 1024             MiB
//! # cpus: 2
//! # restarts: yes            the machine may restart, see guest/booting.sh (default: that's its end)
//! # leaks: yes               on the debug kernel, look for lost objects in the end; this takes longer than most scenarios
//! # module: rs               rs, c, both, or compare (run with each, transcripts must be equal)
//! # lanes: stock             only on these kernels (default: all)
//! # log-allow: REGEX         a complaint of the kernel that belongs to the scenario; repeatable
//! # raid1.ko: panics WHY     the reference is known to be wrong here: panics, hangs, complains,
//!                            fails, differs, or dies (hangs or panics, by luck); the test fails when it no longer is
//! # raid1.ko-says: REGEX     what must be in the reason for that, or in the last note of a run that hangs
//! # outcome: hangs WHY       the scenario itself must end badly (tests of the runner)
//! ```

use std::{fs, path::Path};

use anyhow::{bail, ensure, Context, Result};
use regex::Regex;

use crate::setting;

/// Which module a trial runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// raid1_rs.ko.
    Rs,
    /// raid1.ko, the reference.
    C,
    /// Both, one after the other, and their transcripts compared.
    Compare,
}

impl Kind {
    /// The last part of the trial's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Kind::Rs => "rs",
            Kind::C => "c",
            Kind::Compare => "compare",
        }
    }
}

/// How a scenario can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It said that all is well.
    Passes,
    /// It said that something is wrong.
    Fails,
    /// The kernel warned of something in its log.
    Complains,
    /// The machine ended without the scenario having ended.
    Panics,
    /// Time ran out.
    Hangs,
    /// It passes, and its transcript is not that of the other module.
    Differs,
    /// Only as what is expected: it hangs or panics, and luck says which.
    Dies,
}

impl Ending {
    /// Whether a run that ended so is what this asks for.
    pub fn is_met_by(self, ending: Ending) -> bool {
        match self {
            Self::Dies => matches!(ending, Self::Hangs | Self::Panics),
            _ => self == ending,
        }
    }
}

/// A scenario file with its header read.
#[derive(Debug)]
pub struct Scenario {
    /// The file name without `.sh`.
    pub name: String,
    /// The script.
    pub script: String,
    /// Sizes of the member disks, as "256M".
    pub disks: Vec<String>,
    /// Seconds on a stock kernel.
    pub timeout: u64,
    /// MiB.
    pub memory: u64,
    /// Virtual processors.
    pub cpus: u64,
    /// Whether the machine may restart.
    pub restarts: bool,
    /// Whether lost objects are looked for, by a kernel that can.
    pub leaks: bool,
    /// Complaints in the kernel's log that belong to the scenario.
    pub log_allow: Vec<Regex>,
    /// How raid1.ko is known to end here.
    pub reference_ending: Ending,
    /// What the reason for that end must match, so that it's not another one.
    pub reference_says: Option<Regex>,
    /// How the scenario must end.
    pub ending: Ending,
    /// The kernels that it runs on; none: all.
    lanes: Vec<String>,
    kinds: Vec<Kind>,
}

impl Scenario {
    /// The trials that this scenario asks for. The debug lane is about our own module, but for what no other kernel has.
    pub fn trials(&self) -> Vec<Kind> {
        match self.kinds[..] {
            [Kind::C] => vec![Kind::C],
            _ if setting::lane() == "debug" && self.lanes != ["debug"] => vec![Kind::Rs],
            _ => self.kinds.clone(),
        }
    }
}

/// Reads all scenarios in a folder, in the order of their names.
pub fn discover(folder: &Path) -> Result<Vec<Scenario>> {
    let lane = setting::lane();
    let allowed = setting::allowed_everywhere()?;
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            let script = fs::read_to_string(&path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let mut scenario = parse(&name, script)
                .with_context(|| format!("the header of {}", path.display()))?;
            scenario.log_allow.extend_from_slice(&allowed);
            if scenario.lanes.is_empty() || scenario.lanes.contains(&lane) {
                scenarios.push(scenario);
            }
        }
    }
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scenarios)
}

fn parse(name: &str, script: String) -> Result<Scenario> {
    let mut described = false;
    let mut has_row = name.starts_with("runner-sees-");
    let mut scenario = Scenario {
        name: name.into(),
        script: String::new(),
        disks: Vec::new(),
        timeout: 60,
        memory: 1024,
        cpus: 2,
        restarts: false,
        leaks: false,
        log_allow: Vec::new(),
        reference_ending: Ending::Passes,
        reference_says: None,
        ending: Ending::Passes,
        lanes: Vec::new(),
        kinds: vec![Kind::Rs],
    };
    let header = script
        .lines()
        .take_while(|line| line.starts_with('#') || line.is_empty());
    for line in header {
        let Some((key, value)) = line.trim_start_matches('#').split_once(':') else {
            continue;
        };
        let value = value.trim();
        match key.trim() {
            "scenario" => described = !value.is_empty(),
            "row" => {
                check_rows(value)?;
                has_row = true;
            }
            "disks" => scenario.disks = parse_disks(value)?,
            "timeout" => scenario.timeout = value.parse().context("timeout")?,
            "memory" => scenario.memory = value.parse().context("memory")?,
            "cpus" => scenario.cpus = value.parse().context("cpus")?,
            "restarts" => scenario.restarts = parse_yes(value).context("restarts")?,
            "leaks" => scenario.leaks = parse_yes(value).context("leaks")?,
            "module" => {
                scenario.kinds = match value {
                    "rs" => vec![Kind::Rs],
                    "c" => vec![Kind::C],
                    "both" => vec![Kind::Rs, Kind::C],
                    "compare" => vec![Kind::Compare],
                    _ => bail!("module: {value} is none of rs, c, both, compare"),
                }
            }
            "lanes" => scenario.lanes = value.split_whitespace().map(Into::into).collect(),
            "log-allow" => scenario.log_allow.push(Regex::new(value)?),
            "raid1.ko" => scenario.reference_ending = parse_ending(value)?,
            "raid1.ko-says" => scenario.reference_says = Some(Regex::new(value)?),
            "outcome" => scenario.ending = parse_ending(value)?,
            // Anything else is a comment that happens to have a colon, unless it looks like a key.
            key if !key.contains(' ') && key != "SPDX-License-Identifier" => {
                bail!("unknown key {key}")
            }
            _ => {}
        }
    }
    if !described {
        bail!("no line '# scenario: what it shows'");
    }
    if !has_row {
        bail!("no line '# row: ...'; tests/vm/rows lists them");
    }
    scenario.script = script;
    Ok(scenario)
}

/// The rows of Documentation/parity.md.
const ROWS: &str = include_str!("rows");

fn check_rows(value: &str) -> Result<()> {
    for row in value.split_whitespace() {
        let known = ROWS
            .lines()
            .filter_map(|line| line.split_once('|'))
            .any(|(name, _)| name.trim() == row);
        if !known {
            bail!("row: {row} is not in tests/vm/rows");
        }
    }
    Ok(())
}

/// What isn't so by default is not said.
fn parse_yes(value: &str) -> Result<bool> {
    ensure!(value == "yes", "{value} is not yes");
    Ok(true)
}

fn parse_ending(value: &str) -> Result<Ending> {
    let Some((word, why)) = value.split_once(' ') else {
        bail!("'{value}' does not say why");
    };
    if why.trim().is_empty() {
        bail!("'{value}' does not say why");
    }
    Ok(match word {
        "panics" => Ending::Panics,
        "hangs" => Ending::Hangs,
        "complains" => Ending::Complains,
        "fails" => Ending::Fails,
        "differs" => Ending::Differs,
        "dies" => Ending::Dies,
        _ => bail!("{word} is none of panics, hangs, complains, fails, differs, dies"),
    })
}

/// "2x256M 1x64M" to a size per disk.
fn parse_disks(value: &str) -> Result<Vec<String>> {
    let mut disks = Vec::new();
    for group in value.split_whitespace() {
        let (count, size) = group
            .split_once('x')
            .context("disks: COUNTxSIZE, as 2x256M")?;
        let digits = size
            .strip_suffix(['M', 'G'])
            .context("disks: a size ends in M or G")?;
        digits
            .parse::<u32>()
            .with_context(|| format!("disks: {size}"))?;
        disks.extend(vec![
            size.to_string();
            count.parse().context("disks: count")?
        ]);
    }
    Ok(disks)
}
