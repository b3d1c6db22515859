//! The commands of `rsign-signer`.

mod admin;
mod audit;
mod ceremony;
mod floor;
mod identity;
mod lock;
mod master;
mod open;
mod owner;
mod page;
mod serve;
mod signals;
mod socket;

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::master::Word;

use crate::certificate::name::AuthorityName;
use crate::config::Config;
use crate::hsm::{MasterVersion, TokenKey};
use crate::stay::stay;

/// The qualified zone of rsign: keys, PINs, SADs, audit.
#[derive(Debug, Parser)]
#[command(name = "rsign-signer", version)]
pub struct Arguments {
    /// Configuration file.
    #[arg(long, global = true, default_value = "signer.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Key ceremony: makes the token's keys, the canary and the CA certificate, once.
    Init {
        /// Initialises a fresh token first; for sandboxes and tests.
        #[arg(long)]
        create_token: bool,
    },
    /// Serves the gateway.
    Serve {
        /// Written when all is serving: `{"address", "pid"}`.
        #[arg(long)]
        ready_file: Option<PathBuf>,
    },
    /// A credential, seen from the signer's own host.
    Credential {
        #[command(subcommand)]
        command: CredentialCommand,
    },
    /// The HSM's master key K_MK, its versions.
    Master {
        #[command(subcommand)]
        command: MasterCommand,
    },
    /// Certificates of the built-in CA for the operator's other services.
    Certificate {
        #[command(subcommand)]
        command: CertificateCommand,
    },
    /// Prints the identity key that signs channel handshakes, as PEM: for the signing page and for native apps.
    Identity,
    /// Serves the signing page to browsers: static files, without HSM, store or configuration file.
    Page(page::Arguments),
    /// The audit trail.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// One HSM worker; started by `serve`.
    #[command(hide = true)]
    HsmWorker,
    /// Reads one document; started by `serve`.
    #[command(hide = true)]
    DocumentHelper {
        /// Octets it may take.
        #[arg(long)]
        memory: u64,
        /// Whether it is going to wait.
        #[arg(long)]
        warm: bool,
    },
    /// Measures the token itself; started by `rsign bench`.
    #[command(hide = true)]
    HsmFloor,
}

#[derive(Debug, Subcommand)]
enum CredentialCommand {
    /// Prints the PIN drawn for a new credential, once, and what an authenticator app needs if it has a second factor,
    /// and activates the credential.
    Pin {
        /// The credential's id.
        id: String,
    },
    /// Brings back a credential that too many wrong PINs have blocked: takes the word of two officers, whose public
    /// keys lie in the folder `admin.officers`.
    Unblock {
        /// The credential's id.
        id: String,
        /// The officer's name.
        #[arg(long)]
        officer: String,
        /// File with the officer's signature (DER, as openssl writes it) of the statement that the command prints
        /// without it.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum MasterCommand {
    /// Prints every version, one JSON object a line: how it stands, and what still stands under it.
    List,
    /// Makes the next version, which is the current one from then on; the signer has to be stopped. Takes the word of two
    /// officers, whose public keys lie in the folder `admin.officers`.
    New {
        /// The officer's name.
        #[arg(long)]
        officer: String,
        /// File with the officer's signature (DER, as openssl writes it) of the statement that the command prints
        /// without it.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    /// Destroys an earlier version under which nothing stands any more; the signer has to be stopped. Takes the word of two
    /// officers, 20 minutes, and the command once more without an officer.
    Destroy {
        /// The version's name.
        version: MasterVersion,
        /// The officer's name.
        #[arg(long)]
        officer: Option<String>,
        /// File with the officer's signature (DER, as openssl writes it) of the statement that the command prints
        /// without it.
        #[arg(long, value_name = "FILE", requires = "officer")]
        signature: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum CertificateCommand {
    /// Prints a certificate for a time-stamping authority, and the CA's, as PEM; the signer has to be serving.
    TimeStamping {
        /// PEM file of its public key.
        #[arg(long)]
        key: PathBuf,
        /// Its name.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Checks every chain in the store from its first entry.
    Verify {
        /// The audit key, PEM, as `audit key` printed it: then the HSM's signatures in the chains are checked as well.
        #[arg(long)]
        key: Option<PathBuf>,
        /// What this command printed before, kept elsewhere: the chains still have to hold what they held then.
        #[arg(long)]
        known: Option<PathBuf>,
    },
    /// Prints the key that signs the trail, as PEM: for auditors.
    Key,
    /// Prints the trail, one JSON object a line.
    Show,
}

/// Runs a command.
///
/// # Errors
/// What went wrong, for the terminal.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::HsmWorker => {
            stay()?;
            return Ok(crate::hsm::worker::run()?);
        }
        Command::DocumentHelper { memory, warm } => {
            stay()?;
            return Ok(crate::foreign::helper::run(memory, warm)?);
        }
        Command::Page(arguments) => return runtime()?.block_on(page::run(arguments)),
        _ => {}
    }
    let config = Config::read(&arguments.config).map_err(anyhow::Error::msg)?;
    let uses_library = matches!(
        arguments.command,
        Command::Init { .. }
            | Command::Identity
            | Command::HsmFloor
            | Command::Audit { command: AuditCommand::Key }
            | Command::Master { command: MasterCommand::New { .. } | MasterCommand::Destroy { .. } }
    );
    if uses_library {
        with_environment(&config)?;
    }
    runtime()?.block_on(dispatch(arguments.command, &config))
}

async fn dispatch(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::HsmWorker | Command::DocumentHelper { .. } | Command::Page(_) => Ok(()),
        Command::Identity => identity::print(config, TokenKey::Identity).await,
        Command::Audit { command: AuditCommand::Key } => identity::print(config, TokenKey::Audit).await,
        Command::HsmFloor => floor::run(config).await,
        Command::Init { create_token } => ceremony::run(config, create_token).await,
        Command::Serve { ready_file } => serve::run(config, ready_file.as_deref()).await,
        Command::Credential { command: CredentialCommand::Pin { id } } => {
            admin::print_pin(&config.admin.socket, &id).await
        }
        Command::Credential { command: CredentialCommand::Unblock { id, officer, signature } } => {
            admin::unblock(&config.admin.socket, id, officer, signature.as_deref()).await
        }
        Command::Master { command: MasterCommand::List } => master::list(config).await,
        Command::Master { command: MasterCommand::New { officer, signature } } => {
            master::new(config, &Word { officer: &officer, signature: signature.as_deref() }).await
        }
        Command::Master { command: MasterCommand::Destroy { version, officer, signature } } => {
            let word = officer.as_deref().map(|officer| Word { officer, signature: signature.as_deref() });
            master::destroy(config, version, word).await
        }
        Command::Audit { command: AuditCommand::Verify { key, known } } => {
            audit::verify(config, key.as_deref(), known.as_deref()).await
        }
        Command::Certificate { command: CertificateCommand::TimeStamping { key, name } } => {
            let ca = config.authority_name();
            let name = AuthorityName { common_name: name, ..ca };
            admin::print_time_stamping(&config.admin.socket, name, &key).await
        }
        Command::Audit { command: AuditCommand::Show } => audit::show(config).await,
    }
}

/// The vendor's library reads its environment, and a running process cannot change its own safely: so this program
/// is started once more with it. Returns when the environment is right already.
fn with_environment(config: &Config) -> anyhow::Result<()> {
    let wanted = &config.hsm.environment;
    if wanted.iter().all(|(name, value)| std::env::var(name).as_ref() == Ok(value)) {
        return Ok(());
    }
    // In this process's place: whoever waits for it, or ends it, has the one that works.
    let mut again = std::process::Command::new(std::env::current_exe()?);
    Err(again.args(std::env::args_os().skip(1)).envs(wanted).exec().into())
}

/// Few threads: the HSM's workers need the cores, and each thread more costs wake-ups (a sixth of the signer's
/// processor time on two cores, measured by `rsign bench`).
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread().worker_threads((cores / 4).max(1)).enable_all().build()
}
