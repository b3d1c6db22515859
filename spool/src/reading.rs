//! Octets read in tasks: what is not in memory is read by a thread that may wait, when somebody asks for the next piece, so
//! that who listens slowly holds none, and only one piece of memory.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use rsign_api::octets::{Octets, PIECE};

/// All of them, piece by piece.
pub fn stream(octets: Octets) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static {
    pieces(octets, PIECE)
}

/// All of them, in pieces of so many octets; the last one may have fewer.
pub fn pieces(octets: Octets, size: usize) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static {
    let size = size.max(1);
    stream::unfold((octets, 0), move |(octets, at)| async move {
        if at >= octets.len() {
            return None;
        }
        let (octets, piece) = next(octets, at, size).await;
        // After a failure there is nothing more to hear.
        let after = piece.as_ref().map_or(octets.len(), |piece| at + piece.len() as u64);
        Some((piece, (octets, after)))
    })
    .boxed()
}

async fn next(octets: Octets, at: u64, most: usize) -> (Octets, io::Result<Bytes>) {
    if let Some(held) = octets.held() {
        let start = usize::try_from(at).unwrap_or(held.len()).min(held.len());
        let end = start.saturating_add(most).min(held.len());
        let piece = Bytes::from_owner(Held(octets.clone())).slice(start..end);
        return (octets, Ok(piece));
    }
    if octets.in_memory() {
        let piece = piece(&octets, at, most);
        return (octets, piece);
    }
    let kept = octets.clone();
    let read = tokio::task::spawn_blocking(move || piece(&octets, at, most)).await;
    (kept, read.unwrap_or_else(|lost| Err(io::Error::other(lost))))
}

/// Octets that are in memory: a piece of them needs no copy.
struct Held(Octets);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.0.held().unwrap_or_default()
    }
}

fn piece(octets: &Octets, at: u64, most: usize) -> io::Result<Bytes> {
    let left = usize::try_from(octets.len() - at).unwrap_or(usize::MAX);
    let mut piece = vec![0; most.min(left)];
    let read = octets.read_at(at, &mut piece)?;
    if read < piece.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(piece.into())
}
