//! The token alone, measured by a process of its own (`rsign-signer hsm-floor`).

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Which floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Derive, unwrap, sign, destroy.
    Path,
    /// C_Sign with a key that stays.
    Sign,
}

/// One slice of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) rate: f64,
    pub(super) cpu_per_signature: f64,
}

/// The measuring process; it ends with this value.
#[derive(Debug)]
pub(super) struct Floor {
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Floor {
    pub(super) async fn start(program: &Path, config: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .arg("--config")
            .arg(config)
            .arg("hsm-floor")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let to = child.stdin.take().context("no standard input")?;
        let from = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        Ok(Self { _child: child, to, from })
    }

    pub(super) async fn slice(
        &mut self,
        key: &str,
        kind: Kind,
        threads: usize,
        time: Duration,
    ) -> anyhow::Result<Slice> {
        let kind = match kind {
            Kind::Path => "path",
            Kind::Sign => "sign",
        };
        self.to.write_all(format!("{key} {kind} {threads} {}\n", time.as_millis()).as_bytes()).await?;
        let line = self.from.next_line().await?.context("the floor ended")?;
        let words: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [count, nanoseconds, cpu] = words[..] else { anyhow::bail!("the floor said `{line}`") };
        Ok(Slice { rate: count / (nanoseconds / 1e9), cpu_per_signature: cpu / count.max(1.0) })
    }
}
