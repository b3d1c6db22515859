//! `rsign sandbox`, run as anybody would.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;

use crate::seed::{Folder, home, seeded};
use crate::{Api, Operator, Ready, Service, Trail, alive, program};

/// A running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    pub ready: Ready,
    pub service: Service,
    pub folder: Folder,
}

/// The sandbox all tests share that leave it as it was: what they need for themselves they add with its
/// [`Sandbox::operator`]. It ends with the test process.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn shared() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(|| Sandbox::start(home().again(), &[]))
}

impl Sandbox {
    /// One for a single test, with clients, users and keys of its own.
    #[must_use]
    pub fn own() -> Self {
        Self::start(seeded(), &[])
    }

    /// One in this folder.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(folder: Folder, options: &[&str]) -> Self {
        let service = Service::start(
            Self::command(&folder).args(options),
            &folder.beside("ready.json"),
            &folder.beside("sandbox.log"),
        );
        Self { ready: Ready::read(&folder.beside("ready.json")), service, folder }
    }

    /// The command that starts one.
    #[must_use]
    pub fn command(folder: &Folder) -> Command {
        let mut command = Command::new(program("rsign"));
        command.arg("sandbox").arg("--ready-file").arg(folder.beside("ready.json"));
        command.arg("--data-dir").arg(folder.data());
        command
    }

    /// The ready file.
    #[must_use]
    pub fn ready_file(&self) -> PathBuf {
        self.folder.beside("ready.json")
    }

    /// A way to call it.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.ready.oauth2, self.ready.tls_ca.as_deref())
    }

    /// The operator's commands on it.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(self.folder.file("gateway.toml"), self.folder.file("signer.toml"))
    }

    /// The signer's audit trail as it is now.
    #[must_use]
    pub fn trail(&self) -> Trail {
        Trail::read(&self.folder.file("signer.toml"))
    }

    /// Stops it with a signal, and checks what DESIGN 8 says of that: exit code 0, within ten seconds, and of all
    /// processes it named none is left.
    ///
    /// # Panics
    /// When it is not so.
    #[must_use]
    pub fn stop(mut self, signal: Signal) -> Folder {
        let (status, took) = self.service.end(signal);
        assert!(status.success(), "the sandbox ended with {status}:\n{}", self.service.said());
        assert!(took < Duration::from_secs(10), "it took {took:?} to stop");
        let left: Vec<_> = self.ready.pids.iter().filter(|(_, pid)| alive(**pid)).collect();
        assert!(left.is_empty(), "still running: {left:?}");
        assert!(!self.ready_file().exists(), "the ready file says that it serves");
        self.folder
    }
}
