// SPDX-License-Identifier: GPL-2.0

//! What a run works with, and how patient to be. What guests boot comes from the environment that `scripts/vm-environment` sets up.

use std::{env, path::PathBuf};

use anyhow::{bail, Context, Result};
use regex::Regex;

/// What the debug kernel reports by itself: a pattern a line, each under the reason for it.
const ALLOWED_IN_DEBUG: &str = include_str!("../debug/allowed");

/// Where things are, and how slow the kernel under test is.
#[derive(Debug)]
pub struct Setting {
    /// The script that becomes a guest's QEMU; it finds kernel, image and module by itself.
    pub qemu: PathBuf,
    /// The script that boots a guest, and prints the folder with its state.
    pub guest_state: PathBuf,
    /// The scenario files.
    pub scenarios: PathBuf,
    /// Where each trial leaves its evidence.
    pub results: PathBuf,
    /// Every time-out is multiplied by this: a debug kernel is several times slower.
    pub patience: f64,
}

impl Setting {
    /// Reads the environment; every missing item is an error that names it.
    pub fn from_environment() -> Result<Self> {
        let project = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        for name in [
            "RAID1_RS_VM_KERNEL",
            "RAID1_RS_VM_INITRAMFS",
            "RAID1_RS_VM_IMAGE",
            "RAID1_RS_VM_MODULE",
        ] {
            let file = env::var(name)
                .with_context(|| format!("{name} is not set; start this by: make test-vm"))?;
            if !PathBuf::from(&file).exists() {
                bail!("{name}: {file} does not exist; start this by: make test-vm");
            }
        }
        Ok(Self {
            qemu: project.join("scripts/qemu"),
            guest_state: project.join("scripts/guest-state"),
            scenarios: project.join("tests/vm/scenarios"),
            // Relative, because people read it: cargo runs tests in the project folder.
            results: PathBuf::from("build/vm").join(lane()),
            patience: number("RAID1_RS_VM_PATIENCE", 1.0)?,
        })
    }
}

/// The kernel under test: "stock", or "debug" for the one with every checker on.
pub fn lane() -> String {
    env::var("RAID1_RS_LANE").unwrap_or_else(|_| "stock".into())
}

/// Complaints of this lane's kernel that have nothing to do with our module.
pub fn allowed_everywhere() -> Result<Vec<Regex>> {
    if lane() != "debug" {
        return Ok(Vec::new());
    }
    ALLOWED_IN_DEBUG
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Regex::new(line).with_context(|| format!("tests/debug/allowed: {line}")))
        .collect()
}

fn number(name: &str, default: f64) -> Result<f64> {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{name}={text} is not a number")),
        Err(_) => Ok(default),
    }
}
