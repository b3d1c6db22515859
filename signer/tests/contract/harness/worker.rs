//! Worker processes, seen and treated from outside.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The workers whose environment names a directory.
pub(crate) struct Workers<'a> {
    directory: &'a str,
}

impl<'a> Workers<'a> {
    pub(super) fn of(directory: &'a Path) -> Self {
        Self { directory: directory.to_str().unwrap() }
    }

    /// Those that live now.
    pub(crate) fn pids(&self) -> BTreeSet<u32> {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| self.owns(*pid)).collect()
    }

    pub(crate) fn signal_all(&self, signal: &str) {
        self.pids().into_iter().for_each(|pid| self.signal(signal, pid));
    }

    /// Sends a signal such as `KILL`; to a worker of ours only.
    pub(crate) fn signal(&self, signal: &str, pid: u32) {
        if self.owns(pid) {
            let _ = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).output();
        }
    }

    /// Resident memory, KiB.
    pub(crate) fn resident(&self, pid: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
    }

    fn owns(&self, pid: u32) -> bool {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        contains(&read("cmdline"), "hsm-worker") && contains(&read("environ"), self.directory)
    }
}

fn contains(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}
