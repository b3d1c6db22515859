//! `auth/login` (11.2).

use std::sync::Arc;

use axum::http::StatusCode;
use rsign_api::csc::auth::{Login, LoginAnswer};
use rsign_api::error::NOT_IMPLEMENTED;
use secrecy::{ExposeSecret as _, SecretString};

use crate::http::bearer::basic;
use crate::http::dispatch::{Answer, OpenCall};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::login::Remember;
use crate::service::tokens::Issued;

/// A refresh token in the body, or else a Basic header.
pub(in crate::http) fn handle(site: Arc<Site>, call: OpenCall) -> Answer {
    Box::pin(async move {
        let Some(login) = &site.app.login else {
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, NOT_IMPLEMENTED));
        };
        // On its own line: a parsed body shall not be kept while a password waits for its turn.
        let wanted = call.content.ask()?.login()?;
        let issued = match wanted {
            Login::Refresh(token) => login.renew(token.expose_secret()).await?,
            Login::Password { remember } => {
                let basic = basic(&call.headers)?;
                let remember = if remember { Remember::Yes } else { Remember::No };
                login.sign_in(&basic.name, SecretString::from(basic.password.as_str()), remember, call.address).await?
            }
        };
        let Issued { access, refresh, expires_in } = issued;
        Reply::json(&LoginAnswer { access_token: access, refresh_token: refresh, token_type: "Bearer", expires_in })
    })
}
