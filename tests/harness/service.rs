//! Child processes: started with a log of their own, watched, asked to end, or killed.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::Watchdog;

/// How long a service may take until it serves, which for a new sandbox is until it has made all its keys. Builders may
/// keep every core busy meanwhile.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running program.
#[derive(Debug)]
pub struct Service {
    child: Child,
    /// What it printed, both streams.
    pub log: PathBuf,
    /// What its ready file said.
    pub ready: Value,
    /// How long it took to serve.
    pub took: Duration,
}

impl Service {
    /// Starts the program and waits until `ready` is there and whole.
    ///
    /// # Panics
    /// When it ends before, or does not serve in time.
    #[must_use]
    pub fn start(command: &mut Command, ready: &Path, log: &Path) -> Self {
        Self::try_start(command, ready, log).unwrap_or_else(|said| panic!("{command:?} does not serve:\n{said}"))
    }

    /// The same; when it ends before it serves, what it printed.
    ///
    /// # Errors
    /// The log.
    ///
    /// # Panics
    /// When it does not serve in time.
    pub fn try_start(command: &mut Command, ready: &Path, log: &Path) -> Result<Self, String> {
        let started = Instant::now();
        let _ = std::fs::remove_file(ready);
        let out = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Watchdog::watch(child.id());
        loop {
            if let Some(ready) = std::fs::read(ready).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
                return Ok(Self { child, log: log.to_owned(), ready, took: started.elapsed() });
            }
            if child.try_wait().unwrap().is_some() {
                Watchdog::forget(child.id());
                return Err(std::fs::read_to_string(log).unwrap());
            }
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("{command:?} does not serve after {PATIENCE:?}:\n{}", std::fs::read_to_string(log).unwrap());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal and waits for the end; says how it ended and how long that took.
    ///
    /// # Panics
    /// When it does not end within 20 seconds.
    pub fn end(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        send(self.pid(), signal);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                Watchdog::forget(self.child.id());
                return (status, asked.elapsed());
            }
            assert!(asked.elapsed() < Duration::from_secs(20), "pid {} does not end:\n{}", self.pid(), self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Service {
    /// A test that fails leaves nothing running: asked first, since a sandbox has children of its own.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        send(self.pid(), Signal::TERM);
        for _ in 0..1200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return Watchdog::forget(self.child.id());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        Watchdog::forget(self.child.id());
    }
}

/// Sends a signal; to nobody if it has ended.
pub fn send(pid: u32, signal: Signal) {
    let _ = kill_process(pid_of(pid), signal);
}

/// Kills (-9) a process of ours that is not our child.
pub fn kill(pid: u32) {
    send(pid, Signal::KILL);
}

/// Whether the process lives; one that ended and was not waited for does not.
#[must_use]
pub fn alive(pid: u32) -> bool {
    if test_kill_process(pid_of(pid)).is_err() {
        return false;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn pid_of(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a pid is a positive number")
}

/// Runs a command to its end and gives what it printed.
///
/// # Errors
/// What it said when it failed.
///
/// # Panics
/// When it cannot be started.
pub fn command(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    Err(format!("{command:?}: {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// A loopback port for a service that is to keep it over restarts. Not from the range the kernel gives to clients:
/// one of them could have it when the service comes back. Nor twice: whoever has one may not listen there yet.
///
/// # Panics
/// When none is free.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut seed = [0; 2];
    aws_lc_rs::rand::fill(&mut seed).unwrap();
    let start = u16::from_be_bytes(seed) % 10_000;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports = (0..10_000_u16).map(|step| 20_000 + (start + step) % 10_000);
    let free = |port: &u16| !given.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = ports.find(free).expect("a free port");
    given.insert(port);
    port
}
