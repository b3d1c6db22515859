//! Starts, watches and ends the services' processes, and runs their commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// The other programs of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) gateway: PathBuf,
    pub(crate) signer: PathBuf,
}

impl Programs {
    /// Beside this program, whatever the target folder is.
    pub(crate) fn beside_this() -> anyhow::Result<Self> {
        let this = std::env::current_exe()?;
        let folder = this.parent().context("this program lies in no folder")?;
        let find = |name: &str| {
            let path = folder.join(name);
            anyhow::ensure!(path.exists(), "{} is missing: `cargo build --release` makes all programs", path.display());
            Ok(path)
        };
        Ok(Self { gateway: find("rsign-gateway")?, signer: find("rsign-signer")? })
    }
}

/// A service process.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    pub(crate) pid: u32,
    child: Child,
    ready: serde_json::Value,
}

/// How long a service may take to serve; other work may keep the computer busy.
const PATIENCE: Duration = Duration::from_secs(60);

impl Service {
    /// Starts `program --config CONFIG serve --ready-file READY` and waits until it serves.
    pub(crate) async fn start(name: &'static str, program: &Path, config: &Path, ready: &Path) -> anyhow::Result<Self> {
        Self::start_with(name, program, &["--config".as_ref(), config.as_os_str(), "serve".as_ref()], ready).await
    }

    /// Starts `program WORDS… --ready-file READY` and waits until it serves.
    pub(crate) async fn start_with(
        name: &'static str,
        program: &Path,
        words: &[&OsStr],
        ready: &Path,
    ) -> anyhow::Result<Self> {
        let _ = std::fs::remove_file(ready);
        let mut child = Command::new(program)
            .args(words)
            .arg("--ready-file")
            .arg(ready)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            // A Ctrl-C at the terminal is for the sandbox alone, which then ends its parts in order.
            .process_group(0)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let pid = child.id().context("the process ended at once")?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Ok(text) = std::fs::read(ready) {
                let ready = serde_json::from_slice(&text).with_context(|| ready.display().to_string())?;
                return Ok(Self { name, pid, child, ready });
            }
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("the {name} did not start ({status}); what it said stands above");
            }
            anyhow::ensure!(tokio::time::Instant::now() < deadline, "the {name} does not serve after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A member of its ready file.
    pub(crate) fn address(&self, member: &str) -> anyhow::Result<&str> {
        self.ready[member].as_str().with_context(|| format!("the {}'s ready file has no {member}", self.name))
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> &'static str {
        let _ = self.child.wait().await;
        self.name
    }

    /// Asks it to end, waits, and insists after `grace`.
    pub(crate) async fn stop(mut self, grace: Duration) {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), pid) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        if tokio::time::timeout(grace, self.child.wait()).await.is_err() {
            eprintln!("rsign: the {} did not end in time and is killed", self.name);
            let _ = self.child.kill().await;
        }
    }
}

/// Waits until no other process works in this folder: none that names it in its command line or environment. For an
/// interrupted start, whose processes nobody holds any more.
pub(super) async fn wait_for_none(folder: &Path, grace: Duration) {
    let deadline = tokio::time::Instant::now() + grace;
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    while works_in(&folder) && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn works_in(folder: &Path) -> bool {
    let name = folder.as_os_str().as_encoded_bytes();
    let names = |file: PathBuf| {
        std::fs::read(file).is_ok_and(|text| text.windows(name.len().max(1)).any(|window| window == name))
    };
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
        let pid = entry.file_name();
        let other = pid.to_str().is_some_and(|pid| pid.bytes().all(|digit| digit.is_ascii_digit()) && pid != own);
        other && (names(entry.path().join("cmdline")) || names(entry.path().join("environ")))
    })
}

/// Runs one operator's command and gives what it printed.
pub(super) async fn command(program: &Path, config: &Path, words: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .arg("--config")
        .arg(config)
        .args(words)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| program.display().to_string())?;
    anyhow::ensure!(
        output.status.success(),
        "`{} {}` failed: {}",
        program.display(),
        words.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}
