//! `credentials/authorizeCheck` (11.7): what an approval has come to that `credentials/authorize` answered 202 about.

use std::sync::Arc;

use rsign_api::csc::credentials::Activation;

use super::authorize::pending;
use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::prompts::Outcome;

/// The SAD, or the handle again.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let handle = ask.handle()?;
        match site.app.prompts.check(&call.bearer, handle).await? {
            Outcome::Approved(authorized) => {
                Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
            }
            Outcome::Waiting => pending(handle),
        }
    })
}
