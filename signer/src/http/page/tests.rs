//! The page's origin as a browser, and as an attacker, meets it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{Transport, page};
use crate::page::{Config, FILES, IdentityKey};

const GATEWAY: &str = "https://gateway.example:8443";

fn site(transport: Transport) -> Router {
    let key = crate::certificate::spki::ec(rsign_api::algorithm::KeyType::P256, &[4; 65]).unwrap();
    let keys = vec![IdentityKey::from_spki(&key).unwrap()];
    page(&Config { gateway: GATEWAY.parse().unwrap(), keys }, transport).unwrap()
}

async fn ask(method: Method, path: &str, tag: Option<&str>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(tag) = tag {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    let request = request.body(Body::empty()).unwrap();
    let (head, body) = site(Transport::Tls).oneshot(request).await.unwrap().into_parts();
    (head.status, head.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn get(path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    ask(Method::GET, path, None).await
}

#[tokio::test]
async fn every_file_is_served_as_what_it_is() {
    for (name, content) in FILES {
        let (status, headers, body) = get(&format!("/{name}")).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, *content), "{name}");
        let kind = headers[header::CONTENT_TYPE].to_str().unwrap();
        let expected = match name.rsplit('.').next().unwrap() {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("no kind for {other}"),
        };
        assert_eq!(kind, expected);
    }
    assert_eq!(get("/").await.2, get("/index.html").await.2);
}

#[tokio::test]
async fn the_configuration_names_gateway_and_keys() {
    let (status, _, body) = get("/config.json").await;
    assert_eq!(status, StatusCode::OK);
    let config: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(config["gateway"], GATEWAY);
    let spki = config["keys"][0]["spki"].as_str().unwrap();
    assert_eq!(data_encoding::BASE64URL_NOPAD.decode(spki.as_bytes()).unwrap().len(), 91);
}

/// Whatever is answered, also that there is nothing, stands under the same headers.
#[tokio::test]
async fn a_06_a_30_a_45_every_answer_is_under_the_strictest_headers() {
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/page.js"),
        (Method::GET, "/config.json"),
        (Method::GET, "/nothing"),
        (Method::POST, "/"),
    ] {
        let (_, headers, _) = ask(method, path, None).await;
        let text = |name: &str| headers.get(name).unwrap_or_else(|| panic!("{path}: no {name}")).to_str().unwrap();
        let policy = text("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self' https://gateway.example:8443",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == part), "{part} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(text("referrer-policy"), "no-referrer");
        assert_eq!(text("x-content-type-options"), "nosniff");
        assert_eq!(text("x-frame-options"), "DENY");
        assert_eq!(text("cross-origin-opener-policy"), "same-origin");
        assert_eq!(text("cache-control"), "no-cache");
        assert!(text("strict-transport-security").starts_with("max-age="));
        assert!(text("permissions-policy").contains("camera=()"));
        assert!(headers.get(header::SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn on_this_machine_no_browser_is_told_to_remember_it() {
    for transport in [Transport::Plain, Transport::LocalTls] {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = site(transport).oneshot(request).await.unwrap();
        assert!(response.headers().get(header::STRICT_TRANSPORT_SECURITY).is_none());
    }
}

#[tokio::test]
async fn a_path_is_a_name_of_the_list_or_nothing() {
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "//index.html",
        "/./index.html",
        "/index.html/",
        "/INDEX.HTML",
        "/page%2ejs",
        "/page.js%00",
        "/.git/config",
        "/signer.toml",
        "/config.json/..",
    ] {
        let (status, _, body) = get(path).await;
        assert_eq!((status, body.as_slice()), (StatusCode::NOT_FOUND, b"Not found\n".as_slice()), "{path}");
    }
}

#[tokio::test]
async fn it_is_read_only_and_says_when_nothing_changed() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert_eq!(ask(method, "/", None).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
    let (_, headers, _) = get("/page.js").await;
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    let (status, headers, body) = ask(Method::GET, "/page.js", Some(&tag)).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert!(headers.get(header::CONTENT_SECURITY_POLICY).is_some());
    assert_eq!(ask(Method::GET, "/", Some(&tag)).await.0, StatusCode::OK, "another file's");
    let (status, _, body) = ask(Method::HEAD, "/", None).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
}
