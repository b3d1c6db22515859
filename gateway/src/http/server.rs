//! Listeners: HTTP/1.1 over TLS, or in clear on loopback; slow heads are cut off, and a stop lets calls finish.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::net::TcpSocket;

use super::connections::{Capped, Connections};
use super::peer::AnyCertificate;
use crate::config::limits::Limits;

/// The way to stop servers; one handle may stop several.
pub type Handle = axum_server::Handle<SocketAddr>;

/// Certificate and key of the server, ready for handshakes.
#[derive(Clone)]
pub struct Tls(RustlsConfig);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Whether a listener asks clients for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It does not: browsers would ask their users to choose one.
    Ignored,
    /// It does; a client may show one or not.
    Asked,
}

impl Tls {
    /// Reads them.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not fit.
    pub fn read(certificate: &Path, key: &Path, clients: ClientCertificates) -> anyhow::Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .with_context(|| format!("cannot read the certificate {}", certificate.display()))?;
        let key =
            PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the key {}", key.display()))?;
        let builder = ServerConfig::builder();
        let builder = match clients {
            ClientCertificates::Ignored => builder.with_no_client_auth(),
            ClientCertificates::Asked => {
                let any = AnyCertificate::new(builder.crypto_provider());
                builder.with_client_cert_verifier(Arc::new(any))
            }
        };
        let mut config = builder.with_single_cert(chain, key).context("certificate and key do not fit")?;
        // HTTP/1.1 only: request and answer are one small message each, and the attacks on HTTP/2 stay away.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(RustlsConfig::from_config(Arc::new(config))))
    }
}

/// Connections that may wait to be accepted: the standard library's 128 drops some of a burst of 512.
const BACKLOG: u32 = 1024;

/// Binds a listener, so that the port is known before anything serves.
///
/// # Errors
/// When the address is taken or not ours.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    let bound = socket.bind(address).and_then(|()| socket.listen(BACKLOG)?.into_std());
    bound.with_context(|| format!("cannot listen on {address}"))
}

/// What one connection may cost.
#[derive(Debug, Clone)]
pub struct Bounds {
    head_timeout: Duration,
    head: usize,
    connections: Connections,
}

impl Bounds {
    /// As configured; the listeners of a gateway share one.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            head_timeout: Duration::from_secs(limits.header_timeout_seconds),
            head: limits.head,
            connections: Connections::new(limits),
        }
    }
}

/// Serves until the handle says stop.
///
/// # Errors
/// When accepting connections fails for good.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    handle: Handle,
    bounds: &Bounds,
) -> anyhow::Result<()> {
    let capped = Capped(bounds.connections.clone());
    match tls {
        Some(Tls(config)) => {
            let acceptor = RustlsAcceptor::new(config).acceptor(capped);
            run(listener, acceptor, router, handle, bounds).await
        }
        None => run(listener, capped, router, handle, bounds).await,
    }
}

/// The router, told who calls.
type Called = AddExtension<Router, ConnectInfo<SocketAddr>>;

async fn run<A>(
    listener: TcpListener,
    acceptor: A,
    router: Router,
    handle: Handle,
    bounds: &Bounds,
) -> anyhow::Result<()>
where
    A: Accept<tokio::net::TcpStream, Called> + Clone + Send + Sync + 'static,
    A::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    A::Service: axum_server::service::SendService<axum::http::Request<hyper::body::Incoming>> + Send,
    A::Future: Send,
{
    let mut server = axum_server::from_tcp(listener)?
        .http1_only()
        .first_request_timeout(bounds.head_timeout)
        .handle(handle)
        .acceptor(acceptor);
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head_timeout).max_buf_size(bounds.head);
    Ok(server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await?)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    /// More than the system takes for a client that does not read.
    const LONG: usize = 48 << 20;

    /// A server that answers once, with a spooled document.
    async fn answering(document: rsign_api::octets::Octets) -> (SocketAddr, Handle) {
        let document = Arc::new(std::sync::Mutex::new(Some(document)));
        let answer = get(move || {
            let document = document.lock().unwrap().take();
            async move { Body::from_stream(rsign_spool::stream(document.unwrap())) }
        });
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (address, handle) = (listener.local_addr().unwrap(), Handle::new());
        let bounds = Bounds::new(&Limits { answer_timeout_seconds: 1, ..Limits::default() });
        let (router, served) = (Router::new().route("/", answer), handle.clone());
        tokio::spawn(async move { serve(listener, None, router, served, &bounds).await });
        (address, handle)
    }

    #[tokio::test]
    async fn a_26_an_answer_that_nobody_reads_ends_with_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let bounds =
            rsign_spool::Bounds { document: 1 << 30, request: 1 << 30, client: 1 << 30, all: 1 << 30, memory: 0 };
        let spool = rsign_spool::Spool::new(folder.path().to_owned(), bounds);
        for reads in [true, false] {
            let (_, document) = spool.intake("app").take(&vec![7; LONG]).unwrap();
            let (address, handle) = answering(document).await;
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            if reads {
                client.read_to_end(&mut answer).await.unwrap();
            }
            assert_eq!(answer.len() > LONG, reads, "{}", answer.len());
            let began = std::time::Instant::now();
            while spool.kept() > 0 {
                assert!(began.elapsed() < Duration::from_secs(10), "its share is held");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            handle.shutdown();
        }
    }
}
