//! Token requests whose parameters stand in JSON or in the query string: taken from clients whose registration says so
//! (clients.md 2e, 2k). To everybody else only the form counts, as RFC 6749 has it.

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use rsign_api::error::MALFORMED;

use super::client::basic_name;
use super::form::Form;
use crate::domain::client::TokenRequest;
use crate::http::body;
use crate::http::error::Problem;
use crate::http::site::Site;
use crate::service::clients;

/// What may never stand in a query string, since those end up in logs.
const SECRETS: [&str; 2] = ["client_secret", "client_assertion"];

/// The parameters of a token request.
pub(super) async fn read(site: &Site, head: &Parts, body: Body) -> Result<Form, Problem> {
    let body = body::read(body, &site.config.limits).await?;
    let form = match stray(site, head, &body) {
        Some((place, form)) if takes(site, head, &form, place).await? => form,
        _ => Form::parse(&body),
    };
    if form.is_clear() { Ok(form) } else { Err(MALFORMED.into()) }
}

/// Parameters that stand elsewhere, and where.
fn stray(site: &Site, head: &Parts, body: &[u8]) -> Option<(TokenRequest, Form)> {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return Some((TokenRequest::Json, Form::parse_json(body, site.config.limits.depth)?));
    }
    let query = head.uri.query().filter(|query| !query.is_empty() && body.is_empty())?;
    Some((TokenRequest::Query, Form::parse(query.as_bytes()).without(&SECRETS)))
}

/// Whether the client, as far as it says who it is, may do so.
async fn takes(site: &Site, head: &Parts, form: &Form, place: TokenRequest) -> Result<bool, Problem> {
    let Some(id) = basic_name(head).or_else(|| form.get("client_id").map(str::to_owned)) else { return Ok(false) };
    match site.app.clients.find(&id).await {
        Ok(client) => Ok(client.token_requests.contains(&place)),
        Err(clients::Error::Unknown) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
