//! Mutual TLS: exactly the gateway's certificate is let in; everyone else is turned away and recorded.

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
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio::net::TcpStream;

use crate::audit::{Audit, Entry, Event};
use crate::certificate::Validity;
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

/// Binds and serves.
///
/// # Errors
/// When a file cannot be read or the address not be bound.
pub async fn serve(listen: &Listen, router: Router, rejections: PeerRejections) -> Result<Serving, String> {
    let config = RustlsConfig::from_config(Arc::new(tls(listen)?));
    let listener =
        std::net::TcpListener::bind(listen.address).map_err(|error| format!("{}: {error}", listen.address))?;
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

fn tls(listen: &Listen) -> Result<ServerConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let gateway = certificates(&listen.gateway_certificate)?.swap_remove(0);
    let facts = crate::certificate::Certificate::read(&gateway)
        .map_err(|error| format!("{}: {error}", listen.gateway_certificate.display()))?;
    let pinned = Pinned { gateway, validity: facts.validity, algorithms: provider.signature_verification_algorithms };
    let key =
        PrivateKeyDer::from_pem_file(&listen.key).map_err(|error| format!("{}: {error}", listen.key.display()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(Arc::new(pinned))
        .with_single_cert(certificates(&listen.certificate)?, key)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{}: no certificate", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Lets in whoever proves the key of one certificate. No CA can widen that.
#[derive(Debug)]
struct Pinned {
    gateway: CertificateDer<'static>,
    validity: Validity,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        use rustls::CertificateError::{ApplicationVerificationFailure, Expired, NotValidYet};
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let fault = if end_entity.as_ref() != self.gateway.as_ref() {
            ApplicationVerificationFailure
        } else if now > self.validity.not_after {
            Expired
        } else if now < self.validity.not_before {
            NotValidYet
        } else {
            return Ok(ClientCertVerified::assertion());
        };
        Err(rustls::Error::InvalidCertificate(fault))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
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

    async fn note(&self, error: &str) {
        let (now, count) = (self.clock.now(), self.since.fetch_add(1, Ordering::Relaxed) + 1);
        tracing::warn!(error, "TLS peer rejected");
        let last = self.last.load(Ordering::Relaxed);
        if now - last < 1000 || self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        self.since.store(0, Ordering::Relaxed);
        let entry = Entry { count: usize::try_from(count).ok(), ..Entry::of(Event::PeerRejected).failed(error) };
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
        let (accepted, rejections) = (self.tls.accept(stream, service), self.rejections.clone());
        Box::pin(async move {
            let accepted = accepted.await;
            if let Err(error) = &accepted {
                let (rejections, error) = (rejections.clone(), error.to_string());
                tokio::spawn(async move { rejections.note(&error).await });
            }
            accepted
        })
    }
}
