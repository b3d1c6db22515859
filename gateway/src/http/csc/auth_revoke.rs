//! `auth/revoke` (11.3): ends service tokens, refresh tokens with all that follow from them, and SADs.

use std::sync::Arc;

use rsign_api::error::TOKEN_UNKNOWN;
use rsign_api::signer::Refusal;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::token::{Bearer, Kind};
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::port::signer;
use crate::service::{authorization, tokens};

/// 204 once it is done.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let token = call.content.ask()?.token()?;
        match Kind::of(token.expose_secret()) {
            Some(Kind::Sad) => end_sad(&site, &call.bearer, token).await?,
            _ => end_token(&site, &call.bearer, &token).await?,
        }
        Ok(Reply::nothing())
    })
}

async fn end_token(site: &Site, bearer: &Bearer, token: &SecretString) -> Result<(), Problem> {
    match site.app.tokens.revoke(token.expose_secret(), bearer).await {
        Err(tokens::Error::Unknown) => Err(TOKEN_UNKNOWN.into()),
        outcome => Ok(outcome?),
    }
}

/// Ends a SAD at the signer, and as an access token here (8.3.4: tokens of a credential may be revoked too).
pub(in crate::http) async fn end_sad(site: &Site, bearer: &Bearer, sad: SecretString) -> Result<(), Problem> {
    let token = sad.expose_secret().to_owned();
    let outcome = site.app.authorization.revoke(bearer, sad).await;
    if outcome.is_ok() {
        site.app.tokens.forget_sad(&token).await?;
    }
    match outcome {
        Err(authorization::Error::Signer(signer::Error::Refused(Refusal::InvalidSad))) => Err(TOKEN_UNKNOWN.into()),
        outcome => Ok(outcome?),
    }
}
