//! The CA certificate, its CRL and its OCSP answers for whoever validates, in plain http: all of it is signed (RFC 5280,
//! 4.2.2.1; RFC 6960, A).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use data_encoding::BASE64;
use rsign_ades::evidence::ocsp::{QUERY, REPLY};
use rsign_api::version::Version;

use super::address;
use super::error::Problem;
use super::site::Site;

/// Longest OCSP request, octets.
const LONGEST: usize = 8 * 1024;

/// Paths as certificates name them.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/ca.cer", get(certificate))
        .route("/ca.crl", get(crl))
        .route("/ocsp", axum::routing::post(ocsp))
        .route("/ocsp/{*request}", get(ocsp_in_path))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(site)
}

async fn certificate(State(site): State<Arc<Site>>) -> Response {
    match site.app.authority.published().await {
        Ok(published) => ([(header::CONTENT_TYPE, "application/pkix-cert")], published.certificate.0).into_response(),
        Err(error) => Problem::from(error).response(Version::V2),
    }
}

async fn crl(State(site): State<Arc<Site>>) -> Response {
    match site.app.authority.published().await {
        Ok(published) => ([(header::CONTENT_TYPE, "application/pkix-crl")], published.crl.0).into_response(),
        Err(error) => Problem::from(error).response(Version::V2),
    }
}

async fn ocsp(State(site): State<Arc<Site>>, head: Parts, body: Bytes) -> Response {
    if head.headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != QUERY) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    answer(&site, &head, &body).await
}

/// RFC 6960, A.1: the Base64 of the request in the path, where clients may double the slash before it.
async fn ocsp_in_path(State(site): State<Arc<Site>>, Path(request): Path<String>, head: Parts) -> Response {
    let request = BASE64.decode(request.trim_start_matches('/').as_bytes());
    let octets = request.ok().filter(|octets| octets.len() <= LONGEST).unwrap_or_default();
    let mut response = answer(&site, &head, &octets).await;
    // Others may keep it for a while, but not beyond (RFC 5019, 5).
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn answer(site: &Site, head: &Parts, request: &[u8]) -> Response {
    let answered = site.app.authority.answer(request, address::of(site, head)).await;
    let mut response = ([(header::CONTENT_TYPE, REPLY)], answered.octets).into_response();
    let kept = answered.keep.map(|seconds| format!("max-age={seconds}, public, no-transform, must-revalidate"));
    if let Some(kept) = kept.and_then(|kept| HeaderValue::from_str(&kept).ok()) {
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}
