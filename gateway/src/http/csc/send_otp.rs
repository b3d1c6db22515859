//! `credentials/sendOTP` (11.8 in 1.0.4.0; 2.1 keeps it beside getChallenge).

use std::sync::Arc;

use rsign_api::error as wire;
use rsign_api::error::Fault;
use rsign_api::signer::Refusal;

use crate::domain::credential::Credential;
use crate::domain::token::Bearer;
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::port::signer;
use crate::service::one_time_codes::Error;

/// A code for the client of this token. A credential that takes none is no credential to this method.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let credential = site.app.credentials.reach(&call.bearer, ask.credential()?).await?;
        send(&site, &call.bearer, &credential, [wire::CREDENTIAL, wire::SEND_OTP_LOCKED]).await?;
        // Those that take nothing but 200 read JSON, too.
        let with_ok = site.app.authorization.sends_otp_with_ok(&call.bearer).await?;
        if with_ok { Reply::json(&serde_json::json!({})) } else { Ok(Reply::nothing()) }
    })
}

/// Sends it; the method has its own words for a credential without such codes, and for locked ones.
pub(super) async fn send(
    site: &Site,
    bearer: &Bearer,
    credential: &Credential,
    [unfit, locked]: [Fault; 2],
) -> Result<(), Problem> {
    site.app.credentials.require_enabled(credential).await?;
    match site.app.one_time_codes.send(credential, &bearer.client).await {
        Ok(()) => Ok(()),
        Err(Error::NotOnline) => Err(unfit.into()),
        Err(error @ Error::Signer(signer::Error::Refused(Refusal::FactorLocked))) => {
            Err(Problem::from(locked).because(error))
        }
        Err(error) => Err(error.into()),
    }
}
