//! What one process has at a time: the kernel gives it out, and takes it back however that process ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// As long as this is there, nobody else has it. The file stays: to remove it would be a race with who opens it.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// The lock beside a file, unless another process has it: then its id is said.
pub(super) fn take(path: &Path) -> anyhow::Result<Lock> {
    let path = beside(path);
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(&path).context("the lock file beside it")?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = holder(&mut file).map_or_else(String::new, |pid| format!(" ({pid})"));
            bail!("another process{holder} has {}: is a signer of this configuration running?", path.display());
        }
        Err(TryLockError::Error(error)) => return Err(error).context("the lock file beside it"),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Lock { _file: file })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// The process that has it, if it has said so by now.
fn holder(file: &mut File) -> Option<u32> {
    const DIGITS: u64 = 11;
    let mut said = String::new();
    file.take(DIGITS).read_to_string(&mut said).ok()?;
    said.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_the_other_hears_who() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        // Of a process that was killed, which does not matter.
        std::fs::write(folder.path().join("admin.sock.lock"), "4000000000\n").unwrap();
        let lock = take(&path).unwrap();
        let said = format!("{:#}", take(&path).unwrap_err());
        assert!(said.contains(&format!("another process ({})", std::process::id())), "{said}");
        assert!(said.contains("admin.sock.lock"), "{said}");
        drop(lock);
        drop(take(&path).unwrap());
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "kept").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join("admin.sock.lock")).unwrap();
        take(&folder.path().join("admin.sock")).unwrap_err();
        assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "kept");
    }
}
