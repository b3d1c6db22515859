//! `oauth2/return`: where the signing page sends the browser back to. Only the session that started the transaction
//! gets anything for it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::form::Form;
use crate::http::account::page::{self, Trouble};
use crate::http::account::session;
use crate::http::error::Problem;
use crate::http::site::Site;
use crate::service::oauth::requests::{self, Denial, Next};
use crate::service::transactions;

/// On to where the transaction began, or to the app with its answer.
pub(in crate::http) async fn come_back(State(site): State<Arc<Site>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let form = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
    let denial = form.get("end").and_then(denial);
    match next(&site, &head.headers, form.get("tx").unwrap_or_default(), denial).await {
        Ok(location) => go(&location),
        Err(trouble) => page::error(&site, &head.headers, trouble, None),
    }
}

/// What the signing page says of a request that nothing came of.
fn denial(end: &str) -> Option<Denial> {
    match end {
        "denied" => Some(Denial::Refused),
        "unusable" => Some(Denial::Unusable),
        _ => None,
    }
}

async fn next(site: &Site, headers: &HeaderMap, tx: &str, denial: Option<Denial>) -> Result<String, Trouble> {
    let session = session::from(site, headers).await.map_err(|problem| failed(&problem))?;
    let session = session.ok_or(Trouble::Foreign)?;
    match site.app.requests.come_back(tx, &session, denial).await {
        Ok(Next::Redirect(url) | Next::Sign(url)) => Ok(url),
        Err(requests::Error::Transaction(transactions::Error::Unknown)) => Err(Trouble::Foreign),
        Err(requests::Error::Unknown) => Err(Trouble::Over),
        Err(requests::Error::Transaction(transactions::Error::Withdrawn)) => Err(Trouble::Withdrawn),
        Err(error) => Err(failed(&error.into())),
    }
}

fn failed(problem: &Problem) -> Trouble {
    let cause = problem.chain();
    tracing::error!(method = "oauth2/return", cause = cause.as_deref(), "failed");
    if problem.status() == StatusCode::SERVICE_UNAVAILABLE { Trouble::Busy } else { Trouble::Ours }
}

fn go(location: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
