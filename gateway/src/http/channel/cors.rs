//! Which page's scripts may use a transaction: those of the signing page's origin, without cookies.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::fault::Fault;
use crate::http::site::Site;

/// How long a browser may remember the permission, seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Lets through what comes from the signing page or from no page at all, and tells the browser so.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let ours = site.config.page.sign_origin.as_deref();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let foreign = origin.as_ref().is_some_and(|origin| origin.to_str().ok() != ours);
    let asks = request.method() == Method::OPTIONS;
    let mut response = if foreign { Fault::Unknown.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| !foreign) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if asks {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            headers
                .insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
    }
    response
}

/// What a browser asks before it sends the real request: all is said by [`guard`].
pub(super) async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}
