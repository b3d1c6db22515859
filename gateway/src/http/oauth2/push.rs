//! `oauth2/pushed_authorize` (8.4.3; RFC 9126): the request comes from the client itself, authenticated, and the
//! browser carries only its handle.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rsign_api::csc::oauth2::{PushedAnswer, REQUEST_URN};
use rsign_api::error::oauth2 as wire;
use secrecy::ExposeSecret as _;

use super::VERSION;
use super::asked::{self, Way};
use super::client::Presented;
use super::form::{Form, SHORT};
use crate::domain::authorization_request::PUSHED_SECONDS;
use crate::domain::client::Client;
use crate::http::address;
use crate::http::bearer::proof;
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::oauth::requests::Asked;

/// Keeps what a client asks for until its user's browser comes with the handle.
pub(in crate::http) async fn push(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, request).await, VERSION, "oauth2/pushed_authorize", started)
}

/// The request: as it stands in the form, or as the client has signed it (RFC 9126, 3).
fn asked(site: &Site, form: &Form, client: &Client) -> Result<Asked, Problem> {
    let Some(jws) = form.get("request") else {
        return Ok(asked::rest(form, asked::answer(form, client)?, Way::Pushed, site.limits())?);
    };
    let object = site.app.signed_requests.read(client, jws)?;
    let asked = asked::rest(&object, asked::answer(&object, client)?, Way::Pushed, site.limits())?;
    Ok(Asked { signed: Some(jws.to_owned()), ..asked })
}

async fn handle(site: &Site, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let form = Form::read(site, body).await?;
    let client = Presented::read(&head, &form)?.authenticate(site, &head).await?;
    // Whoever need not show who they are may not say much.
    if client.public && form.octets() > SHORT {
        return Err(Problem::too_long(SHORT));
    }
    if form.get("request_uri").is_some() {
        return Err(wire::REQUEST_URI_PUSHED.into());
    }
    let mut asked = Asked { address: address::of(site, &head), ..asked(site, &form, &client)? };
    // A proof binds the code to its key (RFC 9449, 10.1); beside `dpop_jkt` it must prove the same one.
    if let Some(proved) = proof(site, &head, None).await? {
        if asked.key.as_ref().is_some_and(|named| *named != proved) {
            return Err(wire::DPOP_PROOF.into());
        }
        asked.key = Some(proved);
    }
    let handle = site.app.requests.push(&client, asked).await?;
    let request_uri = format!("{REQUEST_URN}{}", handle.expose_secret());
    let answer = Reply::json(&PushedAnswer { request_uri, expires_in: PUSHED_SECONDS })?;
    Ok(answer.with_status(StatusCode::CREATED))
}
