//! What each file becomes: the format is that of its name's ending, unless a signature beside it is wanted.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::ValueEnum;
use rsign_api::algorithm::HashAlgorithm;

use super::terminal::shown;

/// Longest name that is shown on the approval page, in characters.
const LABEL: usize = 200;

fn keep(place: &Path, octets: &[u8], replace: bool) -> anyhow::Result<()> {
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(folder(place))?;
    file.write_all(octets)?;
    file.as_file().sync_all()?;
    let kept = if replace { file.persist(place) } else { file.persist_noclobber(place) };
    kept.with_context(|| place.display().to_string())?;
    Ok(())
}

/// Where it is.
fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What a signature becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A PDF with the signature in it.
    Pades,
    /// XML with the signature in it.
    Xades,
    /// A JWS with the JSON in it.
    Jades,
    /// A CMS beside the file.
    Cades,
}

/// How much of what a validator will need the signature brings along (EN 319 102-1, 4.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// The signature alone.
    B,
    /// With a time-stamp.
    T,
    /// With certificates and what shows that they were not revoked.
    Lt,
    /// With a time-stamp over all that.
    Lta,
}

/// A file to sign.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) content: Vec<u8>,
    pub(super) form: Form,
    /// Where the signature, or the file that has it, goes.
    pub(super) output: PathBuf,
    /// What the approval page calls it.
    pub(super) label: String,
}

impl Form {
    /// By the ending of the name.
    fn of(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        match ending.as_deref().and_then(|ending| ending.to_str()) {
            Some("pdf") => Self::Pades,
            Some("xml") => Self::Xades,
            Some("json") => Self::Jades,
            _ => Self::Cades,
        }
    }

    /// `signature_format`.
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Pades => "P",
            Self::Xades => "X",
            Self::Jades => "J",
            Self::Cades => "C",
        }
    }

    /// `signed_envelope_property`. A PDF is not certified: others may want to sign it, too.
    pub(super) const fn envelope(self) -> &'static str {
        match self {
            Self::Pades => "Revision",
            Self::Xades => "Enveloped",
            Self::Jades => "Attached",
            Self::Cades => "Detached",
        }
    }

    /// `a.pdf` becomes `a-signed.pdf`, `a.json` `a.json.jws`, `a.txt` gets `a.txt.p7s` beside it.
    fn beside(self, path: &Path) -> PathBuf {
        let after = |name: &Path, ending: &str| {
            let mut name = name.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        match self {
            Self::Pades | Self::Xades => {
                let mut name = OsString::from(path.file_stem().unwrap_or_default());
                name.push("-signed.");
                name.push(path.extension().unwrap_or_default());
                path.with_file_name(name)
            }
            Self::Jades => after(path, ".jws"),
            Self::Cades => after(path, ".p7s"),
        }
    }
}

impl Level {
    /// As it is said on the command line.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// `conformance_level`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::B => "AdES-B-B",
            Self::T => "AdES-B-T",
            Self::Lt => "AdES-B-LT",
            Self::Lta => "AdES-B-LTA",
        }
    }
}

impl File {
    /// Puts what it became where it goes: all of it or nothing, and in no other file's place unless that is wished.
    pub(super) fn keep(&self, octets: &[u8], replace: bool) -> anyhow::Result<()> {
        keep(&self.output, octets, replace)
    }

    /// Whether it is not any more what was read.
    pub(super) fn has_changed(&self) -> bool {
        std::fs::read(&self.path).ok().is_none_or(|now| now != self.content)
    }

    /// Puts what did not stand the test beside that place; says where.
    pub(super) fn keep_apart(&self, octets: &[u8]) -> anyhow::Result<PathBuf> {
        let mut name = self.output.clone().into_os_string();
        name.push(".unverified");
        let place = PathBuf::from(name);
        keep(&place, octets, true)?;
        Ok(place)
    }

    /// SHA-256 of the content.
    pub(super) fn digest(&self) -> Vec<u8> {
        rsign_ades::digest(HashAlgorithm::Sha256, &self.content)
    }

    /// As it is where a service signs hashes only.
    pub(super) fn for_hashes(mut self, output: Option<&Path>) -> Self {
        if self.form != Form::Pades {
            self.form = Form::Cades;
            self.output = output.map_or_else(|| self.form.beside(&self.path), Path::to_owned);
        }
        self
    }
}

/// Reads the files.
///
/// # Errors
/// A file is not there or there twice; a signature that could not be kept, or not be told from another.
pub(super) fn read(paths: &[PathBuf], detached: bool, output: Option<&Path>) -> anyhow::Result<Vec<File>> {
    ensure!(output.is_none() || paths.len() == 1, "--output is for one file; without it each gets its own name");
    let mut files: Vec<File> = Vec::with_capacity(paths.len());
    for path in paths {
        let content = std::fs::read(path).map_err(|error| anyhow!("{}: {}", path.display(), unread(&error)))?;
        let form = if detached { Form::Cades } else { Form::of(path) };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let label = shown(&name).chars().take(LABEL).collect();
        let output = output.map_or_else(|| form.beside(path), Path::to_owned);
        files.push(File { path: path.clone(), content, form, output, label });
    }
    for (at, file) in files.iter().enumerate() {
        let earlier = files.get(..at).unwrap_or_default();
        if let Some(same) = earlier.iter().find(|other| other.content == file.content) {
            bail!("{} and {} have the same content; name one of them", same.path.display(), file.path.display());
        }
    }
    Ok(files)
}

/// Why a file was not read.
fn unread(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read this file".to_owned(),
        io::ErrorKind::IsADirectory => "this is no file".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

/// That every signature has a place, and one of its own.
pub(super) fn has_places(files: &[File], replace: bool) -> anyhow::Result<()> {
    for (at, file) in files.iter().enumerate() {
        let folder = folder(&file.output);
        ensure!(folder.is_dir(), "{}: there is no such folder to put the signature into", folder.display());
        let taken = files.iter().any(|other| other.path == file.output)
            || files.get(..at).unwrap_or_default().iter().any(|other| other.output == file.output);
        ensure!(!taken, "{}: two things would have this name", file.output.display());
        let there = std::fs::symlink_metadata(&file.output).is_ok();
        ensure!(
            replace || !there,
            "{}: there is such a file already; --replace puts the new one into its place, --output gives another name",
            file.output.display()
        );
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.txt.p7s");
        let file = File {
            form: Form::Cades,
            path: folder.path().join("a.txt"),
            content: Vec::new(),
            output: output.clone(),
            label: String::new(),
        };
        file.keep(b"first", false).unwrap();
        assert!(has_places(std::slice::from_ref(&file), false).is_err());
        assert!(has_places(std::slice::from_ref(&file), true).is_ok());
        assert!(file.keep(b"second", false).is_err());
        assert_eq!(std::fs::read(&output).unwrap(), b"first");
        file.keep(b"third", true).unwrap();
        assert_eq!(std::fs::read(&output).unwrap(), b"third");
        let apart = file.keep_apart(b"odd").unwrap();
        assert_eq!(
            (std::fs::read(apart).unwrap(), std::fs::read_dir(folder.path()).unwrap().count()),
            (b"odd".to_vec(), 2)
        );
    }

    #[test]
    fn the_ending_decides() {
        let named = |name: &str| {
            let form = Form::of(Path::new(name));
            (form, form.beside(Path::new(name)).display().to_string())
        };
        assert_eq!(named("x/a.pdf"), (Form::Pades, "x/a-signed.pdf".to_owned()));
        assert_eq!(named("A.PDF"), (Form::Pades, "A-signed.PDF".to_owned()));
        assert_eq!(named("b.c.xml"), (Form::Xades, "b.c-signed.xml".to_owned()));
        assert_eq!(named("c.json"), (Form::Jades, "c.json.jws".to_owned()));
        assert_eq!(named("d.bin"), (Form::Cades, "d.bin.p7s".to_owned()));
        assert_eq!(named("pdf"), (Form::Cades, "pdf.p7s".to_owned()));
    }

    #[test]
    fn what_could_not_be_kept_is_said_before_anybody_approves() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let (a, b, same) = (file("a.pdf", "a"), file("b.xml", "b"), file("c.bin", "a"));
        let said = |result: anyhow::Result<()>| format!("{:#}", result.unwrap_err());
        let read = |paths: &[&PathBuf], output: Option<&str>| {
            let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
            super::read(&paths, false, output.map(Path::new)).and_then(|files| has_places(&files, false))
        };
        read(&[&a, &b], None).unwrap();
        assert!(said(read(&[&a, &same], None)).contains("have the same content"));
        assert!(said(read(&[&a, &b], Some("x"))).contains("--output"));
        assert!(said(read(&[&folder.path().join("none")], None)).contains("none"));
        assert!(said(read(&[&a], Some("/no/such/folder/x"))).contains("no such folder"));
        let itself = a.display().to_string();
        assert!(said(read(&[&a], Some(&itself))).contains("two things"));
        let signed = file("a-signed.pdf", "s");
        assert!(said(read(&[&a, &signed], None)).contains("two things"));
    }

    #[test]
    fn for_hashes_only_pdfs_stay_what_they_are() {
        let file = |name: &str| {
            let path = PathBuf::from(name);
            let form = Form::of(&path);
            File { output: form.beside(&path), path, content: Vec::new(), form, label: String::new() }.for_hashes(None)
        };
        assert_eq!(file("a.pdf").output, Path::new("a-signed.pdf"));
        assert_eq!((file("b.xml").form, file("b.xml").output), (Form::Cades, PathBuf::from("b.xml.p7s")));
    }
}
