//! `signatures/signPolling` (11.12 in 2.0.0.2): what `signHash` or `signDoc` in mode A has come to.

use std::sync::Arc;

use axum::http::StatusCode;
use rsign_api::csc::signatures::Signatures;
use rsign_api::error::ACCEPTED;

use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::jobs::{Asker, Polled};

/// The table's rows in order. "Not yet" is 202 with the body of an error, as the standard wants it.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let credential = call.own.as_ref().map(|own| own.credential.as_str());
        let asker = Asker { bearer: &call.bearer, credential, user: ask.polled_user() };
        let polled = site.app.jobs.poll(ask.polled()?, asker).await?;
        ask.polled_client_data()?;
        match polled {
            Polled::Signed(signatures) => Reply::json(&Signatures { signatures }),
            Polled::Documents(documents) => Reply::documents(documents),
            Polled::Running => {
                let body = ACCEPTED.body(call.content.version);
                Ok(Reply::json(&body)?.with_status(StatusCode::ACCEPTED))
            }
        }
    })
}
