//! A file in its folder. Both are opened once, and no link on the way is followed: what is judged, read and replaced is the
//! same file, whoever else may write there meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rsign_api::octets::Octets;
use rustix::fs::{AtFlags, Mode, OFlags, XattrFlags};

/// Longest file that is read, in bytes: what may be signed, as Base64 in its signature, and what was added.
const LONGEST: u64 = 192 << 20;

/// A file that is open, and its folder.
#[derive(Debug)]
pub(super) struct Place {
    folder: OwnedFd,
    name: OsString,
    file: File,
    before: Metadata,
}

impl Place {
    /// The file at this path, in which no link stands ([`fs::canonicalize`]).
    ///
    /// # Errors
    /// Where there is no such file, or no longer.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let (parent, name) = (path.parent().context("it has no folder")?, path.file_name().context("it has no name")?);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(parent, flags, Mode::empty()).context("its folder cannot be opened")?;
        // One that became a link since the path was looked up leads elsewhere.
        let there: PathBuf = fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd()))?;
        anyhow::ensure!(there == parent, "its folder is another one now");
        let file = open(&folder, name).context("it cannot be opened")?;
        let before = file.metadata()?;
        Ok(Self { folder, name: name.to_owned(), file, before })
    }

    /// What is in it.
    ///
    /// # Errors
    /// Where it is too long.
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        read(&self.file)
    }

    /// What is in the file beside it that is called the same but for its last extension, if there is such a file.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        let name = Path::new(&self.name).with_extension("");
        read(&open(&self.folder, name.as_os_str()).ok()?).ok()
    }

    /// Puts the octets in its place, all or nothing: written beside it under a name that nobody can guess, synced, renamed.
    ///
    /// # Errors
    /// Where that fails, or the file is another one now: then it stays as it is.
    pub(super) fn replace(&self, octets: &Octets, draft: &str) -> anyhow::Result<()> {
        let written = self.write(draft, octets).and_then(|()| {
            let which = |it: &Metadata| (it.dev(), it.ino(), it.len(), it.mtime(), it.mtime_nsec());
            let now = open(&self.folder, &self.name)?.metadata()?;
            anyhow::ensure!(which(&now) == which(&self.before), "somebody changed it meanwhile");
            let put = rustix::fs::renameat(&self.folder, draft, &self.folder, &self.name);
            put.context("the newer one cannot be put in its place")?;
            Ok(rustix::fs::fsync(&self.folder)?)
        });
        if written.is_err() {
            let _ = rustix::fs::unlinkat(&self.folder, draft, AtFlags::empty());
        }
        written
    }

    /// Nobody else opens it before it belongs to whom the file does.
    fn write(&self, draft: &str, octets: &Octets) -> anyhow::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::openat(&self.folder, draft, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(made.context("no newer one can be written into its folder")?);
        self.give_away(&file)?;
        let mut written = Ok(());
        octets.each(|piece| {
            if written.is_ok() {
                written = file.write_all(piece);
            }
        })?;
        written.and_then(|()| file.sync_all()).context("the newer one cannot be written")
    }

    /// Whoever may read and change the file may do so with what comes in its place, and nobody else may. The owner comes last:
    /// only who owns a file says who may read it.
    fn give_away(&self, file: &File) -> anyhow::Result<()> {
        let (now, owner, group) = (file.metadata()?, self.before.uid(), self.before.gid());
        let stay = || {
            format!(
                "it would not stay with its owner and group ({owner}:{group}); run this as the owner, or give it CAP_CHOWN"
            )
        };
        if now.gid() != group {
            fchown(file, None, Some(group)).with_context(stay)?;
        }
        file.set_permissions(Permissions::from_mode(self.before.mode() & 0o777))?;
        // The folder may give new files a list of its own.
        match acl(&self.file) {
            Some(list) => rustix::fs::fsetxattr(file, ACL, &list, XattrFlags::empty())
                .context("who may read it cannot be said of the newer one")?,
            None => drop(rustix::fs::fremovexattr(file, ACL)),
        }
        if now.uid() != owner {
            fchown(file, Some(owner), None).with_context(stay)?;
        }
        Ok(())
    }
}

/// Who may read and change a file beside owner and group, where that is said (POSIX access control lists, acl(5)): with it
/// the group's bits of the mode mean something else.
const ACL: &str = "system.posix_acl_access";

fn acl(file: &File) -> Option<Vec<u8>> {
    let mut list = vec![0; 64 << 10];
    let length = rustix::fs::fgetxattr(file, ACL, &mut list).ok()?;
    list.truncate(length);
    (length > 0).then_some(list)
}

/// Whoever reads a pipe would wait for its writer.
fn open(folder: &OwnedFd, name: &OsStr) -> anyhow::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(folder, name, flags, Mode::empty())?);
    anyhow::ensure!(file.metadata()?.is_file(), "it is no file");
    Ok(file)
}

fn read(file: &File) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut octets)?;
    anyhow::ensure!(octets.len() as u64 <= LONGEST, "it is too long");
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const DRAFT: &str = ".renew-0";

    fn octets(parts: [&[u8]; 2]) -> Octets {
        Octets::joined(parts.map(Octets::from).to_vec())
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_is_replaced_whole_and_stays_whose_it_is() {
        let (_folder, path) = folder();
        let file = path.join("a.pdf");
        fs::write(&file, b"old").unwrap();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root {
            std::os::unix::fs::chown(&file, Some(12_345), Some(54_321)).unwrap();
        }
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&file).unwrap();
        let place = Place::open(&file).unwrap();
        assert_eq!(place.read().unwrap(), b"old");
        place.replace(&octets([b"new", b"er"]), DRAFT).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"newer");
        let after = fs::metadata(&file).unwrap();
        assert_eq!(after.mode(), before.mode());
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert!(!is_root || after.uid() == 12_345);
        // It is another file by now.
        assert!(place.replace(&octets([b"new", b"est"]), DRAFT).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"newer");
        let place = Place::open(&file).unwrap();
        fs::write(&file, b"somebody else's").unwrap();
        assert!(place.replace(&octets([b"new", b"est"]), DRAFT).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"somebody else's");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "no drafts are left");
    }

    /// Lists of their own: the file's goes with it, the folder's does not come to it.
    #[test]
    fn who_may_read_a_file_stays_so() {
        let (_folder, path) = folder();
        // Version 2; owner rw, user 1234 rw, group nothing, at most rw, others nothing: acl(5), each tag, bits and id.
        let entries: [(u16, u16, u32); 5] = [(1, 6, !0), (2, 6, 1234), (4, 0, !0), (16, 6, !0), (32, 0, !0)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, bits, id) in entries {
            list.extend([&tag.to_le_bytes()[..], &bits.to_le_bytes(), &id.to_le_bytes()].concat());
        }
        let (with, without) = (path.join("with.pdf"), path.join("without.pdf"));
        for file in [&with, &without] {
            fs::write(file, b"old").unwrap();
            fs::set_permissions(file, Permissions::from_mode(0o640)).unwrap();
        }
        let set = |place: &Path, name: &str| {
            let file = File::open(place).unwrap();
            rustix::fs::fsetxattr(file, name, &list, XattrFlags::empty())
        };
        if set(&with, ACL).is_err() || set(&path, "system.posix_acl_default").is_err() {
            return eprintln!("skipped: this file system has no access control lists");
        }
        for (file, mode) in [(&with, 0o660), (&without, 0o640)] {
            let said = acl(&File::open(file).unwrap());
            Place::open(file).unwrap().replace(&octets([b"new", b"er"]), DRAFT).unwrap();
            let now = File::open(file).unwrap();
            assert_eq!((acl(&now), now.metadata().unwrap().mode() & 0o777), (said, mode));
        }
        assert_eq!(acl(&File::open(&with).unwrap()), Some(list));
    }

    #[test]
    fn what_became_a_link_or_a_pipe_is_not_read() {
        let (_folder, path) = folder();
        for name in ["ours", "theirs"] {
            fs::create_dir(path.join(name)).unwrap();
            fs::write(path.join(name).join("a.xml"), name).unwrap();
            fs::write(path.join(name).join("a"), "content").unwrap();
        }
        let ours = path.join("ours");
        let place = Place::open(&ours.join("a.xml")).unwrap();
        assert_eq!(place.content().unwrap(), b"content");
        // In the file's place, in that of what it signs, and in the folder's.
        for name in ["a.xml", "a"] {
            fs::remove_file(ours.join(name)).unwrap();
            symlink(path.join("theirs").join(name), ours.join(name)).unwrap();
        }
        assert!(Place::open(&ours.join("a.xml")).is_err());
        assert_eq!(place.content(), None);
        assert_eq!(place.read().unwrap(), b"ours", "it is still the one that was opened");
        assert!(place.replace(&octets([b"new", b"er"]), DRAFT).is_err());
        fs::rename(&ours, path.join("away")).unwrap();
        symlink(path.join("theirs"), &ours).unwrap();
        assert!(Place::open(&ours.join("a.xml")).is_err());
        let pipe = path.join("pipe.pdf");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(Place::open(&pipe).is_err());
        assert_eq!(fs::read(path.join("theirs").join("a.xml")).unwrap(), b"theirs");
    }
}
