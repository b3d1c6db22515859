//! The log: one line an event on standard output. No PIN, password, token, SAD or hash is ever a field of it.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A service's own place.
    Output,
    /// Where standard output carries a command's answer.
    Error,
}

/// Starts logging; `RSIGN_LOG` sets the level, `info` if absent.
pub fn start(stream: Stream) {
    let filter = EnvFilter::try_from_env("RSIGN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let writer = move || -> Box<dyn Write> {
        match stream {
            Stream::Output => Box::new(io::stdout()),
            Stream::Error => Box::new(io::stderr()),
        }
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).init();
}
