//! `oauth2/token` (8.3.3 / 8.4.4): code, client credentials and refresh; rows in the order of the table.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use rsign_api::csc::authorization::{Dialect, Granted};
use rsign_api::csc::oauth2::TokenAnswer;
use rsign_api::error::{self as csc, oauth2 as wire};
use secrecy::SecretString;

use super::VERSION;
use super::client::{Presented, key};
use super::form::Form;
use super::stray;
use crate::domain::client::Client;
use crate::domain::code::Presentation;
use crate::domain::token::{Bearer, Confirmation, Eras};
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::oauth::codes::{CredentialGrant, Redeemed};
use crate::service::tokens::{self, Issued};

/// Issues tokens to clients.
pub(in crate::http) async fn token(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, request).await, VERSION, "oauth2/token", started)
}

/// What a client may present for a token.
enum Grant {
    Code(SecretString),
    ClientCredentials,
    RefreshToken(String),
}

async fn handle(site: &Site, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let form = stray::read(site, &head, body).await?;
    let presented = Presented::read(&head, &form)?;
    let grant = grant(&form)?;
    let client = presented.authenticate(site, &head).await?;
    site.app.rates.admit_client(&client.id)?;
    let key = key(site, &head, &client).await?;
    let tokens = &site.app.tokens;
    let bound = key.clone();
    let issued = match grant {
        Grant::Code(code) => return redeem(site, &form, &client, &code, key).await,
        Grant::ClientCredentials => {
            require_service(&form)?;
            if client.public {
                return Err(wire::PUBLIC_CLIENT.into());
            }
            let eras = Eras { client: client.era, user: 0 };
            let bearer = Bearer { client: client.id, user: None, reach: client.reach, key, eras };
            if client.refresh_tokens { tokens.issue_with_refresh(bearer).await? } else { tokens.issue(bearer).await? }
        }
        Grant::RefreshToken(token) => {
            require_service(&form)?;
            tokens.renew(&token, &client.id, key).await.map_err(not_renewed)?
        }
    };
    Reply::json(&service(issued, bound.as_ref()))
}

/// Credential tokens come from the code flow only, and refreshing never widens.
fn require_service(form: &Form) -> Result<(), Problem> {
    match form.get("scope") {
        None | Some("service") => Ok(()),
        Some(_) => Err(csc::INVALID_SCOPE.into()),
    }
}

async fn redeem(
    site: &Site,
    form: &Form,
    client: &Client,
    code: &SecretString,
    key: Option<Confirmation>,
) -> Result<Reply, Problem> {
    let thumbprint = match &key {
        Some(Confirmation::Jkt(thumbprint)) => Some(thumbprint.clone()),
        _ => None,
    };
    let shown = Presentation {
        client: client.id.clone(),
        redirect_uri: form.get("redirect_uri").map(str::to_owned),
        verifier: form.get("code_verifier").map(str::to_owned),
        key: thumbprint,
        details: form.get("authorization_details").map(|details| (details.to_owned(), site.limits())),
    };
    let bound = key.clone();
    match site.app.codes.redeem(client, code, &shown, key).await? {
        Redeemed::Service(issued) => Reply::json(&service(issued, bound.as_ref())),
        Redeemed::Credential(granted) => Reply::json(&credential(granted, bound.as_ref())),
        Redeemed::Errand(issued, told) => {
            let details = Some(vec![Granted::Errand(told)]);
            Reply::json(&TokenAnswer { details, ..service(issued, bound.as_ref()) })
        }
    }
}

fn service(issued: Issued, key: Option<&Confirmation>) -> TokenAnswer {
    let Issued { access, refresh, expires_in } = issued;
    TokenAnswer {
        access_token: access,
        refresh_token: refresh,
        token_type: proved(key).unwrap_or("Bearer"),
        expires_in,
        credential: None,
        details: None,
    }
}

fn credential(granted: CredentialGrant, key: Option<&Confirmation>) -> TokenAnswer {
    let named = match granted.dialect {
        Dialect::V1 => "SAD",
        Dialect::V2 => "Bearer",
    };
    TokenAnswer {
        access_token: granted.token,
        refresh_token: None,
        token_type: proved(key).unwrap_or(named),
        expires_in: granted.expires_in,
        credential: granted.chosen,
        details: granted.details.map(|details| vec![Granted::Signatures(details)]),
    }
}

/// RFC 9449, 5.
fn proved(key: Option<&Confirmation>) -> Option<&'static str> {
    matches!(key, Some(Confirmation::Jkt(_))).then_some("DPoP")
}

fn grant(form: &Form) -> Result<Grant, Problem> {
    match form.get("grant_type") {
        None => Err(wire::GRANT_TYPE_MISSING.into()),
        Some("authorization_code") => match form.get("code") {
            Some(code) => Ok(Grant::Code(SecretString::from(code))),
            None => Err(wire::CODE_MISSING.into()),
        },
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
