//! A child process of the signer ends when its socket closes, not by a signal that was meant for the signer.
//!
//! systemd (`KillMode=control-group`) and terminals send SIGTERM, SIGINT and SIGHUP to every process of a service at
//! once, and the signer still has calls to answer then.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// From here on these signals end this process no more: they are caught, and nobody is told. Only SIGKILL ends it before
/// its socket does.
pub(crate) fn stay() -> io::Result<()> {
    // Tokio's handlers outlive the runtime that asked for them (see `tokio::signal::unix::signal`); they restart what they
    // interrupt, and need no call that a confined process has not.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        drop(signal(kind)?);
    }
    Ok(())
}
