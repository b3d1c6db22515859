//! Which path is which method. The tables of the versions are the same: clients mix them (clients.md 2m, rule 1).

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use rsign_api::error as wire;
use rsign_api::version::Version;

use super::bearer::bearer;
use super::dispatch::{Method, Run, conclude, dispatch};
use super::error::Problem;
use super::reply::Reply;
use super::site::Site;
use super::{account, channel, csc, oauth2, openapi};

/// The methods of the API, in the order `info` names them.
static METHODS: [Method; 8] = [
    Method { name: "auth/login", header: wire::HEADER, run: Run::Open(csc::auth_login::handle) },
    Method { name: "auth/revoke", header: wire::HEADER_CAPITALS, run: Run::Service(csc::auth_revoke::handle) },
    Method { name: "credentials/list", header: wire::HEADER, run: Run::Service(csc::credentials_list::handle) },
    Method { name: "credentials/info", header: wire::HEADER, run: Run::Credential(csc::credentials_info::handle) },
    Method { name: "credentials/authorize", header: wire::HEADER, run: Run::Service(csc::authorize::handle) },
    Method {
        name: "credentials/extendTransaction",
        header: wire::HEADER_CAPITALS,
        run: Run::Service(csc::extend_transaction::handle),
    },
    Method { name: "signatures/signHash", header: wire::HEADER, run: Run::Credential(csc::sign_hash::handle) },
    INFO,
];

const INFO: Method = Method { name: "info", header: wire::HEADER, run: Run::Open(csc::info::handle) };

/// `auth/login` is a method only where it is switched on (DESIGN 6).
fn offered(basic: bool) -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(move |method| basic || method.name != "auth/login")
}

/// Every method of the API there is here.
#[cfg(test)]
pub(super) fn served_names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|method| method.name)
}

/// `methods` of `info`; `info` itself may be left out (11.1).
pub(super) fn method_names(basic: bool) -> Vec<&'static str> {
    offered(basic).map(|method| method.name).filter(|name| *name != INFO.name).collect()
}

/// What apps call beside the methods of the API.
pub(super) fn unversioned() -> [(&'static str, MethodRouter<Arc<Site>>); 6] {
    [
        ("/oauth2/authorize", get(oauth2::authorize).post(oauth2::authorize)),
        ("/oauth2/pushed_authorize", post(oauth2::push)),
        ("/oauth2/return", get(oauth2::come_back)),
        ("/oauth2/token", post(oauth2::token)),
        ("/oauth2/revoke", post(oauth2::revoke)),
        ("/.well-known/oauth-authorization-server", get(oauth2::metadata)),
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
        for method in offered(site.config.auth.basic) {
            let path = format!("/csc/{segment}/{}", method.name);
            let route = route(version, method);
            routes = routes.route(&format!("{path}/"), route.clone()).route(&path, route);
        }
    }
    routes = routes.route("/csc/{version}/{*method}", axum::routing::any(unknown));
    let routes = match &site.config.listen.prefix {
        Some(prefix) => Router::new().nest(prefix, routes.clone()).merge(routes),
        None => routes,
    };
    routes.fallback(nowhere).method_not_allowed_fallback(wrong_verb).with_state(site)
}

fn route(version: Version, method: &'static Method) -> MethodRouter<Arc<Site>> {
    let run = move |State(site): State<Arc<Site>>, request: Request| dispatch(site, version, method, request);
    let route = post(run);
    // Real v1 clients ask for info by GET.
    if method.name == INFO.name { route.get(run) } else { route }
}

/// A method this service does not have: 501, after the rules of authorization (clause 10.1).
async fn unknown(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    let path = request.uri().path();
    let version = if path.contains("/csc/v0/") || path.contains("/csc/v1/") { Version::V1 } else { Version::V2 };
    let (head, _) = request.into_parts();
    let outcome = match bearer(&site, &head, wire::HEADER).await {
        Ok(_) => Err(Problem::new(StatusCode::NOT_IMPLEMENTED, wire::NOT_IMPLEMENTED)),
        Err(problem) => Err(problem),
    };
    conclude(outcome, version, "unknown", started)
}

/// People hear it as a page, apps as JSON.
async fn nowhere(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return account::page::missing(&site, &headers);
    }
    Problem::new(StatusCode::NOT_FOUND, wire::NOT_IMPLEMENTED).response(Version::V2)
}

async fn wrong_verb() -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, wire::MALFORMED).response(Version::V2)
}

/// The picture `info` points to where the operator names none.
async fn logo() -> Response {
    let mut response = Reply::ready(include_bytes!("../../assets/logo.png").to_vec()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response
}
