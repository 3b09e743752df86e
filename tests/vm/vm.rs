// SPDX-License-Identifier: GPL-2.0

//! One virtual machine: what goes into it, its start by `scripts/qemu`, and waiting for its end.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{ensure, Context, Result};

use crate::{scenario::Scenario, setting::Setting};

/// The guest reports blocked tasks this long before the host gives up on it.
const WATCHDOG_LEAD: u64 = 15;

/// What a machine left behind.
pub struct Run {
    /// What the scenario printed.
    pub transcript: String,
    /// What the kernel printed.
    pub console: String,
    /// The machine was still running when time was up.
    pub timed_out: bool,
}

/// How long a guest may take to start its first process. Emulated machines on a busy host now and then stop
/// before that, or panic over a timer that was late.
const BOOT_SECONDS: u64 = 90;

/// What the kernel prints when it starts its first process: from here on it's the scenario's.
const BOOTED: &str = "Run /init as init process";

/// How often a guest that never got that far is started again.
const BOOTS: usize = 3;

/// Boots a guest with one of the modules, runs the scenario in it, and waits for its end.
///
/// `folder` keeps the command line and both logs.
pub fn run(setting: &Setting, scenario: &Scenario, module: &str, folder: &Path) -> Result<Run> {
    for _ in 1..BOOTS {
        let run = boot(setting, scenario, module, folder)?;
        if run.console.contains(BOOTED) {
            return Ok(run);
        }
        // Nothing of ours has run yet, so this can hide nothing.
        eprintln!(
            "{}: the guest did not come up, starting it again",
            scenario.name
        );
    }
    boot(setting, scenario, module, folder)
}

/// One start of a guest, to its end.
fn boot(setting: &Setting, scenario: &Scenario, module: &str, folder: &Path) -> Result<Run> {
    let timeout = (scenario.timeout as f64 * setting.patience) as u64 + WATCHDOG_LEAD;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    write_payload(
        setting,
        scenario,
        module,
        &folder.join("payload"),
        timeout - WATCHDOG_LEAD,
    )?;

    // The script becomes QEMU, so killing it kills the machine.
    let mut qemu = Command::new(&setting.qemu);
    qemu.arg(folder)
        .env("VM_OUTPUT", "file")
        .env("VM_MEMORY", scenario.memory.to_string())
        .env("VM_CPUS", scenario.cpus.to_string())
        .env("VM_RESTARTS", if scenario.restarts { "yes" } else { "no" })
        .env("VM_DISKS", scenario.disks.join(" "));
    let log = File::create(folder.join("qemu.log"))?;
    let mut machine = qemu
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} does not start", setting.qemu.display()))?;
    let boot_limit = Duration::from_secs((BOOT_SECONDS as f64 * setting.patience) as u64);
    let console = folder.join("console.log");
    let status = wait(&mut machine, Duration::from_secs(timeout), |elapsed| {
        elapsed > boot_limit && !read_lossy(&console).is_ok_and(|text| text.contains(BOOTED))
    })?;

    // QEMU ends well when the guest powers off or panics; anything else is our own mistake.
    ensure!(
        status.is_none_or(|status| status.success()),
        "QEMU failed: {}",
        read_lossy(&folder.join("qemu.log"))?
    );
    let console = read_lossy(&folder.join("console.log"))?;
    remove_scraps(folder)?;
    Ok(Run {
        transcript: read_lossy(&folder.join("transcript"))?,
        console,
        timed_out: status.is_none(),
    })
}

/// Waits for the machine's end; `None` when it had to be killed, as time was up or it's `hopeless`.
fn wait(
    machine: &mut Child,
    limit: Duration,
    hopeless: impl Fn(Duration) -> bool,
) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = machine.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit || hopeless(start.elapsed()) {
            machine.kill()?;
            machine.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(100));
    }
}

/// What goes into the guest besides its library and the module.
fn write_payload(
    setting: &Setting,
    scenario: &Scenario,
    module: &str,
    folder: &Path,
    watchdog: u64,
) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("scenario.sh"), &scenario.script)?;
    let patience = setting.patience.ceil() as u64;
    let environment = format!(
        "MODE=scenario\nSCENARIO=scenario.sh\nWATCHDOG={watchdog}\nexport MODULE={module} PATIENCE={patience}\n"
    );
    fs::write(folder.join("run.env"), environment)?;
    Ok(())
}

/// Logs are evidence; disks and payload are only large.
fn remove_scraps(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "img" || extension == "tar")
        {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Reads a log that may hold anything.
fn read_lossy(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).replace('\r', ""))
}

/// Appends one line to a file, for the reader of the evidence.
pub fn note(path: &Path, line: &str) -> Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    writeln!(file, "{line}")?;
    Ok(())
}
