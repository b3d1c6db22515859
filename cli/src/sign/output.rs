//! Where signatures go: it is looked for before anybody approves, and what was approved is kept whatever happened since.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::plan::File;

impl File {
    /// Puts what it became where it goes: all of it or nothing, and in no other file's place unless that is wished.
    pub(super) fn keep(&self, octets: &[u8], replace: bool) -> anyhow::Result<()> {
        keep(&self.output, octets, replace)
    }

    /// Puts what did not stand the test, or found its place taken, beside that place, or else among temporary files where
    /// only its owner reads it; says where.
    pub(super) fn keep_apart(&self, octets: &[u8]) -> anyhow::Result<PathBuf> {
        let mut name = self.output.clone().into_os_string();
        name.push(".unverified");
        let place = PathBuf::from(name);
        if keep(&place, octets, true).is_ok() {
            return Ok(place);
        }
        let mut file = tempfile::Builder::new().prefix("rsign-").suffix(".unverified").tempfile()?;
        file.write_all(octets)?;
        file.as_file().sync_all()?;
        Ok(file.keep()?.1)
    }
}

fn keep(place: &Path, octets: &[u8], replace: bool) -> anyhow::Result<()> {
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(folder(place))?;
    file.write_all(octets)?;
    file.as_file().sync_all()?;
    let kept = if replace { file.persist(place) } else { file.persist_noclobber(place) };
    kept.with_context(|| place.display().to_string())?;
    Ok(())
}

/// Where it is; what ends in a slash can only be a folder itself.
fn folder(place: &Path) -> &Path {
    if place.as_os_str().as_bytes().ends_with(b"/") {
        return place;
    }
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Of the signatures that have no place, or none of their own, why.
pub(super) fn unplaced(files: &[File], replace: bool) -> Vec<String> {
    let why = |(at, file): (usize, &File)| {
        let output = &file.output;
        let taken = files.iter().any(|other| other.path == *output)
            || files.get(..at).unwrap_or_default().iter().any(|other| other.output == *output);
        if taken {
            Some(format!("{}: two things would have this name", output.display()))
        } else {
            closed(file, replace)
        }
    };
    files.iter().enumerate().filter_map(why).collect()
}

/// Why nothing can be put where the signature goes.
fn closed(file: &File, replace: bool) -> Option<String> {
    let name = file.output.display();
    if file.output.is_dir() {
        let usual = file.form.beside(&file.path);
        let within = file.output.join(usual.file_name().unwrap_or_default());
        return Some(format!("{name} is a folder; --output names a file, as in {}", within.display()));
    }
    let folder = folder(&file.output);
    if !folder.is_dir() {
        return Some(format!("{}: there is no such folder to put the signature into", folder.display()));
    }
    // Nothing else tells for sure: there are permissions, mounts and quotas.
    if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
        let why = match error.kind() {
            io::ErrorKind::PermissionDenied => "you may not put a signature into this folder".to_owned(),
            kind => format!("no signature can be put into this folder: {kind}"),
        };
        return Some(format!("{}: {why}", folder.display()));
    }
    let is_there = std::fs::symlink_metadata(&file.output).is_ok();
    (is_there && !replace).then(|| {
        format!("{name}: there is such a file already; --replace puts the new one into its place, --output gives another name")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::plan::{Form, read};
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
        assert_eq!(unplaced(std::slice::from_ref(&file), false).len(), 1);
        assert_eq!(unplaced(std::slice::from_ref(&file), true), [""; 0]);
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
    fn what_could_not_be_kept_is_said_before_anybody_approves() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let (a, b, same) = (file("a.pdf", "a"), file("b.xml", "b"), file("c.bin", "a"));
        let wrong = |paths: &[&PathBuf], output: Option<&Path>, replace: bool| {
            let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
            let (files, wrong) = read(&paths, false, output).unwrap();
            [wrong, unplaced(&files, replace)].concat()
        };
        let said = |paths: &[&PathBuf], output: Option<&Path>| wrong(paths, output, false).join("; ");
        assert_eq!(wrong(&[&a, &b], None, false), [""; 0]);
        assert!(said(&[&a, &same], None).contains("have the same content, which an approval covers once only"));
        assert!(said(&[&a, &a], None).ends_with("a.pdf is named twice"));
        assert!(said(&[&a], Some(Path::new("/no/such/folder/x"))).contains("no such folder"));
        assert!(said(&[&a], Some(&a)).contains("two things"));
        let signed = file("a-signed.pdf", "s");
        assert!(said(&[&a, &signed], None).contains("two things"));
        // All that is wrong, of all files.
        let (none, other) = (folder.path().join("none"), folder.path().join("other"));
        let all = wrong(&[&none, &a, &folder.path().to_owned(), &other, &same], None, false);
        assert_eq!(all.len(), 5, "{all:?}");
        assert!(all[0].ends_with("none: there is no such file") && all[4].contains("such a file already"), "{all:?}");
        let both = read(&[a, b], false, Some(Path::new("x"))).unwrap_err();
        assert_eq!(both.code(), 2, "{both}");
    }

    #[test]
    fn a_folder_is_no_place_even_where_files_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("field.pdf");
        std::fs::write(&path, "a").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let why = |output: &Path, replace| {
            let (files, wrong) = read(std::slice::from_ref(&path), false, Some(output)).unwrap();
            assert_eq!(wrong, [""; 0]);
            unplaced(&files, replace).pop().unwrap_or_default()
        };
        for (replace, output) in [(false, folder.path()), (true, folder.path()), (true, &link)] {
            let name = output.display();
            let said = format!("{name} is a folder; --output names a file, as in {name}/field-signed.pdf");
            assert_eq!(why(output, replace), said);
        }
        // A slash at the end names a folder, too; and into this one nothing can be put, whoever asks.
        assert!(
            why(&folder.path().join("new/"), true).ends_with("new/: there is no such folder to put the signature into")
        );
        assert!(why(Path::new("/proc/x"), true).starts_with("/proc: "), "{}", why(Path::new("/proc/x"), true));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn what_was_approved_is_kept_wherever_it_can_be() {
        let gone = PathBuf::from("/no/such/folder/a.p7s");
        let file =
            File { form: Form::Cades, path: "a".into(), content: Vec::new(), output: gone, label: String::new() };
        assert!(file.keep(b"signature", true).is_err());
        let place = file.keep_apart(b"signature").unwrap();
        let mode = std::fs::metadata(&place).unwrap().permissions().mode() & 0o777;
        assert_eq!((std::fs::read(&place).unwrap().as_slice(), mode), (&b"signature"[..], 0o600));
        std::fs::remove_file(place).unwrap();
    }
}
