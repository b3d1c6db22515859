//! Answers have to be taken: who stops reading, or reads a long answer too slowly, loses the connection, and with it what
//! is held of the answer. What the system takes for a client counts as read; it takes some hundred KiB.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::config::limits::Limits;

/// Octets of an answer above which its pace counts.
const LONG: u64 = 1 << 20;

/// How long an answer may wait for its reader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Without an octet taken; the pace is looked at after each of these.
    still: Duration,
    /// Octets of a long answer that are to be taken in a second.
    pace: u64,
}

impl Patience {
    /// As configured.
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { still: Duration::from_secs(limits.answer_timeout_seconds), pace: limits.answer_octets_per_second }
    }
}

/// How a client takes what it is sent. Only the time counts for which it was waited for.
#[derive(Debug, Default)]
struct Taking {
    /// Octets since the client last said something.
    answer: u64,
    /// Since when it has taken nothing; none while it takes what there is.
    still: Option<Instant>,
    /// How long it was waited for, and what it took, since the pace was last looked at.
    waited: Duration,
    taken: u64,
}

impl Taking {
    /// It takes nothing now.
    fn nothing(&mut self, now: Instant) {
        self.still.get_or_insert(now);
    }

    /// It took so many octets. Whether that is fast enough.
    fn some(&mut self, octets: u64, now: Instant, patience: Patience) -> bool {
        if let Some(since) = self.still.take() {
            self.waited += now.saturating_duration_since(since);
        }
        self.taken += octets;
        self.answer += octets;
        if self.waited < patience.still {
            return true;
        }
        let least = self.waited.as_secs().saturating_mul(patience.pace);
        let is_fast = self.answer <= LONG || self.taken >= least;
        (self.waited, self.taken) = (Duration::ZERO, 0);
        is_fast
    }
}

/// A connection whose client is served for as long as it listens.
#[derive(Debug)]
pub(super) struct Heard<S> {
    stream: S,
    patience: Patience,
    taking: Taking,
    /// Goes off when the client has taken nothing for too long.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Heard<S> {
    /// Nothing was sent yet.
    pub(super) fn new(stream: S, patience: Patience) -> Self {
        Self { stream, patience, taking: Taking::default(), timer: None }
    }

    /// What became of octets that were offered.
    fn offered(&mut self, outcome: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => {
                self.taking.nothing(Instant::now());
                let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.patience.still)));
                ready!(timer.as_mut().poll(cx));
                Poll::Ready(Err(given_up()))
            }
            Poll::Ready(Ok(octets)) => {
                self.timer = None;
                let is_fast = self.taking.some(octets as u64, Instant::now(), self.patience);
                Poll::Ready(if is_fast { Ok(octets) } else { Err(given_up()) })
            }
            failed => failed,
        }
    }
}

fn given_up() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not take the answer")
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.taking.answer = 0;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.offered(outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, octets);
        self.offered(outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    const PATIENCE: Patience = Patience { still: Duration::from_secs(30), pace: 32 << 10 };

    /// Whether a client is served to the end that takes so many octets every so many seconds of this long an answer.
    fn is_served(answer: u64, octets: u64, every: u64) -> bool {
        let (mut taking, mut now) = (Taking::default(), Instant::now());
        (0..answer / octets).all(|_| {
            taking.nothing(now);
            now += Duration::from_secs(every);
            taking.some(octets, now, PATIENCE)
        })
    }

    #[test]
    fn a_26_who_takes_little_of_a_long_answer_is_given_up() {
        assert!(!is_served(8 << 20, 31 << 10, 1));
        assert!(is_served(8 << 20, 32 << 10, 1));
        assert!(is_served(64 << 20, 1 << 20, 29), "slow, but not too slow");
        assert!(is_served(1 << 20, 1 << 10, 29), "hours, but it is short");
        assert!(!is_served(2 << 20, 1 << 10, 29));
        // Nothing is saved up for later.
        let (mut taking, now) = (Taking::default(), Instant::now());
        assert!(taking.some(1 << 30, now, PATIENCE));
        taking.nothing(now);
        assert!(taking.some(1, now + Duration::from_secs(30), PATIENCE));
        taking.nothing(now + Duration::from_secs(30));
        assert!(!taking.some(1, now + Duration::from_secs(60), PATIENCE));
        // Time between answers is not waited.
        let mut taking = Taking::default();
        assert!((0..100).all(|hour| taking.some(2 << 20, now + Duration::from_secs(3600 * hour), PATIENCE)));
    }

    #[tokio::test]
    async fn a_26_who_takes_nothing_is_given_up() {
        let (ours, client) = duplex(1000);
        let mut heard = Heard::new(ours, Patience { still: Duration::from_millis(300), pace: 1 });
        assert!(heard.write_all(&[7; 1000]).await.is_ok());
        let began = Instant::now();
        let outcome = heard.write_all(&[7; 1000]).await;
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_millis(300));
        drop(client);
    }
}
