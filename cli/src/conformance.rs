//! `rsign conformance URL`: a black-box check of any CSC service.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rsign_conformance::check::Check;
use rsign_conformance::checks::CHECKS;
use rsign_conformance::{Finding, Known, Profile, Progress, Report, Service, report};

/// Could not run: none of the codes of a report.
const NOT_RUN: u8 = 3;

/// Options of `rsign conformance`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 nothing failed (quirks aside), 1 a should failed or a known failure passed, 2 a must failed, 3 it could not run."
)]
pub(crate) struct Options {
    /// Base addresses with their version, as in https://host/csc/v2; without them those of the profile.
    urls: Vec<String>,
    /// How to get in and with what to sign: TOML, see conformance/README.md.
    #[arg(long, value_name = "FILE", conflicts_with = "ready")]
    profile: Option<PathBuf>,
    /// Ready file of `rsign sandbox`, in place of a profile.
    #[arg(long, value_name = "FILE")]
    ready: Option<PathBuf>,
    /// Roots to trust besides the system's, PEM; in place of the profile's.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Only this check, or this group of checks; may be given more than once.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Failures that are expected, with their reasons: TOML. Those that pass count as failures.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Names every check, and runs none.
    #[arg(long)]
    list: bool,
    /// Tells of what passed and of what does not apply, too.
    #[arg(long)]
    all: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Writes the report as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the report as one HTML page, to be read and sent.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> ExitCode {
    if options.list {
        return if say(&list()) { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUN) };
    }
    match check(&options).await {
        Ok(report) => ExitCode::from(report.exit_code()),
        Err(error) => {
            eprintln!("rsign: {error:#}");
            ExitCode::from(NOT_RUN)
        }
    }
}

async fn check(options: &Options) -> anyhow::Result<Report> {
    let mut profile = match (&options.profile, &options.ready) {
        (Some(file), _) => Profile::read(file)?,
        (None, Some(file)) => Profile::of_ready_file(file)?,
        (None, None) => Profile::default(),
    };
    if !options.urls.is_empty() {
        profile.urls.clone_from(&options.urls);
    }
    if options.tls_ca.is_some() {
        profile.tls_ca.clone_from(&options.tls_ca);
    }
    let known = options.known.as_deref().map(Known::read).transpose()?.unwrap_or_default();
    let wanted = rsign_conformance::Options { only: options.only.clone(), known };
    let mut files = Vec::new();
    files.extend(options.junit.as_deref());
    files.extend(options.html.as_deref());
    // Before the checks take their minutes.
    files.into_iter().try_for_each(can_be_written)?;
    let mut ticker = Ticker { terminal: std::io::stderr().is_terminal(), done: 0, of: 0 };
    let report = rsign_conformance::run(&profile, &wanted, &mut ticker).await?;
    // The files first: whoever reads the text may stop reading. What cannot be written takes nothing else along.
    let mut lost = Vec::new();
    if let Some(file) = &options.junit {
        lost.extend(write(file, report::junit::write(&report).map_err(Into::into)).err());
    }
    if let Some(file) = &options.html {
        lost.extend(write(file, report::html::write(&report).map_err(Into::into)).err());
    }
    let text = if options.json { report::json::write(&report) } else { report::text::write(&report, options.all) };
    if !say(&text) {
        lost.push(anyhow::anyhow!("the report could not be printed"));
    }
    let said: Vec<String> = lost.iter().map(|error| format!("{error:#}")).collect();
    anyhow::ensure!(said.is_empty(), said.join("; "));
    Ok(report)
}

/// Whether a report will find its place; leaves nothing behind.
fn can_be_written(file: &Path) -> anyhow::Result<()> {
    let there = file.exists();
    // A pipe would take the first opening for the report.
    if there && !file.is_file() && !file.is_dir() {
        return Ok(());
    }
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    opened.with_context(|| format!("no report can be written to {}", file.display()))?;
    if !there {
        std::fs::remove_file(file)?;
    }
    Ok(())
}

fn write(file: &Path, content: anyhow::Result<String>) -> anyhow::Result<()> {
    content.and_then(|content| Ok(std::fs::write(file, content)?)).with_context(|| file.display().to_string())
}

fn say(text: &str) -> bool {
    std::io::stdout().write_all(text.as_bytes()).is_ok()
}

fn list() -> String {
    let severity = |check: &Check| {
        let [v1, v2] = check.severity.map(rsign_conformance::check::Severity::name);
        match check.clauses {
            ["", _] => v2.to_owned(),
            [_, ""] => v1.to_owned(),
            _ if v1 == v2 => v1.to_owned(),
            _ => format!("{v1}/{v2}"),
        }
    };
    let clause = |clause: &str| if clause.is_empty() { "-".to_owned() } else { clause.to_owned() };
    let line = |check: &Check| {
        let clauses = format!("v1 {}, v2 {}", clause(check.clauses[0]), clause(check.clauses[1]));
        format!("{:<32}{:<14}{} ({clauses})\n", check.id, severity(check), check.title)
    };
    CHECKS.iter().map(line).collect()
}

/// Says on standard error how far it is: one line that changes, or one for each failure where nobody watches.
struct Ticker {
    terminal: bool,
    done: usize,
    of: usize,
}

impl Progress for Ticker {
    fn service(&mut self, service: &Service, checks: usize) {
        (self.done, self.of) = (0, checks);
        eprintln!("checking {} ({}), {checks} checks", service.url, service.version.name());
    }

    fn begins(&mut self, check: &Check) {
        if self.terminal {
            eprint!("\r\x1b[K[{}/{}] {}", self.done + 1, self.of, check.id);
        }
    }

    fn ends(&mut self, finding: &Finding) {
        self.done += 1;
        let verdict = finding.outcome.outcome;
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        if verdict.wants_mending() {
            eprintln!("{clear}{} {} ({})", verdict.name(), finding.id, finding.severity.name());
        } else if self.terminal && self.done == self.of {
            eprint!("{clear}");
        }
    }
}
