//! What was measured, as a table or as JSON.

use serde::Serialize;

use super::documents::{Memory, Times};
use super::floor;
use super::load::{Case, Slice};
use super::process::{Cpu, resident};

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    cores: usize,
    processor: String,
    pub(super) rows: Vec<Settled>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) documents: Vec<Times>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) soak: Option<Soak>,
}

/// Memory after a long load.
#[derive(Debug, Serialize)]
pub(super) struct Soak {
    pub(super) minutes: f64,
    pub(super) signatures: u64,
    pub(super) most_mib: u64,
    pub(super) last_mib: u64,
}

/// One row while it is measured.
#[derive(Debug)]
pub(super) struct Row {
    case: Case,
    key: String,
    concurrency: usize,
    floors: Vec<floor::Slice>,
    paths: Vec<Slice>,
    resident: u64,
}

/// One row.
#[derive(Debug, Serialize)]
pub(super) struct Settled {
    case: String,
    key: String,
    concurrency: usize,
    floor: String,
    floor_per_second: f64,
    per_second: f64,
    ratio: f64,
    p50_ms: f64,
    p99_ms: f64,
    floor_cpu_us: f64,
    cpu_us: Cpu,
    resident_mib: u64,
    busy: u64,
    failed: u64,
    wrong: u64,
}

impl Row {
    pub(super) fn new(case: Case, key: &str, concurrency: usize) -> Self {
        Self { case, key: key.to_owned(), concurrency, floors: Vec::new(), paths: Vec::new(), resident: 0 }
    }

    pub(super) fn add(&mut self, floor: floor::Slice, path: Slice, pids: &std::collections::BTreeMap<String, u32>) {
        self.resident = self.resident.max(resident(pids));
        self.floors.push(floor);
        self.paths.push(path);
    }

    pub(super) fn settle(self) -> Settled {
        let pairs = || self.floors.iter().zip(&self.paths);
        let mut latencies: Vec<f64> =
            self.paths.iter().flat_map(|path| &path.latencies).map(|took| took.as_secs_f64() * 1e3).collect();
        latencies.sort_by(f64::total_cmp);
        let quantile = |part: f64| {
            let place = ((latencies.len() as f64 * part) as usize).min(latencies.len().saturating_sub(1));
            latencies.get(place).copied().unwrap_or_default()
        };
        let each = |part: fn(&Cpu) -> f64| median(self.paths.iter().map(|path| part(&path.cpu)).collect());
        Settled {
            case: self.case.to_string(),
            floor: if self.case == Case::Hundred { "C_Sign" } else { "derive, unwrap, C_Sign" }.to_owned(),
            floor_per_second: median(self.floors.iter().map(|floor| floor.rate).collect()),
            per_second: median(self.paths.iter().map(Slice::rate).collect()),
            ratio: median(pairs().map(|(floor, path)| path.rate() / floor.rate).collect()),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            floor_cpu_us: median(self.floors.iter().map(|floor| floor.cpu_per_signature).collect()),
            cpu_us: Cpu {
                gateway: each(|cpu| cpu.gateway),
                signer: each(|cpu| cpu.signer),
                workers: each(|cpu| cpu.workers),
                load: each(|cpu| cpu.load),
            },
            resident_mib: self.resident,
            busy: self.paths.iter().map(|path| path.busy).sum(),
            failed: self.paths.iter().map(|path| path.failed).sum(),
            wrong: self.paths.iter().map(|path| path.wrong).sum(),
            key: self.key,
            concurrency: self.concurrency,
        }
    }
}

impl Report {
    pub(super) fn new(cores: usize) -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let processor = name.trim_start_matches([' ', '\t', ':']).to_owned();
        Self { cores, processor, rows: Vec::new(), documents: Vec::new(), memory: None, soak: None }
    }

    /// Wrong signatures of the whole run: must be 0.
    pub(super) fn wrong(&self) -> u64 {
        self.rows.iter().map(|row| row.wrong).sum()
    }

    pub(super) fn print(&self) {
        println!(
            "{} cores of {}; SoftHSM2, SQLite, load and service on the same cores, TLS on every hop",
            self.cores, self.processor
        );
        println!("ratio: median over pairs of neighbouring slices, service to floor; CPU in µs a signature\n");
        println!(
            "{:<9} {:<31} {:>5} {:>8} {:>8} {:>6} {:>9} {:>9} | {:>6} {:>6} {:>8} {:>7} {:>8} {:>5} | {:>4} {:>5} {:>6} {:>5}",
            "key",
            "what",
            "conc.",
            "floor/s",
            "sig/s",
            "ratio",
            "p50 ms",
            "p99 ms",
            "floor",
            "ours",
            "=gateway",
            "+signer",
            "+workers",
            "load",
            "MiB",
            "busy",
            "failed",
            "wrong"
        );
        for row in &self.rows {
            let cpu = &row.cpu_us;
            println!(
                "{:<9} {:<31} {:>5} {:>8.0} {:>8.0} {:>6.2} {:>9.2} {:>9.2} | {:>6.0} {:>6.0} {:>8.0} {:>7.0} {:>8.0} {:>5.0} | {:>4} {:>5} {:>6} {:>5}",
                row.key,
                row.case,
                row.concurrency,
                row.floor_per_second,
                row.per_second,
                row.ratio,
                row.p50_ms,
                row.p99_ms,
                row.floor_cpu_us,
                cpu.service(),
                cpu.gateway,
                cpu.signer,
                cpu.workers,
                cpu.load,
                row.resident_mib,
                row.busy,
                row.failed,
                row.wrong
            );
        }
        for times in &self.documents {
            println!(
                "\n{}, one call at a time, medians:\n  signDoc, PAdES B-B of a PDF of 1 MiB: {:.2} ms, {:.2} times SHA-256 of it ({:.2} ms) \
                 and derive, unwrap, C_Sign ({:.2} ms)\n  signDoc, CAdES B-B of a digest: {:.2} ms, {:.2} times signHash ({:.2} ms)",
                times.key,
                times.pades_ms,
                times.pades_ratio,
                times.hash_ms,
                times.sign_ms,
                times.cades_ms,
                times.cades_ratio,
                times.sign_hash_ms
            );
        }
        if let Some(memory) = &self.memory {
            println!(
                "\nsignDoc, PAdES B-B of a PDF of 100 MB: {:.1} s; resident memory grew by {} MiB in the gateway and {} MiB in the signer",
                memory.seconds, memory.gateway_mib, memory.signer_mib
            );
        }
        if let Some(soak) = &self.soak {
            println!(
                "\nafter {} minutes of load, {} signatures: {} MiB resident, {} at most",
                soak.minutes, soak.signatures, soak.last_mib, soak.most_mib
            );
        }
    }
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
