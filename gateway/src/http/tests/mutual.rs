//! The listener that asks for client certificates, over a real handshake.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::config::limits::Limits;
use crate::http::{Bounds, ClientCertificates, Handle, Tls, bind, peer, serve};

/// What the server saw of a client's certificate, on a listener of this kind.
async fn seen(clients: ClientCertificates, with_certificate: bool) -> String {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    std::fs::write(&certificate, server.cert.pem()).unwrap();
    std::fs::write(&key, server.signing_key.serialize_pem()).unwrap();
    let tls = Tls::read(&certificate, &key, clients).unwrap();
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new()
        .route("/", get(async |request: Request| peer::thumbprint(request.extensions()).unwrap_or_default()));
    let handle = Handle::new();
    let bounds = Bounds::new(&Limits::default());
    let stopped = handle.clone();
    let serving = tokio::spawn(async move { serve(listener, Some(tls), router, stopped, &bounds).await });

    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let config = if with_certificate {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["client".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        builder.with_client_auth_cert(vec![cert.der().clone()], key).unwrap()
    } else {
        builder.with_no_client_auth()
    };
    let connector =
        hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let answer = client.get(format!("https://localhost:{port}/").parse().unwrap()).await.unwrap();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    handle.shutdown();
    serving.await.unwrap().unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}

#[tokio::test]
async fn a_certificate_may_be_shown_where_it_is_asked_for() {
    assert_eq!(seen(ClientCertificates::Asked, true).await.len(), 43);
    assert_eq!(seen(ClientCertificates::Asked, false).await, "");
    assert_eq!(seen(ClientCertificates::Ignored, true).await, "");
}
