//! A token in a directory of its own, with the signer's configuration for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rsign_signer::ceremony::CeremonyRow;
use rsign_signer::config::Config;
use rsign_signer::hsm::pkcs11::TokenSettings;
use rsign_signer::hsm::{Pool, PoolSettings};
use rsign_signer::store::{COLLECTIONS, Tables};
use rsign_storage::Store;
use tempfile::TempDir;

use super::{Kind, Workers};

/// The program whose workers and ceremony are tested.
pub(crate) const SIGNER: &str = env!("CARGO_BIN_EXE_rsign-signer");

/// A token, initialised or not.
pub(crate) struct TestToken {
    directory: TempDir,
    pub(crate) config: Config,
}

/// What a command said, and whether it was content.
pub(crate) struct Said {
    pub(crate) success: bool,
    /// Its output.
    pub(crate) out: String,
    /// Both streams.
    pub(crate) text: String,
}

impl TestToken {
    /// A directory and a configuration, no token yet. `None` when the library is not there (and need not be).
    pub(crate) fn blank(kind: Kind) -> Option<Self> {
        let module = kind.module()?;
        let directory = TempDir::new().unwrap();
        let root = directory.path();
        let (variable, file) = kind.write_configuration(root);
        std::fs::write(root.join("hsm-pin"), "hsm-user-pin").unwrap();
        std::fs::create_dir(root.join("officers")).unwrap();
        let text = format!(
            r#"instance = "contract"
[listen]
address = "127.0.0.1:0"
certificate = "unused"
key = "unused"
gateway_certificate = "unused"
[store]
engine = "sqlite"
path = "{root}/signer.sqlite"
[hsm]
module = "{module}"
token = "rsign-contract"
pin_file = "{root}/hsm-pin"
derive = "{derive}"
wrap = "{wrap}"
[hsm.environment]
{variable} = "{file}"
[enrolment]
scal1 = true
hmac = true

[admin]
socket = "{root}/admin.sock"
officers = "{root}/officers"
[ca]
name = "rsign contract CA"
country = "EE"
organization = "rsign"
"#,
            root = root.display(),
            module = module.display(),
            derive = kind.derive(),
            wrap = kind.wrap(),
            file = file.display(),
        );
        std::fs::write(root.join("signer.toml"), text).unwrap();
        let config = Config::read(&root.join("signer.toml")).unwrap();
        Some(Self { directory, config })
    }

    /// A token after its ceremony.
    pub(crate) fn ready(kind: Kind) -> Option<Self> {
        let token = Self::blank(kind)?;
        let said = token.init(&["--create-token"]);
        assert!(said.success, "{}", said.text);
        Some(token)
    }

    /// Runs `rsign-signer init`.
    pub(crate) fn init(&self, arguments: &[&str]) -> Said {
        self.command(&[&["init"], arguments].concat())
    }

    /// Runs a command of this configuration.
    pub(crate) fn command(&self, words: &[&str]) -> Said {
        let mut command = Command::new(SIGNER);
        let output = command.arg("--config").arg(self.path("signer.toml")).args(words).output().unwrap();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let both = [output.stdout.as_slice(), &output.stderr].concat();
        Said { success: output.status.success(), out: text(&output.stdout), text: text(&both) }
    }

    /// Loses the store, as an operator might: the token stays.
    pub(crate) fn forget_store(&self) {
        for file in ["signer.sqlite", "signer.sqlite-wal", "signer.sqlite-shm"] {
            let _ = std::fs::remove_file(self.path(file));
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn settings(&self) -> TokenSettings {
        self.config.token()
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        rsign_storage::open(&self.config.store, COLLECTIONS).await.unwrap()
    }

    /// What the ceremony left in the store.
    pub(crate) async fn ceremony(&self) -> CeremonyRow {
        Tables::new(&self.store().await).ceremony().await.unwrap().unwrap()
    }

    /// Two workers of one thread, as the sandbox has them on this machine.
    pub(crate) async fn pool_settings(&self) -> PoolSettings {
        PoolSettings {
            program: SIGNER.into(),
            token: self.settings(),
            masters: self.ceremony().await.masters(),
            workers: 2,
            threads: 1,
            queue: 2048,
            replace_after: 20_000,
        }
    }

    pub(crate) async fn pool(&self) -> Arc<Pool> {
        Pool::start(self.pool_settings().await).await.unwrap()
    }

    /// The worker processes on this token.
    pub(crate) fn workers(&self) -> Workers<'_> {
        Workers::of(self.root())
    }
}
