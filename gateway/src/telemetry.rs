//! The log: one line an event on standard output. No PIN, password, token, SAD or hash is ever a field of it, and what
//! strangers say in one does not end it.

use std::io::{self, Write};

use rsign_api::line::Lines;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    subscriber(filter, writer).init();
}

fn subscriber<W: Write + 'static>(
    filter: EnvFilter,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(move || Lines(writer())).finish()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::port::revocations::Unavailable;
    use crate::port::signer;
    use crate::service::evidence::Error;

    #[derive(Debug, Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_29_what_strangers_say_makes_no_line_of_the_log() {
        let log = Log::default();
        let kept = log.clone();
        let subscriber = subscriber(EnvFilter::new("info"), move || kept.clone());
        // A URL in a certificate, a word of a responder, and whatever else.
        let url = "http://x/\n2026-12-01T00:00:00Z  INFO signed in user.id=ann\r\u{1b}[2K".to_owned();
        let error = Error::Unavailable(Unavailable { url, cause: "it said\nthis".into() });
        let other = signer::Error::Unavailable("one\ntwo".into());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(error = &error as &dyn std::error::Error, "no OCSP answer");
            tracing::warn!(error = %other, "{}", "a\nb");
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(!log.contains(|next: char| next.is_control() && next != '\n'), "{log}");
        assert!(log.contains(r"http://x/\n2026"), "{log}");
    }
}
