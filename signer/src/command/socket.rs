//! The admin socket's place in the file system: one process has it at a time, takes it from nobody who answers there, and
//! gives back its own only.

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use tokio::net::UnixListener;

use super::lock::{self, Lock};

/// The socket, and its file as long as it is this process's.
pub(super) struct Place {
    path: PathBuf,
    /// Device and inode: nobody else's while the socket is open.
    file: (u64, u64),
    /// Open to the end, also when nobody accepts any more: no other signer takes a place that still has one.
    pub(super) listener: Arc<UnixListener>,
    /// Of two that start at once beside what a third left behind, one has it.
    _lock: Lock,
}

impl Drop for Place {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Listens at this path, for this user alone.
pub(super) fn listen(path: &Path) -> anyhow::Result<Place> {
    take(path).with_context(|| format!("[admin] socket {}", path.display()))
}

/// Listens there so that no signer does. Nothing where the folder is not there, which is no place of a signer that serves:
/// it may be the service manager's, who takes it away when the signer stops.
pub(super) fn keep(path: &Path) -> anyhow::Result<Option<Place>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let there = folder.is_none_or(|folder| folder.try_exists().unwrap_or(true));
    there.then(|| listen(path)).transpose()
}

fn take(path: &Path) -> anyhow::Result<Place> {
    let lock = lock::take(path)?;
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            clear(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    let place = Place { path: path.to_owned(), file: identity(path)?, listener: Arc::new(listener), _lock: lock };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(place)
}

/// Removes what a signer left behind that was killed: a socket at which nobody answers.
fn clear(path: &Path) -> anyhow::Result<()> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => bail!("another process answers there: is a signer of this configuration running?"),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
        Err(error) => return Err(error).context("what is there"),
    }
    ensure!(std::fs::symlink_metadata(path)?.file_type().is_socket(), "what is there is no socket");
    Ok(std::fs::remove_file(path)?)
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        format!("{:#}", listen(path).map(drop).unwrap_err())
    }

    #[tokio::test]
    async fn nobody_who_answers_loses_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let place = listen(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(refused(&path).contains("another process"), "{}", refused(&path));
        assert!(path.exists());
        // Nor where the lock file is gone, or was never there.
        std::fs::remove_file(folder.path().join("admin.sock.lock")).unwrap();
        assert!(refused(&path).contains("another process answers"), "{}", refused(&path));
        drop(place);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_was_left_behind_is_cleared_and_what_is_anothers_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        // A process that is killed leaves its file.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = listen(&path).unwrap();
        // Somebody cleared it by hand, lock and all.
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(folder.path().join("admin.sock.lock")).unwrap();
        let second = listen(&path).unwrap();
        drop(first);
        assert!(path.exists(), "the first one's end leaves the second one's socket");
        drop(second);

        std::fs::write(&path, "a file").unwrap();
        assert!(refused(&path).contains("no socket"), "{}", refused(&path));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
        let nowhere = folder.path().join("nowhere/admin.sock");
        let said = refused(&nowhere);
        assert!(said.contains("[admin] socket") && said.contains(nowhere.to_str().unwrap()), "{said}");
        assert!(keep(&nowhere).unwrap().is_none() && keep(&path).is_err());
    }
}
