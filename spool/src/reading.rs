//! Octets read in tasks: what is not in memory is read by one thread that may wait, a few pieces ahead.
//!
//! One thread for all pieces: what it allocates comes back to it, and does not pile up in the heaps of many.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use rsign_api::octets::{Octets, PIECE};
use tokio::sync::mpsc;

/// Pieces that are read ahead.
const AHEAD: usize = 2;

/// All of them, piece by piece.
pub fn stream(octets: Octets) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static {
    pieces(octets, PIECE)
}

/// All of them, in pieces of so many octets; the last one may have fewer.
pub fn pieces(octets: Octets, size: usize) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static {
    if let Some(held) = octets.held() {
        let pieces: Vec<_> = held.chunks(size.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        return stream::iter(pieces).left_stream();
    }
    let (to, from) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut at = 0;
        while at < octets.len() {
            let piece = piece(&octets, at, size.max(1));
            at += piece.as_ref().map_or(u64::MAX - at, |piece| piece.len() as u64);
            // Nobody listens any more, or there is nothing more to hear.
            if to.blocking_send(piece).is_err() {
                return;
            }
        }
    });
    let pieces = stream::unfold(from, |mut from| async move {
        let piece = from.recv().await?;
        Some((piece, from))
    });
    pieces.boxed().right_stream()
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
