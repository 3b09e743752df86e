// SPDX-License-Identifier: GPL-2.0

//! One virtual machine: what goes into it, its start by `scripts/qemu`, and waiting for its end.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{ensure, Context, Result};

use crate::{
    scenario::Scenario,
    setting::{lane, Setting},
};

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

/// Starts a guest with one of the modules, runs the scenario in it, and waits for its end.
///
/// `folder` keeps the command line and both logs.
pub fn run(setting: &Setting, scenario: &Scenario, module: &str, folder: &Path) -> Result<Run> {
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
    let mut qemu = machine(&setting.qemu, scenario);
    qemu.arg(folder)
        .env("VM_STATE", booted(setting, scenario)?)
        .env("VM_OUTPUT", "file")
        .env("VM_DISKS", scenario.disks.join(" "));
    let log = File::create(folder.join("qemu.log"))?;
    let mut machine = qemu
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} does not start", setting.qemu.display()))?;
    let end = wait(&mut machine, &folder.join("console.log"), timeout)?;

    // QEMU ends well when the guest powers off or panics; anything else is our own mistake.
    ensure!(
        !matches!(end, End::ByItself(status) if !status.success()),
        "QEMU failed: {}",
        read_lossy(&folder.join("qemu.log"))?
    );
    // It ends well, too, when somebody else ends it.
    let said = read_lossy(&folder.join("qemu.log"))?;
    ensure!(
        !said.contains("terminating on signal"),
        "somebody ended QEMU: {said}"
    );
    let console = read_lossy(&folder.join("console.log"))?;
    remove_scraps(folder)?;
    Ok(Run {
        transcript: read_lossy(&folder.join("transcript"))?,
        console,
        timed_out: matches!(end, End::TimeUp),
    })
}

/// A script that needs to know the scenario's machine.
fn machine(script: &Path, scenario: &Scenario) -> Command {
    let mut command = Command::new(script);
    // To remember every object costs as much as all other checkers.
    let arguments = if lane() == "debug" && !scenario.leaks {
        "kmemleak=off"
    } else {
        ""
    };
    command
        .env("VM_KERNEL_ARGUMENTS", arguments)
        .env("VM_MEMORY", scenario.memory.to_string())
        .env("VM_CPUS", scenario.cpus.to_string())
        .env("VM_RESTARTS", if scenario.restarts { "yes" } else { "no" });
    command
}

/// The folder with the state of such a machine that has booted; the first that asks waits until there is one.
fn booted(setting: &Setting, scenario: &Scenario) -> Result<String> {
    let output = machine(&setting.guest_state, scenario)
        .output()
        .with_context(|| format!("{} does not start", setting.guest_state.display()))?;
    ensure!(
        output.status.success(),
        "the guest does not boot: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// How a machine came to its end.
enum End {
    /// It powered off, or QEMU had nothing more to run.
    ByItself(ExitStatus),
    /// The guest had said that it had nothing more to do, so nobody waits for it to power off.
    Over,
    /// It was still running when time was up.
    TimeUp,
}

/// Waits for the machine's end, for so many seconds.
fn wait(machine: &mut Child, console: &Path, seconds: u64) -> Result<End> {
    let limit = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(status) = machine.try_wait()? {
            return Ok(End::ByItself(status));
        }
        let end = if says_over(console)? {
            End::Over
        } else if Instant::now() > limit {
            End::TimeUp
        } else {
            sleep(Duration::from_millis(100));
            continue;
        };
        machine.kill()?;
        machine.wait()?;
        return Ok(end);
    }
}

/// Whether the guest's last words are in the kernel's log, and so all that came before them.
fn says_over(console: &Path) -> Result<bool> {
    const LAST_WORDS: &str = "guest: the scenario is over";
    const TAIL: u64 = 4096;
    // QEMU makes the file when it starts.
    let Ok(mut file) = File::open(console) else {
        return Ok(false);
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).contains(LAST_WORDS))
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

/// Logs are evidence; disks and payload are only large, and nobody listens at the monitor's end any more.
fn remove_scraps(folder: &Path) -> Result<()> {
    fs::remove_file(folder.join("monitor"))?;
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
