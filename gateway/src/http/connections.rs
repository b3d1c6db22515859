//! How many connections are open at once, in all and from one address. One too many is closed before anything
//! is read from it.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::heard::{Heard, Patience};
use crate::config::limits::Limits;

/// What is open; listeners share it.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    all: usize,
    of_one: usize,
    patience: Patience,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: limits.connections,
            of_one: limits.connections_per_address,
            patience: Patience::new(limits),
            open: Arc::default(),
        }
    }

    fn take(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let of_one = open.entry(address).or_default();
        if all >= self.all || *of_one >= self.of_one {
            if *of_one == 0 {
                open.remove(&address);
            }
            return None;
        }
        *of_one += 1;
        Some(Place { address, open: Arc::clone(&self.open) })
    }
}

/// An open connection's place, free again when it is dropped.
#[derive(Debug)]
struct Place {
    address: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// The outermost acceptor.
#[derive(Debug, Clone)]
pub(super) struct Capped(pub(super) Connections);

impl<S> Accept<TcpStream, S> for Capped {
    type Stream = Counted;
    type Service = S;
    type Future = Ready<io::Result<(Counted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let admitted = stream.set_nodelay(true).and_then(|()| stream.peer_addr()).and_then(|peer| {
            let place = self.0.take(peer.ip().to_canonical());
            place.ok_or_else(|| io::Error::new(io::ErrorKind::QuotaExceeded, "too many connections"))
        });
        let counted = |place| Counted { stream: Heard::new(stream, self.0.patience), _place: place };
        ready(admitted.map(|place| (counted(place), service)))
    }
}

/// A connection that counts while it is open.
#[derive(Debug)]
pub(super) struct Counted {
    stream: Heard<TcpStream>,
    _place: Place,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, octets)
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
    use super::*;

    #[test]
    fn a_26_places_are_counted_and_given_back() {
        let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
        let connections = Connections::new(&limits);
        let [a, b] = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse::<IpAddr>().unwrap());
        let (first, _second) = (connections.take(a).unwrap(), connections.take(a).unwrap());
        assert!(connections.take(a).is_none(), "two of one address");
        let third = connections.take(b).unwrap();
        assert!(connections.take(b).is_none(), "three in all");
        drop(first);
        assert!(connections.take(b).is_some());
        drop(third);
        assert_eq!(connections.open.lock().unwrap().len(), 1, "who left is forgotten");
    }
}
