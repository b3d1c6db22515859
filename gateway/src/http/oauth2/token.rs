//! `oauth2/token` (8.3.3 / 8.4.4): client credentials and refresh; rows in the order of the table.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use rsign_api::csc::oauth2::TokenAnswer;
use rsign_api::error::{self as csc, oauth2 as wire};

use super::VERSION;
use super::client::Presented;
use super::form::Form;
use crate::domain::token::Bearer;
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::tokens::{self, Issued};

/// Issues tokens to clients.
pub(in crate::http) async fn token(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, request).await, VERSION, "oauth2/token", started)
}

/// What a client may present for a token.
enum Grant {
    ClientCredentials,
    RefreshToken(String),
}

async fn handle(site: &Site, request: Request) -> Result<Reply, Problem> {
    let (headers, form) = Form::read(site, request).await?;
    let presented = Presented::read(&headers, &form)?;
    let grant = grant(&form)?;
    let client = presented.authenticate(site).await?;
    // Credential tokens come from the code flow only, and refreshing never widens.
    if form.get("scope").is_some_and(|scope| scope != "service") {
        return Err(csc::INVALID_SCOPE.into());
    }
    let tokens = &site.app.tokens;
    let issued = match grant {
        Grant::ClientCredentials => {
            let bearer = Bearer { client: client.id, user: None, reach: client.reach };
            if client.refresh_tokens { tokens.issue_with_refresh(bearer).await? } else { tokens.issue(bearer).await? }
        }
        Grant::RefreshToken(token) => tokens.renew(&token, &client.id).await.map_err(not_renewed)?,
    };
    let Issued { access, refresh, expires_in } = issued;
    Reply::json(&TokenAnswer { access_token: access, refresh_token: refresh, token_type: "Bearer", expires_in })
}

fn grant(form: &Form) -> Result<Grant, Problem> {
    match form.get("grant_type") {
        None => Err(wire::GRANT_TYPE_MISSING.into()),
        Some("client_credentials") => Ok(Grant::ClientCredentials),
        Some("refresh_token") => match form.get("refresh_token") {
            Some(token) => Ok(Grant::RefreshToken(token.to_owned())),
            None => Err(wire::REFRESH_TOKEN_MISSING.into()),
        },
        Some(_) => Err(wire::GRANT_TYPE.into()),
    }
}

fn not_renewed(error: tokens::Error) -> Problem {
    match error {
        tokens::Error::Unknown => wire::REFRESH_TOKEN.into(),
        tokens::Error::Expired => wire::REFRESH_TOKEN_EXPIRED.into(),
        error => error.into(),
    }
}
