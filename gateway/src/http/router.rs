//! Which path is which method. All versions are served the same: clients mix them (clients.md 2m, rule 1).

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use rsign_api::error as wire;
use rsign_api::version::Version;

use super::bearer::bearer;
use super::dispatch::{Method, conclude, dispatch};
use super::error::Problem;
use super::methods::{INFO, METHODS, offered};
use super::reply::Reply;
use super::site::Site;
use super::{account, channel, health, oauth2, openapi, workers};

/// What apps call beside the methods of the API.
pub(super) fn unversioned() -> [(&'static str, MethodRouter<Arc<Site>>); 10] {
    [
        ("/oauth2/authorize", get(oauth2::authorize).post(oauth2::authorize)),
        ("/oauth2/pushed_authorize", post(oauth2::push)),
        ("/oauth2/return", get(oauth2::come_back)),
        ("/oauth2/token", post(oauth2::token)),
        ("/oauth2/revoke", post(oauth2::revoke)),
        ("/.well-known/oauth-authorization-server", get(oauth2::metadata)),
        ("/health/live", get(health::live)),
        ("/health/ready", get(health::ready)),
        ("/scan/settings", post(scan_settings)),
        ("/rest/v1/workers/{id}/process", post(workers::process)),
    ]
}

/// The whole public surface.
pub fn router(site: Arc<Site>) -> Router {
    let mut routes = Router::new().merge(channel::routes(&site)).route("/logo.png", get(logo)).merge(account::routes());
    routes = routes.route("/openapi", get(openapi::index)).route("/openapi/{document}", get(openapi::document));
    for (path, route) in unversioned() {
        routes = routes.route(path, route);
    }
    for (segment, version) in [("v0", Version::V1), ("v1", Version::V1), ("v2", Version::V2)] {
        for method in offered(&site.config) {
            let path = format!("/csc/{segment}/{}", method.name);
            let route = route(version, method);
            routes = routes.route(&format!("{path}/"), route.clone()).route(&path, route);
        }
    }
    routes = routes.route("/csc/{version}/{*method}", post(other));
    let routes = match &site.config.listen.prefix {
        Some(prefix) => Router::new().nest(prefix, routes.clone()).merge(routes),
        None => routes,
    };
    let routes = routes.fallback(nowhere).method_not_allowed_fallback(wrong_verb);
    let routes = if site.is_secure() { routes.layer(map_response(only_over_tls)) } else { routes };
    routes.with_state(site)
}

/// Browsers that came over TLS once never come without it again (RFC 6797): as long as the signing page says it.
async fn only_over_tls(mut response: Response) -> Response {
    let years = HeaderValue::from_static("max-age=63072000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, years);
    response
}

fn route(version: Version, method: &'static Method) -> MethodRouter<Arc<Site>> {
    let run = move |State(site): State<Arc<Site>>, request: Request| dispatch(site, version, method, request);
    let route = post(run);
    // Real v1 clients ask for info by GET.
    if method.name == INFO.name { route.get(run) } else { route }
}

/// A method written with other capitals is that method (clients.md 2l). One this service does not have: 501, after the
/// rules of authorization (clause 10.1).
async fn other(
    State(site): State<Arc<Site>>,
    Path((segment, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let version = if segment == "v2" { Version::V2 } else { Version::V1 };
    let name = name.trim_end_matches('/');
    let known = ["v0", "v1", "v2"].contains(&segment.as_str());
    let meant = offered(&site.config).find(|method| known && method.name.eq_ignore_ascii_case(name));
    if let Some(method) = meant {
        return dispatch(site, version, method, request).await;
    }
    let started = Instant::now();
    // By the name of the table, never the caller's, so that logs stay short.
    let method = METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name));
    let (head, _) = request.into_parts();
    let outcome = match bearer(&site, &head, wire::HEADER).await {
        Ok(_) => Err(Problem::new(StatusCode::NOT_IMPLEMENTED, wire::NOT_IMPLEMENTED)),
        Err(problem) => Err(problem),
    };
    conclude(outcome, version, method.map_or("unknown", |method| method.name), started)
}

/// Clients made for one other service ask it before they sign whether files have to be scanned for malware, and give up
/// when nobody answers (clients.md 2k). Nothing is scanned here.
async fn scan_settings(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    let (head, _) = request.into_parts();
    let outcome = bearer(&site, &head, wire::HEADER).await;
    let answer = outcome.and_then(|_| Reply::json(&serde_json::json!({ "malware_scan_enabled": false })));
    conclude(answer, Version::V1, "scan/settings", started)
}

/// People hear it as a page, apps as JSON.
async fn nowhere(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return account::page::missing(&site, &headers);
    }
    Problem::new(StatusCode::NOT_FOUND, wire::NOT_IMPLEMENTED).response(Version::V2)
}

async fn wrong_verb(uri: Uri) -> Response {
    let fault = if uri.path().contains("/csc/") { wire::USE_POST } else { wire::WRONG_VERB };
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, fault).response(Version::V2)
}

/// The picture `info` points to where the operator names none.
async fn logo() -> Response {
    let mut response = Reply::ready(include_bytes!("../../assets/logo.png").to_vec()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response
}
