//! Entry of `rsign-gateway`: arguments in, one command run.

use std::process::ExitCode;

use clap::Parser as _;
use rsign_gateway::command::{self, Arguments};
use rsign_gateway::telemetry;

/// A call makes and drops some hundred small things on two threads; this does so in a third of the system allocator's
/// time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Both ring and aws-lc-rs are linked (a store's driver brings ring); without this the first use of TLS panics.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("rsign-gateway: the cryptographic provider is already set");
        return ExitCode::FAILURE;
    }
    let arguments = Arguments::parse();
    telemetry::start(arguments.log_stream());
    // Half the cores: the signer's HSM workers need the others, and each thread more costs wake-ups.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads((cores / 2).max(1)).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("rsign-gateway: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rsign-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
