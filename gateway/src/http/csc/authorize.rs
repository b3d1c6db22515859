//! `credentials/authorize` (11.6), explicit mode.

use std::sync::Arc;

use rsign_api::csc::Ask;
use rsign_api::csc::credentials::Activation;
use rsign_api::error::Fault;

use crate::domain::credential::Credential;
use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::authorization::Wanted;

/// The table's rows in order: credentialID, disabled, numSignatures, hashes, PIN.
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
        site.app.authorization.require_clear_transport(&call.bearer).await?;
        let authorized = site.app.authorization.authorize(&call.bearer, &credential, wanted, ask.pin()?).await?;
        Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
    })
}

fn wanted(ask: &Ask<'_>, credential: &Credential) -> Result<Wanted, Fault> {
    let signatures = ask.signatures(credential.multisign)?;
    let list = ask.approved(credential.scal, signatures)?;
    Ok(Wanted { signatures, list })
}
