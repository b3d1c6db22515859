//! `credentials/authorize` (11.6): with the PIN in explicit mode; in implicit mode its user is asked. There v1, which
//! knows no other answer, waits for the user, and v2 says what to ask `authorizeCheck` about.

use std::sync::Arc;

use axum::http::StatusCode;
use rsign_api::channel::list::List;
use rsign_api::csc::Ask;
use rsign_api::csc::approval::Pending;
use rsign_api::csc::authentication::Brought;
use rsign_api::csc::credentials::Activation;
use rsign_api::error::{self as wire, Fault, PIN};
use rsign_api::signer::Authorized;
use rsign_api::version::Version;

use crate::domain::credential::{AuthMode, Credential};
use crate::domain::token::Bearer;
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::authorization::Wanted;
use crate::service::prompts::Wish;
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
            // A PIN or code that comes all the same is not looked at.
            None if credential.mode == AuthMode::Implicit => {
                return prompt(&site, &call, &credential, wanted, &ask).await;
            }
            None => {
                let authorization = &site.app.authorization;
                authorization.require_clear_transport(&call.bearer).await?;
                let Brought { pin, code } = ask.authentication(&credential.expression())?;
                authorization.authorize(&call.bearer, &credential, wanted, pin, code).await?
            }
        };
        Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
    })
}

/// Asks the credential's owner.
async fn prompt(
    site: &Site,
    call: &Call,
    credential: &Credential,
    wanted: Wanted,
    ask: &Ask<'_>,
) -> Result<Reply, Problem> {
    if !site.app.transactions.has_page() {
        return Err(transactions::Error::NoPage.into());
    }
    let Wanted { signatures, list } = wanted;
    // Page and signer hash the list alike only if it is one list of one hash function.
    if !list.is_empty() && List::registered(&list).is_err() {
        return Err(wire::DIGEST_LENGTH.into());
    }
    let signed = ask.request().map(str::to_owned);
    let wish = Wish { signatures, list, description: ask.description()?, signed };
    let prompts = &site.app.prompts;
    let handle = prompts.ask(&call.bearer, credential, wish).await?;
    match call.content.version {
        Version::V1 => {
            let authorized = prompts.wait(&handle).await?;
            Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
        }
        Version::V2 => pending(&handle),
    }
}

/// "Still under way".
pub(super) fn pending(handle: &str) -> Result<Reply, Problem> {
    Ok(Reply::json(&Pending { handle })?.with_status(StatusCode::ACCEPTED))
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
