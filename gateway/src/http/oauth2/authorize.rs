//! `oauth2/authorize` (8.3.2 / 8.4.2): where a user's browser comes with what an app asks for. Nobody is authenticated
//! here and no cookie is read or set, so the answer may be handed on (clients.md 2e).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use rsign_api::csc::authorization::Parameters;
use rsign_api::csc::oauth2::REQUEST_URN;
use rsign_api::error::{Fault, oauth2 as wire};
use rsign_api::version::Version;

use super::VERSION;
use super::asked::{self, Way};
use super::form::{Form, SHORT};
use crate::domain::client::Client;
use crate::http::account::page::{self, Trouble};
use crate::http::address;
use crate::http::body;
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::site::Site;
use crate::service::clients;
use crate::service::oauth::requests::{Asked, Error};

/// Where the browser goes, or why it goes nowhere.
enum Outcome {
    /// On, to the page that asks, or back, with an error for the app.
    Go(String),
    /// Nobody can be told but the user: never a redirect.
    Stay(Trouble, Option<Fault>),
    /// Ours.
    Fail(Problem),
}

/// By GET with a query, or by POST with a form.
pub(in crate::http) async fn authorize(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let form = if head.method == Method::POST {
        body::read_short(body, &site.config.limits, SHORT).await.map(|body| Form::parse(&body))
    } else {
        Ok(Form::parse(head.uri.query().unwrap_or_default().as_bytes()))
    };
    let outcome = match form {
        Ok(form) => judge(&site, &form, address::of(&site, &head)).await,
        Err(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE => Outcome::Stay(Trouble::Large, None),
        Err(problem) => Outcome::Fail(problem),
    };
    answer(&site, &head.headers, &head.method, outcome, started)
}

async fn judge(site: &Site, form: &Form, address: Option<IpAddr>) -> Outcome {
    if form.repeats("client_id") {
        return Outcome::Stay(Trouble::Client, Some(wire::CLIENT_ID));
    }
    let client = match form.get("client_id") {
        None => return Outcome::Stay(Trouble::Client, Some(wire::CLIENT_ID_MISSING)),
        Some(id) => match site.app.clients.find(id).await {
            Ok(client) => client,
            Err(clients::Error::Unknown) => return Outcome::Stay(Trouble::Client, Some(wire::CLIENT_ID)),
            Err(error) => return Outcome::Fail(error.into()),
        },
    };
    if form.get("request_uri").is_some() || form.repeats("request_uri") {
        return pushed(site, form, &client).await;
    }
    let Some(jws) = form.get("request") else { return ask(site, form, &client, None, address).await };
    // Signed: what stands beside it is not looked at (RFC 9101, 6.3).
    match site.app.signed_requests.read(&client, jws) {
        Ok(object) => ask(site, &object, &client, Some(jws), address).await,
        // A client that signs nothing may be told where it asked to be told; of any other nothing is certain.
        Err(fault) => match asked::answer(form, &client) {
            Ok(answer) if fault == wire::REQUEST_UNSIGNABLE => Outcome::Go(site.app.requests.refusal(&answer, fault)),
            _ => Outcome::Stay(Trouble::Request, Some(fault)),
        },
    }
}

async fn ask(
    site: &Site,
    parameters: &impl Parameters,
    client: &Client,
    signed: Option<&str>,
    address: Option<IpAddr>,
) -> Outcome {
    let answer = match asked::answer(parameters, client) {
        Ok(answer) => answer,
        Err(fault) => return Outcome::Stay(Trouble::Redirect, Some(fault)),
    };
    let requests = &site.app.requests;
    let accepted = match asked::rest(parameters, answer.clone(), Way::Browser, site.limits()) {
        Ok(asked) => requests.accept(client, Asked { signed: signed.map(str::to_owned), address, ..asked }).await,
        Err(fault) => Err(Error::Refused(fault)),
    };
    match accepted {
        Ok(id) => Outcome::Go(requests.approval_page(&id)),
        Err(Error::Refused(fault)) => {
            let (error, sentence) = (fault.code(Version::V2), fault.sentence(Version::V2));
            tracing::warn!(client.id = client.id, error, "an authorization request was refused: {sentence}");
            Outcome::Go(requests.refusal(&answer, fault))
        }
        Err(error) => Outcome::Fail(error.into()),
    }
}

/// A pushed request: nothing beside `client_id` and `request_uri` is looked at (RFC 9126, 4), so nothing can be taken
/// out of it or put into it here.
async fn pushed(site: &Site, form: &Form, client: &Client) -> Outcome {
    let over = Outcome::Stay(Trouble::Over, Some(wire::REQUEST_URI));
    let Some(handle) = form.get("request_uri").and_then(|uri| uri.strip_prefix(REQUEST_URN)) else { return over };
    match site.app.requests.pull(client, handle).await {
        Ok(id) => Outcome::Go(site.app.requests.approval_page(&id)),
        Err(Error::Unknown) => over,
        Err(error) => Outcome::Fail(error.into()),
    }
}

fn answer(site: &Site, headers: &HeaderMap, method: &Method, outcome: Outcome, started: Instant) -> Response {
    let name = "oauth2/authorize";
    match outcome {
        Outcome::Go(location) => {
            tracing::debug!(method = name, duration_ms = started.elapsed().as_millis(), "served");
            go(method, &location)
        }
        Outcome::Stay(trouble, fault) => {
            let detail = fault.map(|fault| fault.sentence(Version::V2));
            tracing::warn!(method = name, detail, "refused, and nobody to send back to");
            page::error(site, headers, trouble, detail)
        }
        // The form was too large or came too slowly: no browser of ours sent it.
        Outcome::Fail(problem) if problem.status().is_client_error() => conclude(Err(problem), VERSION, name, started),
        Outcome::Fail(problem) => {
            let cause = problem.chain();
            tracing::error!(method = name, cause = cause.as_deref(), "failed");
            let busy = problem.status() == StatusCode::SERVICE_UNAVAILABLE;
            page::error(site, headers, if busy { Trouble::Busy } else { Trouble::Ours }, None)
        }
    }
}

/// 302 as CSC says; after a form 303, so that it is not sent on (RFC 9700, 4.12).
fn go(method: &Method, location: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = if *method == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
