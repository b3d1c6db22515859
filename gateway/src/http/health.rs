//! `GET /health/live` and `/health/ready`: for load balancers and operators. Anybody may ask, and hears neither version nor
//! address.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rsign_api::version::Version;
use serde::Serialize;

use super::error::Problem;
use super::reply::Reply;
use super::site::Site;
use crate::service::health::Found;
use crate::service::stopping::Stopped;

#[derive(Debug, Serialize)]
struct Said {
    status: &'static str,
    #[serde(flatten)]
    parts: Option<Found>,
}

/// The process answers.
pub(super) async fn live() -> Response {
    say(StatusCode::OK, "live", None)
}

/// Calls can be served, or which part keeps them from it.
pub(super) async fn ready(State(site): State<Arc<Site>>) -> Response {
    if site.app.stopping.has_begun() {
        return say(StatusCode::SERVICE_UNAVAILABLE, "stopping", None);
    }
    let found = site.app.health.look().await;
    let (status, word) =
        if found.is_ready() { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    say(status, word, Some(found))
}

fn say(status: StatusCode, word: &'static str, parts: Option<Found>) -> Response {
    match Reply::json(&Said { status: word, parts }) {
        Ok(reply) => reply.with_status(status).into_response(),
        Err(problem) => problem.response(Version::V2),
    }
}

/// What who comes during the stop hears, while calls under way end: that there is nobody for them any more.
pub fn closing_router(site: Arc<Site>) -> Router {
    let here = Router::new().route("/health/live", get(live)).route("/health/ready", get(ready));
    let here = match &site.config.listen.prefix {
        Some(prefix) => Router::new().nest(prefix, here.clone()).merge(here),
        None => here,
    };
    let leave = async |mut response: Response| {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    };
    let away = async || Problem::unavailable(Stopped).response(Version::V2);
    here.fallback(away).layer(axum::middleware::map_response(leave)).with_state(site)
}
