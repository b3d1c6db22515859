//! `oauth2/revoke` (8.3.4 / 8.4.5): as in RFC 7009, but an unknown token is an error, and the answer is
//! 204; 200 to clients that know only the RFC (arctic).

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rsign_api::csc::auth::TokenKind;
use rsign_api::error::{TOKEN_UNKNOWN, oauth2 as wire};
use secrecy::SecretString;

use super::VERSION;
use super::client::Presented;
use super::form::Form;
use crate::domain::token::{Bearer, Eras, Kind};
use crate::http::csc::auth_revoke::end_sad;
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::tokens;

/// Ends a token of the client that asks.
pub(in crate::http) async fn revoke(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, request).await, VERSION, "oauth2/revoke", started)
}

async fn handle(site: &Site, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let form = Form::read(site, body).await?;
    let token = form.get("token").ok_or(wire::TOKEN_MISSING)?;
    if form.get("token_type_hint").is_some_and(|hint| TokenKind::from_hint(hint).is_none()) {
        return Err(wire::TOKEN_HINT.into());
    }
    let client = Presented::read(&head, &form)?.authenticate(site, &head).await?;
    let status = if client.revokes_with_ok { StatusCode::OK } else { StatusCode::NO_CONTENT };
    let done = Reply::nothing().with_status(status);
    let eras = Eras { client: client.era, user: 0 };
    let by = Bearer { client: client.id, user: None, reach: client.reach, key: None, eras };
    if Kind::of(token) == Some(Kind::Sad) {
        end_sad(site, &by, SecretString::from(token)).await?;
        return Ok(done);
    }
    match site.app.tokens.revoke(token, &by).await {
        // A token of another client is as unknown as one that never was (security.md, RFC 7009 row).
        Err(tokens::Error::Unknown) => Err(TOKEN_UNKNOWN.into()),
        outcome => {
            outcome?;
            Ok(done)
        }
    }
}
