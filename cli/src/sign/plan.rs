//! What each file becomes: the format is that of its name's ending, unless a signature beside it is wanted.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use rsign_api::algorithm::HashAlgorithm;

use super::ended::Ended;
use super::terminal::shown;

/// Longest name that is shown on the approval page, in characters.
const LABEL: usize = 200;

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
    pub(super) fn beside(self, path: &Path) -> PathBuf {
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
    /// Whether it is not any more what was read.
    pub(super) fn has_changed(&self) -> bool {
        std::fs::read(&self.path).ok().is_none_or(|now| now != self.content)
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

/// Reads the files; and says of those that cannot be read, or be told from another, why.
///
/// # Errors
/// One place for several files.
pub(super) fn read(
    paths: &[PathBuf],
    detached: bool,
    output: Option<&Path>,
) -> Result<(Vec<File>, Vec<String>), Ended> {
    if output.is_some() && paths.len() > 1 {
        return Err(Ended::misread("--output is for one file; without it each gets its own name"));
    }
    let mut files: Vec<File> = Vec::with_capacity(paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let content = match std::fs::read(path) {
            Ok(content) => content,
            Err(error) => {
                wrong.push(format!("{}: {}", path.display(), unread(&error)));
                continue;
            }
        };
        if let Some(same) = files.iter().find(|other| other.content == content) {
            wrong.push(twice(&same.path, path));
            continue;
        }
        let form = if detached { Form::Cades } else { Form::of(path) };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let label = shown(&name).chars().take(LABEL).collect();
        let output = output.map_or_else(|| form.beside(path), Path::to_owned);
        files.push(File { path: path.clone(), content, form, output, label });
    }
    Ok((files, wrong))
}

/// What is approved is a list of hashes, and each stands there once.
fn twice(one: &Path, other: &Path) -> String {
    if one == other {
        return format!("{} is named twice", one.display());
    }
    format!(
        "{} and {} have the same content, which an approval covers once only; name one of them: its signature is good for both",
        one.display(),
        other.display()
    )
}

/// Why a file was not read.
pub(super) fn unread(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read this file".to_owned(),
        io::ErrorKind::IsADirectory => "this is no file".to_owned(),
        kind => format!("it cannot be read: {kind}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

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
