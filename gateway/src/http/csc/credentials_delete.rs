//! `credentials/delete` (2.2, 11.5).

use std::sync::Arc;

use rsign_api::csc::authorization::Errand;
use rsign_api::error as wire;

use crate::http::bearer::of_another_kind;
use crate::http::dispatch::{Answer, Commissioned};
use crate::http::reply::Reply;
use crate::http::site::Site;

/// Destroys the one credential whose end its owner agreed to: key and SADs at the signer, and the certificate is on the
/// next revocation list.
pub(in crate::http) fn handle(site: Arc<Site>, call: Commissioned) -> Answer {
    Box::pin(async move {
        let Errand::Delete { credential: agreed } = &call.commission.errand else { return Err(of_another_kind()) };
        let ask = call.content.ask()?;
        if ask.deletion()? != agreed {
            return Err(wire::CREDENTIAL.into());
        }
        let credential = site.app.credentials.reach(&call.bearer, agreed).await?;
        site.app.keys.end(&credential, &call.bearer.client).await?;
        site.app.authority.outdate().await;
        Ok(Reply::nothing())
    })
}
