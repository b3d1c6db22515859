//! `rsign-signer`: see [`rsign_signer::command`].

use std::process::ExitCode;

use clap::Parser as _;

/// A call makes and drops some hundred small things on two threads; this does so in a third of the system allocator's
/// time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // No core file: it would hold what is in memory for the milliseconds of a call (security.md A-33).
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("RSIGN_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_ansi(false)
        // Whoever closed the log (a terminal that is gone) shall not end who writes it: this would say so to standard error,
        // and panic where that is closed, too.
        .log_internal_errors(false)
        .with_writer(|| rsign_api::line::Lines(std::io::stdout()))
        .init();
    match rsign_signer::command::run(rsign_signer::command::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rsign-signer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
