//! `POST /rch/{tx}/code`: the page or app that holds a transaction has a code sent to the owner of its key.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};

use super::fault::{Fault, token_of};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::port::signer;
use crate::service::one_time_codes::Error;

/// The code is good for the client of the transaction alone, as one it asked for itself.
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    Path(tx): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let transaction = site.app.transactions.find(&tx, token_of(&headers)?).await?;
    let registration = &transaction.registration;
    let found = site.app.transactions.credential(&registration.credential).await.map_err(|_| Fault::Busy)?;
    let (credential, _) = found.ok_or(Fault::Failed)?;
    site.app.one_time_codes.send(&credential, &registration.client).await?;
    Ok(Reply::json(&serde_json::json!({})).map_err(|_| Fault::Busy)?.into_response())
}

impl From<Error> for Fault {
    /// Logged here, once.
    fn from(error: Error) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "no code was sent for a channel");
        match error {
            Error::NotOnline | Error::Signer(signer::Error::Refused(_)) => Self::Failed,
            Error::TooMany { .. } | Error::NoWay | Error::Undelivered(_) | Error::Signer(_) | Error::Store(_) => {
                Self::Busy
            }
        }
    }
}
