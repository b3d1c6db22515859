//! `signatures/signHash` (11.9 in 1.0.4.0, 11.10 in 2.0.0.2).

use std::sync::Arc;

use rsign_api::csc::signatures::{Deferred, Mode, Signatures};

use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::jobs::{Hashes, Order, Work};

/// The table's rows in order; what only the signer knows of a SAD comes last, since it is asked once.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let sad = call.sad(&site, &ask).await?;
        let credential = call.reach(&site, ask.credential()?).await?;
        let digests = ask.digests(credential.key_type)?;
        let (scheme, hashes) = (digests.scheme, digests.hashes);
        match ask.mode(&site.config.asynchronous.validities())? {
            Mode::Synchronous => {
                let signing = &site.app.signing;
                let signatures = signing.sign(call.bearer, credential, sad, scheme, hashes).await?;
                Reply::json(&Signatures { signatures })
            }
            Mode::Asynchronous(deferral) => {
                let work = Work::Hashes(Hashes { bearer: call.bearer, credential, sad, scheme, hashes });
                let order = Order { work, deferral };
                Reply::json(&Deferred { response: site.app.jobs.start(order).await? })
            }
        }
    })
}
