//! What processes cost: processor time and memory, from `/proc`.

use std::collections::BTreeMap;

use serde::Serialize;

/// Processor time by part, microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Cpu {
    /// The gateway.
    pub(super) gateway: f64,
    /// The signer, without its workers.
    pub(super) signer: f64,
    /// The HSM workers.
    pub(super) workers: f64,
    /// This program.
    pub(super) load: f64,
}

impl Cpu {
    /// Used so far. Workers that have ended count with the signer, who waited for them.
    pub(super) fn now(pids: &BTreeMap<String, u32>) -> Self {
        let of = |prefix: &str| {
            let pids = pids.iter().filter(|(name, _)| name.starts_with(prefix));
            pids.map(|(_, pid)| ticks(*pid)).sum::<u64>() as f64 * 10_000.0
        };
        let load = ticks(std::process::id()) as f64 * 10_000.0;
        Self { gateway: of("gateway"), signer: of("signer"), workers: of("hsm_worker"), load }
    }

    /// What was used since, for each of so many signatures.
    pub(super) fn since(self, before: Self, signatures: u64) -> Self {
        let each = |now: f64, before: f64| (now - before) / signatures.max(1) as f64;
        Self {
            gateway: each(self.gateway, before.gateway),
            signer: each(self.signer, before.signer),
            workers: each(self.workers, before.workers),
            load: each(self.load, before.load),
        }
    }

    /// Of the service.
    pub(super) fn service(self) -> f64 {
        self.gateway + self.signer + self.workers
    }
}

/// The most that a process takes from now on, beyond what it has now.
#[derive(Debug)]
pub(super) struct Peak {
    pid: u32,
    before: u64,
}

impl Peak {
    pub(super) fn begin(pid: u32) -> Self {
        // Where this is not allowed the peak of earlier counts, too.
        let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
        Self { pid, before: status(pid, "VmRSS:") }
    }

    /// MiB, rounded up.
    pub(super) fn growth(&self) -> u64 {
        status(self.pid, "VmHWM:").saturating_sub(self.before).div_ceil(1024)
    }
}

/// A line of `/proc/PID/status`, KiB.
fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// utime, stime, cutime, cstime: words 14 to 17 of stat; the second may hold spaces.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let words = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(4));
    words.into_iter().flatten().filter_map(|word| word.parse::<u64>().ok()).sum()
}

/// Resident memory of these processes together, MiB: their proportional set sizes, so a page that some of them share counts
/// once, for it is there once.
pub(super) fn resident(pids: &BTreeMap<String, u32>) -> u64 {
    let of = |pid: &u32| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    pids.values().filter_map(of).sum::<u64>() / 1024
}
