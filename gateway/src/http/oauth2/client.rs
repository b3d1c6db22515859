//! How a client says who it is at the OAuth endpoints: Basic header or secret in the body (8.3.3).

use axum::http::{HeaderMap, StatusCode, header};
use rsign_api::error::oauth2 as wire;
use zeroize::Zeroizing;

use super::form::Form;
use crate::domain::client::Client;
use crate::http::bearer::basic;
use crate::http::error::Problem;
use crate::http::site::Site;

/// What was presented, not yet believed.
#[derive(Debug)]
pub(super) struct Presented {
    id: String,
    secret: Option<Zeroizing<String>>,
    contradicts: bool,
}

impl Presented {
    /// Reads it. With a Basic header the body may repeat the client_id or leave it out (clients.md 2m, rule 7).
    pub(super) fn read(headers: &HeaderMap, form: &Form) -> Result<Self, Problem> {
        if headers.contains_key(header::AUTHORIZATION) {
            let basic = basic(headers).map_err(|_| Problem::new(StatusCode::UNAUTHORIZED, wire::HEADER))?;
            let contradicts = form.get("client_id").is_some_and(|id| id != basic.name);
            return Ok(Self { id: basic.name, secret: Some(basic.password), contradicts });
        }
        let id = form.get("client_id").ok_or(wire::CLIENT_ID_MISSING)?;
        let secret = form.get("client_secret").map(|secret| Zeroizing::new(secret.to_owned()));
        Ok(Self { id: id.to_owned(), secret, contradicts: false })
    }

    /// The client, if it is who it says; in the order of the rows: client_id, then the secret.
    pub(super) async fn authenticate(self, site: &Site) -> Result<Client, Problem> {
        if self.contradicts {
            return Err(wire::CLIENT_ID.into());
        }
        let Some(secret) = &self.secret else {
            site.app.clients.find(&self.id).await?;
            return Err(Problem::new(StatusCode::UNAUTHORIZED, wire::CLIENT_AUTHORIZATION));
        };
        Ok(site.app.clients.authenticate(&self.id, secret).await?)
    }
}
