//! `credentials/extendTransaction` (11.9).

use std::sync::Arc;

use rsign_api::csc::credentials::Activation;
use secrecy::ExposeSecret as _;

use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;

/// The standard has no table here; the rows of signHash are used, in their order.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let sad = call.sad(&site, &ask).await?;
        let credential = site.app.credentials.reach(&call.bearer, ask.credential()?).await?;
        let list = ask.renewed(credential.scal)?;
        let authorized = site.app.authorization.extend(&call.bearer, &credential, sad.clone(), list).await?;
        site.app.tokens.succeed(sad.expose_secret(), &authorized.sad, authorized.expires_in).await?;
        Reply::json(&Activation { sad: authorized.sad, expires_in: authorized.expires_in })
    })
}
