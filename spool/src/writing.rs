//! Work on octets that arrive, done by one thread that may wait.

use std::io;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pieces that may wait for the thread.
const WAITING: usize = 2;

/// A thread that takes pieces one after the other.
#[derive(Debug)]
pub struct Taker<T, E> {
    to: mpsc::Sender<Bytes>,
    work: JoinHandle<Result<T, E>>,
}

impl<T: Send + 'static, E: Send + 'static> Taker<T, E> {
    /// Starts one: `take` is called for each piece, and ends the work when it fails.
    pub fn start(mut state: T, mut take: impl FnMut(&mut T, &[u8]) -> Result<(), E> + Send + 'static) -> Self {
        let (to, mut from) = mpsc::channel::<Bytes>(WAITING);
        let work = tokio::task::spawn_blocking(move || {
            while let Some(piece) = from.blocking_recv() {
                take(&mut state, &piece)?;
            }
            Ok(state)
        });
        Self { to, work }
    }

    /// Hands over the next piece; false when the work has failed.
    pub async fn put(&self, piece: Bytes) -> bool {
        self.to.send(piece).await.is_ok()
    }

    /// What came of it.
    ///
    /// # Errors
    /// When the thread is lost, which only a bug makes it.
    pub async fn end(self) -> io::Result<Result<T, E>> {
        drop(self.to);
        self.work.await.map_err(io::Error::other)
    }
}
