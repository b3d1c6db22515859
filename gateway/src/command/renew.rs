//! `renew`: documents that are to last get newer time-stamps, for a timer. A process of its own, which opens no store and
//! reads no document: it asks the signer for that, and the time-stamping authorities of the configuration.

mod place;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use rsign_api::octets::Octets;
use serde::Serialize;

use self::place::Place;
use super::show;
use crate::app::lasting::{self, Lasting};
use crate::config::Config;
use crate::port::clock::{Clock, SystemClock};
use crate::port::random::{Random, SystemSource};
use crate::port::signer::Signer;
use crate::revocation_client::RevocationClient;
use crate::service::authority::Authority;
use crate::service::renewal::{Due, Outcome, Renewal};
use crate::signer_client::SignerClient;

/// Names of files that are looked for in folders.
const KINDS: [&str; 6] = ["pdf", "p7m", "p7s", "json", "jws", "xml"];
/// How deep folders may lie in each other.
const DEPTH: usize = 32;

/// Renews PDFs and signatures of CAdES, JAdES and XAdES at AdES-B-LTA.
#[derive(Debug, Args)]
pub(super) struct Renew {
    /// Files, and folders in which all of *.pdf, *.p7m, *.p7s, *.json, *.jws and *.xml are looked at, but for symbolic links.
    /// What FILE.p7s, FILE.json, FILE.jws and FILE.xml sign is FILE, where it is not in them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Renews what has a time-stamp whose certificate ends within so many days.
    #[arg(long, default_value_t = 90, value_name = "DAYS")]
    before: u32,
    /// Renews whatever has a time-stamp over all of it.
    #[arg(long)]
    always: bool,
}

/// A line for each file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    path: &'a str,
    /// `renewed`, `not_due`, `not_lasting` (signed, without a time-stamp over all of it), `not_signed`, `passed_over` or `failed`.
    outcome: &'static str,
    /// When the certificate of the newest time-stamp it has ends, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    /// The same of the one before, where it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Why a link in a folder is left alone: whoever may write there may lead anywhere.
const LINK: &str = "it is a symbolic link in a folder; whoever names it has it followed";

/// Runs; an error in the end if anything could not be renewed, all else is.
pub(super) async fn run(renew: Renew, config: &Config) -> anyhow::Result<()> {
    let service = service(config)?;
    let due = if renew.always { Due::Always } else { Due::Within(u64::from(renew.before) * 86_400) };
    let mut found = Vec::new();
    for path in &renew.paths {
        name(path, &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found.dedup_by(|later, earlier| later.path == earlier.path);
    let (mut failed, mut told) = (0_usize, Ok(true));
    for Found { path, kind } in &found {
        let done = match kind {
            Kind::File(place) => one(&service, place, due).await,
            Kind::Link => Ok(Done::PassedOver),
            Kind::Failed(why) => Err(anyhow::anyhow!("{why}")),
        };
        failed += usize::from(done.is_err());
        // Whoever stops listening does not stop the work.
        if matches!(told, Ok(true)) {
            told = show(&line(&path.display().to_string(), done));
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} files could not be renewed", found.len());
    told.map(drop)
}

/// What is said of a file.
fn line(path: &str, done: anyhow::Result<Done>) -> Line<'_> {
    let line = |outcome| Line { path, outcome, until: None, was_until: None, reason: None };
    match done {
        Ok(Done::NotSigned) => line("not_signed"),
        Ok(Done::NotLasting) => line("not_lasting"),
        Ok(Done::NotDue(until)) => Line { until: Some(until), ..line("not_due") },
        Ok(Done::Renewed { until, was_until }) => {
            Line { until: Some(until), was_until: Some(was_until), ..line("renewed") }
        }
        Ok(Done::PassedOver) => Line { reason: Some(LINK.to_owned()), ..line("passed_over") },
        Err(error) => Line { reason: Some(reason(&error)), ..line("failed") },
    }
}

fn service(config: &Config) -> anyhow::Result<Renewal> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemSource::default());
    let signer: Arc<dyn Signer> = Arc::new(SignerClient::new(&config.signer)?);
    let authority = Arc::new(Authority::new(Arc::clone(&signer), Arc::clone(&clock)));
    let parts = lasting::Parts {
        stamping: lasting::stamping(config)?,
        revocations: Arc::new(RevocationClient::new(config.evidence.private)?),
        anchors: lasting::anchors(config)?,
    };
    let Lasting { time_stamps, evidence } = Lasting::new(parts, &authority, &clock, &random)?;
    let time_stamps = time_stamps.context("the configuration names no time-stamping authority")?;
    Ok(Renewal::new(signer, evidence, &time_stamps, clock))
}

/// What went wrong, and why: each cause that the sentence before does not say already.
fn reason(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Something that gets a line.
#[derive(Debug)]
struct Found {
    /// As it was named, or found below what was named.
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// To be looked at, and where it is.
    File(PathBuf),
    /// It stands in a folder, and leads to a folder or to what might be looked at.
    Link,
    /// It cannot be looked at; and why.
    Failed(String),
}

/// What was named: it is followed wherever it leads, whatever it is called.
fn name(path: &Path, found: &mut Vec<Found>) {
    match fs::canonicalize(path).and_then(|place| Ok((fs::metadata(&place)?, place))) {
        Ok((it, place)) if it.is_dir() => collect(path, &place, DEPTH, found),
        Ok((it, place)) if it.is_file() => found.push(Found { path: path.to_owned(), kind: Kind::File(place) }),
        // Whoever reads a pipe waits for its writer.
        Ok(_) => found.push(failed(path, &"it is no file")),
        Err(error) => found.push(failed(path, &error)),
    }
}

/// The files of a folder, and of those in it. What is wrong with one of them keeps no other from being found.
fn collect(path: &Path, place: &Path, depth: usize, found: &mut Vec<Found>) {
    if depth == 0 {
        return found.push(failed(path, &"folders lie too deep in each other"));
    }
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) => return found.push(failed(path, &error)),
    };
    for entry in entries {
        let (entry, kind) = match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
            Ok((kind, entry)) => (entry, kind),
            Err(error) => {
                found.push(failed(path, &error));
                continue;
            }
        };
        let (path, place) = (path.join(entry.file_name()), entry.path());
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let fits = KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(extension));
        if kind.is_dir() {
            collect(&path, &place, depth - 1, found);
        } else if kind.is_symlink() {
            if fits || fs::metadata(&place).is_ok_and(|it| it.is_dir()) {
                found.push(Found { path, kind: Kind::Link });
            }
        } else if kind.is_file() && fits {
            found.push(Found { path, kind: Kind::File(place) });
        }
    }
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> Found {
    Found { path: path.to_owned(), kind: Kind::Failed(why.to_string()) }
}

#[derive(Debug)]
enum Done {
    NotSigned,
    NotLasting,
    NotDue(u64),
    Renewed { until: u64, was_until: u64 },
    PassedOver,
}

async fn one(service: &Renewal, path: &Path, due: Due) -> anyhow::Result<Done> {
    let place = Place::open(path)?;
    let document = place.read()?.into();
    let content = || place.content().map(Octets::from);
    match service.renew(document, content, due).await? {
        Outcome::Unsigned => Ok(Done::NotSigned),
        Outcome::NotLasting => Ok(Done::NotLasting),
        Outcome::NotDue(until) => Ok(Done::NotDue(until)),
        Outcome::Renewed { octets, until, was_until } => {
            let random: &dyn Random = &SystemSource::default();
            place.replace(&octets, &format!(".renew-{}", random.handle()?))?;
            Ok(Done::Renewed { until, was_until })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found at this path: names, and what they are.
    fn found(path: &Path, below: &Path) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        super::name(path, &mut found);
        let word = |kind| match kind {
            Kind::File(_) => "file",
            Kind::Link => "link",
            Kind::Failed(_) => "failed",
        };
        let name = |path: PathBuf| path.strip_prefix(below).unwrap().to_str().unwrap().to_owned();
        let mut found: Vec<_> = found.into_iter().map(|Found { path, kind }| (name(path), word(kind))).collect();
        found.sort();
        found
    }

    #[test]
    fn files_are_found_and_links_are_named_and_nothing_stops_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::create_dir(file("below")).unwrap();
        for name in ["a.pdf", "b.P7S", "c.txt", "below/d.p7m", "e.json.jws"] {
            fs::write(file(name), name).unwrap();
        }
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(file(to), file(name)).unwrap();
        link("a.pdf", "link.pdf");
        link("c.txt", "link.txt");
        link("below", "link");
        link("nothing", "broken.xml");
        assert!(std::process::Command::new("mkfifo").arg(file("pipe.pdf")).status().unwrap().success());
        let expected = [
            ("a.pdf", "file"),
            ("b.P7S", "file"),
            ("below/d.p7m", "file"),
            ("broken.xml", "link"),
            ("e.json.jws", "file"),
            ("link", "link"),
            ("link.pdf", "link"),
        ];
        let expected: Vec<_> = expected.map(|(name, word)| (name.to_owned(), word)).to_vec();
        assert_eq!(found(folder.path(), folder.path()), expected, "a pipe is passed over and never waited for");
        // What is named is looked at, whatever it is called, and wherever it leads.
        for (name, word) in [
            ("c.txt", "file"),
            ("link.txt", "file"),
            ("link.pdf", "file"),
            ("nothing", "failed"),
            ("pipe.pdf", "failed"),
        ] {
            assert_eq!(found(&file(name), folder.path()), [(name.to_owned(), word)]);
        }
        assert_eq!(found(&file("link"), folder.path()), [("link/d.p7m".to_owned(), "file")]);
        let deep = (0..=DEPTH).fold(file("deep"), |path, _| path.join("x"));
        fs::create_dir_all(&deep).unwrap();
        let words = found(folder.path(), folder.path()).into_iter().map(|(_, word)| word);
        assert_eq!(words.filter(|word| *word == "failed").count(), 1);
    }
}
