//! The CA certificate and its CRL for whoever validates, in plain http: both are signed (RFC 5280, 4.2.2.1).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rsign_api::version::Version;

use super::error::Problem;
use super::site::Site;

/// Paths as certificates name them.
pub fn router(site: Arc<Site>) -> Router {
    Router::new().route("/ca.cer", get(certificate)).route("/ca.crl", get(crl)).with_state(site)
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
