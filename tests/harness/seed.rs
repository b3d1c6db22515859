//! Seeded data folders. Making keys takes seconds, so one sandbox is seeded in a test run, and others are copies of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Service, Watchdog, free_port, program};

/// A folder of a sandbox's or a service's own, and a place beside it for what is not theirs.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    _own: Option<TempDir>,
}

impl Folder {
    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// A file of the data folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    /// The same folder, for whoever runs in it; this one still removes it.
    pub(crate) fn again(&self) -> Self {
        Self { root: self.root.clone(), _own: None }
    }

    /// A file beside the data folder.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// A place for a sandbox that has never run; there is no data folder yet.
///
/// # Panics
/// When there is no room for it.
#[must_use]
pub fn blank() -> Folder {
    let own = tempfile::Builder::new().prefix("rsign-system-").tempdir().unwrap();
    // It goes when it is dropped; this is for a test process that is killed.
    Watchdog::remove(own.path());
    Folder { root: own.path().to_owned(), _own: Some(own) }
}

/// A copy of a seeded folder, with clients, users, keys and PINs, that nothing runs in.
///
/// # Panics
/// When `rsign sandbox` does not start.
#[must_use]
pub fn seeded() -> Folder {
    let seed = Seed::get();
    let folder = blank();
    copy(&seed.pristine, &folder.data());
    let (from, to) = (seed.home.data().display().to_string(), folder.data().display().to_string());
    for name in ["signer.toml", "gateway.toml", "softhsm2.conf", "seed.json"] {
        let text = std::fs::read_to_string(folder.file(name)).unwrap();
        std::fs::write(folder.file(name), text.replace(&from, &to)).unwrap();
    }
    // The address in the certificates stays the first sandbox's: here nobody fetches their revocation list.
    std::fs::write(folder.file("pki-address"), format!("127.0.0.1:{}", free_port())).unwrap();
    // Many are started at once from the same copy: each takes a port of its own.
    for name in ["gateway-address", "page-address"] {
        let _ = std::fs::remove_file(folder.file(name));
    }
    folder
}

/// The folder that was seeded first; for the one sandbox that may run in it.
pub(crate) fn home() -> &'static Folder {
    &Seed::get().home
}

/// How long a sandbox took to serve whose keys were all to be made: what it takes on this machine.
#[must_use]
pub fn seeding_took() -> Duration {
    Seed::get().took
}

/// Gateway and signing page on two registrable sites, for browsers that are led to this computer.
pub const TWO_SITES: [&str; 4] = ["--gateway-name", "gateway.rsign-a.test", "--page-name", "sign.rsign-b.test"];

struct Seed {
    home: Folder,
    pristine: PathBuf,
    took: Duration,
}

impl Seed {
    fn get() -> &'static Self {
        static SEED: OnceLock<Seed> = OnceLock::new();
        SEED.get_or_init(Self::make)
    }

    fn make() -> Self {
        let root = tempfile::Builder::new().prefix("rsign-system-").tempdir().unwrap().keep();
        Watchdog::remove(&root);
        let home = Folder { root, _own: None };
        let mut command = Command::new(program("rsign"));
        command.arg("sandbox").arg("--ready-file").arg(home.beside("seed.ready")).arg("--data-dir").arg(home.data());
        // So that every certificate is good for these names too, whether or not a test uses them.
        command.args(TWO_SITES);
        let mut sandbox = Service::start(&mut command, &home.beside("seed.ready"), &home.beside("seed.log"));
        let (status, _) = sandbox.end(Signal::INT);
        assert!(status.success(), "the sandbox ended with {status}:\n{}", sandbox.said());
        let pristine = home.beside("pristine");
        copy(&home.data(), &pristine);
        Self { home, pristine, took: sandbox.took }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
