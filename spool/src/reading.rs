//! Octets read in tasks: what is not in memory is read by a thread that may wait.

use std::io;

use bytes::Bytes;
use futures_util::stream::{Stream, try_unfold};
use rsign_api::octets::{Octets, PIECE};

/// Those from `at` on, at most so many; fewer only at the end.
///
/// # Errors
/// When they cannot be read.
pub async fn piece(octets: &Octets, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let left = usize::try_from(octets.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let read = move |octets: &Octets| {
        let mut piece = vec![0; most.min(left)];
        let read = octets.read_at(at, &mut piece)?;
        if read < piece.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(piece)
    };
    if octets.held().is_some() {
        return read(octets);
    }
    let octets = octets.clone();
    tokio::task::spawn_blocking(move || read(&octets)).await.map_err(io::Error::other)?
}

/// All of them, piece by piece.
pub fn stream(octets: Octets) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    try_unfold((octets, 0_u64), |(octets, at)| async move {
        if at >= octets.len() {
            return Ok(None);
        }
        let piece = piece(&octets, at, PIECE).await?;
        let next = at + piece.len() as u64;
        Ok(Some((Bytes::from(piece), (octets, next))))
    })
}
