//! The signing page's own web origin: a few static files, and headers that let them do one thing only.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::tls::{Dated, Serving, certificates, private_key, unpaired};
use crate::page::{CONFIG, Config, FILES, INDEX};

/// How the page reaches browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP, on this machine only.
    Plain,
    /// TLS, on this machine only: no browser shall remember it for everything else that runs on `localhost`.
    LocalTls,
    /// TLS.
    Tls,
}

/// Every file, under the headers.
///
/// # Errors
/// When the configuration cannot be written as JSON.
pub fn page(config: &Config, transport: Transport) -> Result<Router, serde_json::Error> {
    let content = serde_json::to_vec(config)?;
    let mut files: Vec<File> = FILES.iter().map(|(name, content)| File::new(name, content)).collect();
    files.push(File::new(CONFIG, &content));
    let headers = headers(config, transport);
    let under_headers = map_response(move |mut response: Response| {
        response.headers_mut().extend(headers.clone());
        std::future::ready(response)
    });
    Ok(Router::new().fallback(get(serve_file)).layer(under_headers).with_state(files.into()))
}

#[derive(Debug)]
struct File {
    name: String,
    content: axum::body::Bytes,
    kind: &'static str,
    tag: String,
}

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let kind = match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "json" => "application/json",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        let tag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(content)));
        Self { name: name.to_owned(), content: axum::body::Bytes::copy_from_slice(content), kind, tag }
    }
}

/// A path is a name of the list or it is nothing: no path is ever joined, decoded or looked for on a disk.
async fn serve_file(State(files): State<Arc<[File]>>, uri: Uri, asked: HeaderMap) -> Response {
    let name = match uri.path() {
        "/" => INDEX,
        path => path.strip_prefix('/').unwrap_or_default(),
    };
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return (StatusCode::NOT_FOUND, "Not found\n").into_response();
    };
    let known = [(header::ETAG, file.tag.clone()), (header::CONTENT_TYPE, file.kind.to_owned())];
    match asked.get(header::IF_NONE_MATCH) {
        Some(tag) if tag.as_bytes() == file.tag.as_bytes() => (StatusCode::NOT_MODIFIED, known).into_response(),
        _ => (known, file.content.clone()).into_response(),
    }
}

#[expect(clippy::expect_used, reason = "an Origin holds nothing that could not stand in a header")]
fn headers(config: &Config, transport: Transport) -> HeaderMap {
    // `connect-src 'self'` is for config.json; this origin takes no other request.
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
        config.gateway.as_str()
    );
    let policy = HeaderValue::from_str(&policy).expect("an origin is ASCII");
    let mut headers = HeaderMap::from_iter([(header::CONTENT_SECURITY_POLICY, policy)]);
    let fixed = [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), fullscreen=(), \
             geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=(), \
             xr-spatial-tracking=()",
        ),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if transport == Transport::Tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    headers
}

/// Binds and serves; with a certificate chain and a key (PEM) over TLS.
///
/// # Errors
/// When a file cannot be read or the address not be bound.
pub async fn serve_page(address: SocketAddr, tls: Option<(&Path, &Path)>, router: Router) -> Result<Serving, String> {
    let config = tls.map(|(certificate, key)| server_config(certificate, key)).transpose()?;
    let listener = std::net::TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let handle = Handle::new();
    let mut server = axum_server::from_tcp(listener).map_err(|error| error.to_string())?.handle(handle.clone());
    server.http_builder().http1().header_read_timeout(Duration::from_secs(30)).timer(hyper_util::rt::TokioTimer::new());
    let service = router.into_make_service();
    let task = match config {
        None => tokio::spawn(server.serve(service)),
        Some(config) => {
            let acceptor = axum_server::tls_rustls::RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(config)))
                .handshake_timeout(Duration::from_secs(5));
            tokio::spawn(server.acceptor(acceptor).serve(service))
        }
    };
    Ok(Serving { address, handle, task })
}

fn server_config(certificate: &Path, key: &Path) -> Result<rustls::ServerConfig, String> {
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates(certificate)?, private_key(key)?)
        .map_err(|error| unpaired(&error, certificate, key))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Until when the page's certificate is good.
///
/// # Errors
/// When the file cannot be read.
pub fn page_dates(certificate: &Path) -> Result<Vec<Dated>, String> {
    let chain = certificates(certificate)?;
    Ok(Dated::of_chain("--certificate", certificate, &chain).into_iter().collect())
}

#[cfg(test)]
mod tests;
