//! Entry of `rsign-gateway`: arguments in, one command run.

use std::process::ExitCode;

use clap::Parser as _;
use rsign_gateway::command::{self, Arguments};
use rsign_gateway::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    // Both ring and aws-lc-rs are linked (a store's driver brings ring); without this the first use of TLS panics.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("rsign-gateway: the cryptographic provider is already set");
        return ExitCode::FAILURE;
    }
    let arguments = Arguments::parse();
    telemetry::start(arguments.log_stream());
    match command::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rsign-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
