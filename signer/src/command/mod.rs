//! The commands of `rsign-signer`.

mod admin;
mod audit;
mod ceremony;
mod floor;
mod open;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;

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
    /// The audit trail.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// One HSM worker; started by `serve`.
    #[command(hide = true)]
    HsmWorker,
    /// Measures the token itself; started by `rsign bench`.
    #[command(hide = true)]
    HsmFloor,
}

#[derive(Debug, Subcommand)]
enum CredentialCommand {
    /// Prints the PIN drawn for a new credential, once, and activates the credential.
    Pin {
        /// The credential's id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Checks every chain in the store from its first entry.
    Verify,
    /// Prints the trail, one JSON object a line.
    Show,
}

/// Runs a command.
///
/// # Errors
/// What went wrong, for the terminal.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if matches!(arguments.command, Command::HsmWorker) {
        crate::hsm::worker::run()?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read(&arguments.config).map_err(anyhow::Error::msg)?;
    let uses_library = matches!(arguments.command, Command::Init { .. } | Command::HsmFloor);
    if uses_library && let Some(code) = again_with_environment(&config)? {
        return Ok(code);
    }
    runtime()?.block_on(dispatch(arguments.command, &config))?;
    Ok(ExitCode::SUCCESS)
}

async fn dispatch(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::HsmWorker => Ok(()),
        Command::HsmFloor => floor::run(config).await,
        Command::Init { create_token } => ceremony::run(config, create_token).await,
        Command::Serve { ready_file } => serve::run(config, ready_file.as_deref()).await,
        Command::Credential { command: CredentialCommand::Pin { id } } => {
            admin::print_pin(&config.admin.socket, &id).await
        }
        Command::Audit { command: AuditCommand::Verify } => audit::verify(config).await,
        Command::Audit { command: AuditCommand::Show } => audit::show(config).await,
    }
}

/// The vendor's library reads its environment, and a running process cannot change its own safely: so this program
/// is started once more with it. `None` when the environment is right already.
fn again_with_environment(config: &Config) -> anyhow::Result<Option<ExitCode>> {
    let wanted = &config.hsm.environment;
    if wanted.iter().all(|(name, value)| std::env::var(name).as_ref() == Ok(value)) {
        return Ok(None);
    }
    let status =
        std::process::Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).envs(wanted).status()?;
    Ok(Some(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))))
}

/// Few threads: the HSM's workers need the cores, and each thread more costs wake-ups (a sixth of the signer's
/// processor time on two cores, measured by `rsign bench`).
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread().worker_threads((cores / 4).max(1)).enable_all().build()
}
