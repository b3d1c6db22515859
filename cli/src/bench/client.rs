//! A small HTTP client with one connection a caller, as an app server would keep them.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where the service is and how to get in.
#[derive(Clone)]
pub(super) struct Target {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    host: String,
}

impl Target {
    pub(super) fn new(base: &str, tls_ca: Option<&str>) -> anyhow::Result<Self> {
        let url = url::Url::parse(base)?;
        let host = url.host_str().context("no host")?.to_owned();
        let address = SocketAddr::new(host.parse()?, url.port().context("no port")?);
        let tls = tls_ca.map(connector).transpose()?;
        Ok(Self { address, tls, host })
    }

    pub(super) async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let sender = match &self.tls {
            None => {
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
            Some(tls) => {
                let stream = tls.connect(ServerName::try_from(self.host.clone())?, stream).await?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        Ok(Connection { sender, host: format!("{}:{}", self.host, self.address.port()) })
    }
}

fn connector(ca: &str) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).with_context(|| ca.to_owned())?)?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One connection, one request at a time.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    pub(super) async fn post(
        &mut self,
        path: &str,
        kind: &str,
        authorization: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::post(path)
            .header("host", &self.host)
            .header("content-type", kind)
            .header("authorization", authorization)
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
