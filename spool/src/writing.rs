//! Work on octets that arrive and may block: done on a thread for that, a batch at a time, so that who sends slowly holds
//! none between.

use std::io;

use bytes::Bytes;

/// Octets that are handed over at once.
const BATCH: usize = 256 << 10;

/// Takes pieces one after the other.
#[derive(Debug)]
pub struct Taker<T, E, F> {
    /// None while it works, and when it has failed.
    work: Option<(T, F)>,
    failed: Option<E>,
    waiting: Vec<Bytes>,
    octets: usize,
}

impl<T, E, F> Taker<T, E, F>
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnMut(&mut T, &[u8]) -> Result<(), E> + Send + 'static,
{
    /// `take` is called for each piece, and ends the work when it fails.
    pub const fn new(state: T, take: F) -> Self {
        Self { work: Some((state, take)), failed: None, waiting: Vec::new(), octets: 0 }
    }

    /// Takes the next piece; false when the work has failed.
    ///
    /// # Errors
    /// When the thread is lost, which only a bug makes it.
    pub async fn put(&mut self, piece: Bytes) -> io::Result<bool> {
        self.octets += piece.len();
        self.waiting.push(piece);
        if self.octets >= BATCH {
            self.work().await?;
        }
        Ok(self.failed.is_none())
    }

    /// What came of it.
    ///
    /// # Errors
    /// When the thread is lost, which only a bug makes it.
    pub async fn end(mut self) -> io::Result<Result<T, E>> {
        self.work().await?;
        match (self.work, self.failed) {
            (Some((state, _)), _) => Ok(Ok(state)),
            (None, Some(error)) => Ok(Err(error)),
            (None, None) => Err(io::Error::other("the work was lost")),
        }
    }

    async fn work(&mut self) -> io::Result<()> {
        let Some((mut state, mut take)) = self.work.take() else { return Ok(()) };
        let batch = std::mem::take(&mut self.waiting);
        self.octets = 0;
        let done = tokio::task::spawn_blocking(move || {
            for piece in batch {
                take(&mut state, &piece)?;
            }
            Ok((state, take))
        });
        match done.await.map_err(io::Error::other)? {
            Ok(work) => self.work = Some(work),
            Err(error) => self.failed = Some(error),
        }
        Ok(())
    }
}
