//! The command line: `serve`, and the operator's commands, which work on the store and the signer directly.

mod client;
mod credential;
mod ready;
mod renew;
mod serve;
mod user;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::app::Parts;
use crate::config::Config;
use crate::telemetry::Stream;

/// The gateway of rsign: the CSC API in front of the signer.
#[derive(Debug, Parser)]
#[command(name = "rsign-gateway", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, env = "RSIGN_GATEWAY_CONFIG")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGINT or SIGTERM.
    Serve {
        /// Written, whole, once everything is served: {"address","pki","mutual_tls","pid"}.
        #[arg(long)]
        ready_file: Option<PathBuf>,
    },
    /// Registers signing apps, and puts them out.
    #[command(subcommand)]
    Client(client::Client),
    /// Opens and closes accounts.
    #[command(subcommand)]
    User(user::User),
    /// Makes credentials and changes their state.
    #[command(subcommand)]
    Credential(credential::Credential),
    Renew(renew::Renew),
}

impl Arguments {
    /// Where the log goes: the operator's commands print JSON on standard output.
    #[must_use]
    pub const fn log_stream(&self) -> Stream {
        match self.command {
            Command::Serve { .. } => Stream::Output,
            _ => Stream::Error,
        }
    }
}

/// Runs one command.
///
/// # Errors
/// Whatever stops it, in words for the operator.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::read(&arguments.config)?;
    // It runs for itself: it opens no store.
    let command = match arguments.command {
        Command::Renew(command) => return renew::run(command, &config).await,
        other => other,
    };
    let parts = Parts::open(&config).await?;
    match command {
        Command::Serve { ready_file } => serve::run(config, parts, ready_file.as_deref()).await,
        Command::Client(command) => client::run(command, &config, &parts).await,
        Command::User(command) => user::run(command, &parts).await,
        Command::Credential(command) => credential::run(command, &config, &parts).await,
        Command::Renew(command) => renew::run(command, &config).await,
    }
}

/// One line of JSON on standard output, whatever strangers called their files: what the operator has to have.
fn print(answer: &impl Serialize) -> anyhow::Result<()> {
    anyhow::ensure!(show(answer)?, "it was done, and nobody reads what is said of it");
    Ok(())
}

/// A line for each, as long as somebody reads.
fn show_all<T: Serialize>(answers: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
    for answer in answers {
        if !show(&answer)? {
            break;
        }
    }
    Ok(())
}

/// The same as [`print`] of what can be shown again: `false` where nobody reads any more, as behind `head`.
fn show(answer: &impl Serialize) -> anyhow::Result<bool> {
    let json = serde_json::to_string(answer)?;
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{}", rsign_api::line::escaped_json(&json)).and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("standard output"),
    }
}
