//! `rsign bench`: the service against the floor its token sets, in one run on one machine.
//!
//! Floor and path take turns in short slices and the median of the pairs' ratios counts: neighbouring slices on a
//! shared machine differ by a quarter. Everything a slice needs (SADs, requests) is made before its clock starts;
//! every signature is verified after it has stopped.
//!
//! [`floor`] measures the token alone, [`load`] the service, [`documents`] signed documents, [`client`] is the HTTP under it, [`process`] reads what
//! processes cost, [`report`] says it.

mod client;
mod documents;
mod floor;
mod load;
pub(crate) mod paper;
mod process;
mod report;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::{Programs, Sandbox, Sites};
use floor::{Floor, Kind};
use load::{Bench, Case};

/// Options of `rsign bench`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Floor and path pairs of each row; the median ratio counts.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Seconds of one slice.
    #[arg(long, default_value_t = 1.0)]
    slice: f64,
    /// Concurrent calls.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,512")]
    concurrency: Vec<usize>,
    /// Kinds of key.
    #[arg(long, value_delimiter = ',', default_value = "RSA-2048,P-256")]
    keys: Vec<String>,
    /// Rows: one hash a SAD, a hundred, authorize and sign, the same with Argon2id.
    #[arg(long, value_delimiter = ',', default_value = "one,hundred,pair,pair-argon2id")]
    cases: Vec<Case>,
    /// Leaves the rows of signed documents out.
    #[arg(long)]
    without_documents: bool,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Also keeps up load for so many minutes and then reads the memory.
    #[arg(long, default_value_t = 0.0)]
    soak: f64,
    /// Keep the service's folder here instead of a temporary one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let temporary = tempfile::Builder::new().prefix("rsign-bench-").tempdir()?;
    let folder = options.data_dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    progress("starting the service");
    let sandbox = Sandbox::start(&folder, ([127, 0, 0, 1], 0).into(), false, &Sites::default()).await?;
    // However it ends, the service ends with it.
    let measured = tokio::select! {
        measured = measure(&options, &sandbox) => measured,
        _ = terminate.recv() => Err(anyhow::anyhow!("stopped")),
        _ = interrupt.recv() => Err(anyhow::anyhow!("stopped")),
    };
    sandbox.stop().await;
    let report = measured?;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?)
    } else {
        report.print()
    }
    anyhow::ensure!(report.wrong() == 0, "{} wrong signatures", report.wrong());
    Ok(())
}

async fn measure(options: &Options, sandbox: &Sandbox) -> anyhow::Result<report::Report> {
    let programs = Programs::beside_this()?;
    let mut floor = Floor::start(&programs.signer, &sandbox.layout.signer_config()).await?;
    let bench = Arc::new(Bench::prepare(sandbox, &programs, &options.keys, &options.cases).await?);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let slice = Duration::from_secs_f64(options.slice);
    let mut report = report::Report::new(threads);
    let pids = || sandbox.pids();
    for key in &options.keys {
        for case in &options.cases {
            for &concurrency in &options.concurrency {
                let kind = if *case == Case::Hundred { Kind::Sign } else { Kind::Path };
                let mut row = report::Row::new(*case, key, concurrency);
                // The first slice only tells how much work the others need.
                let mut rate = bench.slice(*case, key, concurrency, 50.0, slice / 4, &pids).await?.rate();
                for pair in 1..=options.pairs {
                    progress(&format!("{key} {case} at {concurrency}: pair {pair} of {}", options.pairs));
                    let floor = floor.slice(key, kind, threads, slice).await?;
                    let path = bench.slice(*case, key, concurrency, rate, slice, &pids).await?;
                    rate = path.rate();
                    row.add(floor, path, &sandbox.pids());
                }
                report.rows.push(row.settle());
            }
        }
    }
    if !options.without_documents && options.cases.contains(&Case::One) {
        for key in &options.keys {
            report.documents.push(documents::times(&bench, &mut floor, key, options.pairs).await?);
        }
        let key = options.keys.first().context("no key")?;
        report.memory = Some(documents::memory(&bench, key, &sandbox.pids()).await?);
    }
    if options.soak > 0.0 {
        report.soak = Some(soak(options, sandbox, &bench).await?);
    }
    Ok(report)
}

async fn soak(options: &Options, sandbox: &Sandbox, bench: &Arc<Bench>) -> anyhow::Result<report::Soak> {
    let key = options.keys.first().context("no key")?;
    let (start, length) = (std::time::Instant::now(), Duration::from_secs_f64(options.soak * 60.0));
    let (mut signatures, mut most, mut rate) = (0, 0, 500.0);
    while start.elapsed() < length {
        progress(&format!("soak: {} of {} s, {most} MiB at most", start.elapsed().as_secs(), length.as_secs()));
        let path = bench.slice(Case::One, key, 64, rate, Duration::from_secs(5), &|| sandbox.pids()).await?;
        rate = path.rate();
        anyhow::ensure!(
            path.wrong == 0 && path.failed == 0,
            "the soak saw {} wrong, {} failed",
            path.wrong,
            path.failed
        );
        signatures += path.signatures;
        most = most.max(process::resident(&sandbox.pids()));
    }
    Ok(report::Soak { minutes: options.soak, signatures, most_mib: most, last_mib: process::resident(&sandbox.pids()) })
}

/// The run is alive.
fn progress(what: &str) {
    eprint!("{}", alive(what, std::io::stderr().is_terminal()));
}

/// One line that is written over, or a line more where no terminal would write it over.
fn alive(what: &str, is_terminal: bool) -> String {
    if is_terminal { format!("\r\x1b[Kbench: {what}") } else { format!("bench: {what}\n") }
}

#[cfg(test)]
mod tests {
    use super::alive;

    #[test]
    fn only_a_terminal_gets_what_moves_its_cursor() {
        assert_eq!(alive("pair 1 of 5", false), "bench: pair 1 of 5\n");
        assert!(alive("pair 1 of 5", true).starts_with("\r\x1b[K"));
    }
}
