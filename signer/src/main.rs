//! `rsign-signer`: see [`rsign_signer::command`].

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_ansi(false)
        .init();
    match rsign_signer::command::run(rsign_signer::command::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("rsign-signer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
