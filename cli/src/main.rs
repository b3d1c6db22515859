//! The tool `rsign`: a whole service on this computer for people who build CSC apps, a signing app for the terminal,
//! the bench that measures the service, and the checker of any CSC service.

mod bench;
mod conformance;
mod sandbox;
mod sign;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Remote signing through the CSC API, for people who build and run it.
#[derive(Debug, Parser)]
#[command(name = "rsign", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a whole service on this computer: gateway, signer, signing page, HSM workers on a SoftHSM2 token, SQLite,
    /// built-in CA.
    Sandbox(sandbox::Options),
    /// Signs files through any CSC service, with the person's approval in the browser.
    Sign(sign::Options),
    /// Measures the service against the floor its token sets, in one run.
    Bench(bench::Options),
    /// Checks any CSC service against the standard, from outside, and writes a report.
    Conformance(Box<conformance::Options>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = match Arguments::parse().command {
        Command::Sandbox(options) => sandbox::run(options).await,
        Command::Sign(options) => return sign::run(options).await,
        Command::Bench(options) => bench::run(options).await,
        Command::Conformance(options) => return conformance::run(*options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rsign: {error:#}");
            ExitCode::FAILURE
        }
    }
}
