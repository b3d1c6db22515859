//! `credentials/getChallenge` (11.8 in 2.0.0.2).

use std::sync::Arc;

use rsign_api::csc::authentication::OTP;
use rsign_api::error as wire;

use super::send_otp::send;
use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;

/// The one object here that a challenge goes before is a code that is sent: it is out of band, so 204 and no challenge.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        // Its table has one row for a credentialID that is missing or unknown.
        let id = ask.credential().map_err(|_| wire::CREDENTIAL)?;
        let credential = site.app.credentials.reach(&call.bearer, id).await?;
        if ask.auth_object()? != OTP {
            return Err(wire::AUTH_OBJECT.into());
        }
        send(&site, &call.bearer, &credential, [wire::AUTH_OBJECT, wire::OTP_LOCKED]).await?;
        Ok(Reply::nothing())
    })
}
