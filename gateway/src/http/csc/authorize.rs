//! `credentials/authorize` (11.6), explicit mode.

use std::sync::Arc;

use rsign_api::csc::Ask;
use rsign_api::csc::authentication::Brought;
use rsign_api::csc::credentials::Activation;
use rsign_api::error::{Fault, PIN};
use rsign_api::signer::Authorized;

use crate::domain::credential::Credential;
use crate::domain::token::Bearer;
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::authorization::Wanted;
use crate::service::transactions;

/// The table's rows in order: credentialID, disabled, numSignatures, hashes, OTP, PIN.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let credential = site.app.credentials.reach(&call.bearer, ask.credential()?).await?;
        site.app.credentials.require_enabled(&credential).await?;
        let wanted = match wanted(&ask, &credential) {
            Ok(wanted) => wanted,
            Err(fault) => {
                // `disabled` stands above these rows, and only the signer knows of blocks; it is asked where it matters.
                site.app.credentials.confirm_enabled(&credential).await?;
                return Err(fault.into());
            }
        };
        let authorized = match ask.sealed_pin() {
            Some(tx) => redeem(&site, &call.bearer, &credential, &wanted, tx).await?,
            None => {
                let authorization = &site.app.authorization;
                authorization.require_clear_transport(&call.bearer).await?;
                let Brought { pin, code } = ask.authentication(credential.expression())?;
                authorization.authorize(&call.bearer, &credential, wanted, pin, code).await?
            }
        };
        Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
    })
}

/// A PIN that came sealed: the value names a finished transaction of the same client, credential and members (DESIGN
/// 5). Any other is a wrong PIN, and costs no try, since nobody judged one.
async fn redeem(
    site: &Site,
    bearer: &Bearer,
    credential: &Credential,
    wanted: &Wanted,
    tx: &str,
) -> Result<Authorized, Problem> {
    let Wanted { signatures, list } = wanted;
    let whose = (credential.user.as_str(), credential.id.as_str());
    match site.app.transactions.redeem(tx, &bearer.client, whose, *signatures, list).await {
        Err(transactions::Error::Unknown) => Err(PIN.into()),
        outcome => Ok(outcome?),
    }
}

/// What is to be authorized, judged against the credential.
pub(in crate::http) fn wanted(ask: &Ask<'_>, credential: &Credential) -> Result<Wanted, Fault> {
    let signatures = ask.signatures(credential.multisign)?;
    let list = ask.approved(credential.scal, signatures)?;
    Ok(Wanted { signatures, list })
}
