//! Mutual TLS: the gateway's certificate is let in; everyone else is turned away and recorded.

mod dates;
mod pinned;

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use futures_util::future::BoxFuture;
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;

pub use self::dates::Dated;
use self::pinned::{Pinned, SHOWN};
use crate::audit::{Audit, Entry, Event};
use crate::clock::Clock;
use crate::config::Listen;

/// A server that runs until its handle is told to stop.
#[derive(Debug)]
pub struct Serving {
    /// The bound address.
    pub address: SocketAddr,
    pub(super) handle: Handle<SocketAddr>,
    pub(super) task: tokio::task::JoinHandle<io::Result<()>>,
}

impl Serving {
    /// Lets requests end, at most `grace`, and closes.
    pub async fn stop(self, grace: Duration) {
        self.handle.graceful_shutdown(Some(grace));
        let _ = self.task.await;
    }
}

/// What [`serve`] shows and demands, read before anything else is done.
#[derive(Debug)]
pub struct Tls {
    config: ServerConfig,
    /// Certificates that end one day.
    pub dates: Vec<Dated>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, or they do not fit together.
    pub fn read(listen: &Listen) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let pinned = Pinned::read(&listen.gateway_certificate, &provider)?;
        let chain = certificates(&listen.certificate)?;
        let mut dates = pinned.dates(&listen.gateway_certificate);
        dates.extend(Dated::of_chain("[listen] certificate", &listen.certificate, &chain));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_client_cert_verifier(Arc::new(pinned))
            .with_single_cert(chain, private_key(&listen.key)?)
            .map_err(|error| unpaired(&error, &listen.certificate, &listen.key))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config, dates })
    }
}

/// Binds and serves.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(
    address: SocketAddr,
    tls: Tls,
    router: Router,
    rejections: PeerRejections,
) -> Result<Serving, String> {
    let config = RustlsConfig::from_config(Arc::new(tls.config));
    let listener =
        std::net::TcpListener::bind(address).map_err(|error| format!("[listen] address {address}: {error}"))?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let handle = Handle::new();
    let acceptor = Watched {
        tls: RustlsAcceptor::new(config).handshake_timeout(Duration::from_secs(5)).acceptor(NoDelayAcceptor::new()),
        rejections,
    };
    let mut server =
        axum_server::from_tcp(listener).map_err(|error| error.to_string())?.acceptor(acceptor).handle(handle.clone());
    server.http_builder().http1().header_read_timeout(Duration::from_secs(60)).timer(hyper_util::rt::TokioTimer::new());
    let task = tokio::spawn(server.serve(router.into_make_service()));
    Ok(Serving { address, handle, task })
}

pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Why a certificate and a key do not serve together.
pub(super) fn unpaired(error: &rustls::Error, certificate: &Path, key: &Path) -> String {
    let (certificate, key) = (certificate.display(), key.display());
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            format!("{key} is not the key of the certificate in {certificate}")
        }
        error => format!("certificate {certificate}, key {key}: {error}"),
    }
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{}: no certificate", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Records handshakes that failed, at most one entry a second: a scan shall not fill the trail.
#[derive(Debug, Clone)]
pub struct PeerRejections {
    audit: Audit,
    clock: Arc<dyn Clock>,
    last: Arc<AtomicI64>,
    since: Arc<AtomicU64>,
}

impl PeerRejections {
    /// Into this trail.
    #[must_use]
    pub fn new(audit: Audit, clock: Arc<dyn Clock>) -> Self {
        Self { audit, clock, last: Arc::default(), since: Arc::default() }
    }

    /// `shown` is what the certificate calls itself that was not let in, escaped.
    async fn note(&self, error: &str, peer: &str, shown: Option<&str>) {
        let (now, count) = (self.clock.now(), self.since.fetch_add(1, Ordering::Relaxed) + 1);
        let certificate = shown.unwrap_or("none that was judged");
        tracing::warn!(error, peer, certificate, "TLS peer rejected: only [listen] gateway_certificate is let in");
        let last = self.last.load(Ordering::Relaxed);
        if now - last < 1000 || self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        self.since.store(0, Ordering::Relaxed);
        let of = shown.map(|name| format!(", certificate of {name}")).unwrap_or_default();
        let entry = Entry::of(Event::PeerRejected).failed(format!("{error}: from {peer}{of}"));
        let entry = Entry { count: usize::try_from(count).ok(), ..entry };
        if let Err(error) = self.audit.record(entry).await {
            tracing::error!(%error, "a rejected peer could not be recorded");
        }
    }
}

/// The TLS acceptor, watched.
#[derive(Debug, Clone)]
struct Watched {
    tls: RustlsAcceptor<NoDelayAcceptor>,
    rejections: PeerRejections,
}

impl<S: Send + 'static> Accept<TcpStream, S> for Watched
where
    RustlsAcceptor<NoDelayAcceptor>: Accept<TcpStream, S>,
    <RustlsAcceptor<NoDelayAcceptor> as Accept<TcpStream, S>>::Future: Send + 'static,
{
    type Stream = <RustlsAcceptor<NoDelayAcceptor> as Accept<TcpStream, S>>::Stream;
    type Service = <RustlsAcceptor<NoDelayAcceptor> as Accept<TcpStream, S>>::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let peer = stream.peer_addr().map_or_else(|_| "unknown".to_owned(), |peer| peer.to_string());
        let (accepted, rejections) = (self.tls.accept(stream, service), self.rejections.clone());
        Box::pin(SHOWN.scope(RefCell::default(), async move {
            let accepted = accepted.await;
            if let Err(error) = &accepted {
                let (error, shown) = (error.to_string(), SHOWN.with(RefCell::take));
                tokio::spawn(async move { rejections.note(&error, &peer, shown.as_deref()).await });
            }
            accepted
        }))
    }
}
