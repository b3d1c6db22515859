//! `renew`: documents that are to last get newer time-stamps, for a timer. A process of its own, which opens no store: it
//! asks the signer to read PDFs, and the time-stamping authorities of the configuration.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::print;
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
/// Longest file that is read, in bytes: what may be signed, as Base64 in its signature, and what was added.
const LONGEST: u64 = 192 << 20;
/// How deep folders may lie in each other.
const DEPTH: usize = 32;

/// Renews PDFs and signatures of CAdES, JAdES and XAdES at AdES-B-LTA.
#[derive(Debug, Args)]
pub(super) struct Renew {
    /// Files, and folders in which all of *.pdf, *.p7m, *.p7s, *.json, *.jws and *.xml are looked at. What FILE.p7s, FILE.json,
    /// FILE.jws and FILE.xml sign is FILE, where it is not in them.
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
    /// `renewed`, `not_due`, `not_lasting` or `failed`.
    outcome: &'static str,
    /// When the certificate of the newest time-stamp it had ends, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Runs; an error in the end if any file could not be renewed, all others are.
pub(super) async fn run(renew: Renew, config: &Config) -> anyhow::Result<()> {
    let service = service(config)?;
    let due = if renew.always { Due::Always } else { Due::Within(u64::from(renew.before) * 86_400) };
    let mut files = Vec::new();
    for path in &renew.paths {
        collect(path, DEPTH, true, &mut files)?;
    }
    files.sort();
    files.dedup();
    let mut failed = 0_usize;
    for path in &files {
        let text = path.display().to_string();
        let line = |outcome, until, reason| Line { path: &text, outcome, until, reason };
        match one(&service, path, due).await {
            Ok(Done::NotLasting) => print(&line("not_lasting", None, None))?,
            Ok(Done::NotDue(until)) => print(&line("not_due", Some(until), None))?,
            Ok(Done::Renewed(until)) => print(&line("renewed", Some(until), None))?,
            Err(error) => {
                failed += 1;
                print(&line("failed", None, Some(reason(&error))))?;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} files could not be renewed", files.len());
    Ok(())
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

/// The file, or the files of the folder.
fn collect(path: &Path, depth: usize, named: bool, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let kind = fs::metadata(path).with_context(|| path.display().to_string())?.file_type();
    if kind.is_dir() {
        anyhow::ensure!(depth > 0, "{}: folders lie too deep in each other", path.display());
        for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            // A link in a folder leads anywhere.
            if !entry.file_type()?.is_symlink() {
                collect(&entry.path(), depth - 1, false, files)?;
            }
        }
        return Ok(());
    }
    // Whoever reads a pipe waits for its writer.
    if !kind.is_file() {
        anyhow::ensure!(!named, "{}: it is no file", path.display());
        return Ok(());
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if named || KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(extension)) {
        files.push(path.to_owned());
    }
    Ok(())
}

#[derive(Debug)]
enum Done {
    NotLasting,
    NotDue(u64),
    Renewed(u64),
}

async fn one(service: &Renewal, path: &Path, due: Due) -> anyhow::Result<Done> {
    // What a link leads to is replaced, not the link.
    let path = &fs::canonicalize(path)?;
    let before = fs::metadata(path)?;
    let document = read(path)?;
    let content = || read(&path.with_extension("")).ok();
    match service.renew(document, content, due).await? {
        Outcome::NotLasting => Ok(Done::NotLasting),
        Outcome::NotDue(until) => Ok(Done::NotDue(until)),
        Outcome::Renewed { octets, until } => {
            replace(path, &before, &octets)?;
            Ok(Done::Renewed(until))
        }
    }
}

/// What is in a file, and in nothing else.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    anyhow::ensure!(found.is_file(), "it is no file");
    anyhow::ensure!(found.len() <= LONGEST, "it is too long");
    Ok(fs::read(path)?)
}

/// Puts the octets in the file's place, all or nothing: written beside it, synced, renamed.
fn replace(path: &Path, before: &fs::Metadata, octets: &[u8]) -> anyhow::Result<()> {
    let (folder, name) = (path.parent().context("it has no folder")?, path.file_name().context("it has no name")?);
    let draft = folder.join(format!(".{}.renew-{}", name.to_string_lossy(), std::process::id()));
    let written = write(&draft, before, octets).and_then(|()| {
        let now = fs::metadata(path)?;
        anyhow::ensure!(
            now.len() == before.len() && now.modified()? == before.modified()?,
            "somebody changed it meanwhile"
        );
        fs::rename(&draft, path)?;
        Ok(File::open(folder)?.sync_all()?)
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write(draft: &Path, before: &fs::Metadata, octets: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    // Who may read it stays as it was, where this user may give files away.
    if fchown(&file, Some(before.uid()), Some(before.gid())).is_err() {
        let _ = fchown(&file, None, Some(before.gid()));
    }
    file.set_permissions(before.permissions())?;
    file.write_all(octets)?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::create_dir(file("below")).unwrap();
        for name in ["a.pdf", "b.P7S", "c.txt", "below/d.p7m", "e.json.jws"] {
            fs::write(file(name), name).unwrap();
        }
        std::os::unix::fs::symlink(file("a.pdf"), file("link.pdf")).unwrap();
        let mut files = Vec::new();
        collect(folder.path(), DEPTH, true, &mut files).unwrap();
        files.sort();
        assert_eq!(files, [file("a.pdf"), file("b.P7S"), file("below/d.p7m"), file("e.json.jws")]);
        let mut named = Vec::new();
        collect(&file("c.txt"), DEPTH, true, &mut named).unwrap();
        assert_eq!(named, [file("c.txt")], "what is named is looked at, whatever it is called");
        assert!(collect(&file("nothing"), DEPTH, true, &mut named).is_err());
        let before = fs::metadata(file("a.pdf")).unwrap();
        replace(&file("a.pdf"), &before, b"newer").unwrap();
        assert_eq!(fs::read(file("a.pdf")).unwrap(), b"newer");
        // It is not what was read any more.
        fs::write(file("a.pdf"), b"somebody else's").unwrap();
        assert!(replace(&file("a.pdf"), &before, b"newest").is_err());
        assert_eq!(fs::read(file("a.pdf")).unwrap(), b"somebody else's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6, "no drafts are left");
    }

    #[test]
    fn a_pipe_is_passed_over_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("a.pdf");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut files = Vec::new();
        collect(folder.path(), DEPTH, true, &mut files).unwrap();
        assert!(files.is_empty());
        // One that is named, and one that came in a file's place or stands where a signature's content does.
        assert!(collect(&pipe, DEPTH, true, &mut files).is_err() && files.is_empty());
        assert!(read(&pipe).is_err());
    }
}
