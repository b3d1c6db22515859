//! What processes cost: processor time and memory, from `/proc`.

/// Processor time of these processes, of those of their children that have ended, in microseconds.
pub(super) fn cpu_microseconds(pids: &[u32]) -> u64 {
    pids.iter().map(|pid| ticks(*pid)).sum::<u64>() * 10_000
}

/// utime, stime, cutime, cstime: words 14 to 17 of stat; the second may hold spaces.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let words = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(4));
    words.into_iter().flatten().filter_map(|word| word.parse::<u64>().ok()).sum()
}

/// Resident memory of these processes together, MiB; shared pages count in each.
pub(super) fn resident(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    pids.iter().filter_map(of).sum::<u64>() / 1024
}
