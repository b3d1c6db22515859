//! `signatures/signDoc` (11.11 in 2.0.0.2).

use std::sync::Arc;

use rsign_api::csc::Ask;
use rsign_api::csc::documents::{Document, Wrong};
use rsign_api::csc::signatures::{Deferred, Mode};
use rsign_api::document::Level;
use rsign_api::error as wire;

use crate::domain::credential::Credential;
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::documents::Order;
use crate::service::jobs;

/// The table's rows in order, those of signHash first; what only the signer knows of a SAD comes last, since it is
/// asked once.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let sad = call.sad(&site, &ask).await?;
        let credential = credential(&site, &call, &ask).await?;
        let documents = ask.documents(credential.key_type, &site.app.documents.offer())?;
        let mode = ask.mode(&site.config.asynchronous.validities())?;
        let validation = ask.wants_validation();
        site.app.rates.admit_stamps(&call.bearer.client, stamps(&documents))?;
        let checked = call.content.is_checked();
        let order = Order { bearer: call.bearer, credential, sad, checked, documents, validation };
        match mode {
            Mode::Synchronous => Reply::documents(site.app.documents.sign(order).await?),
            Mode::Asynchronous(deferral) => {
                let work = jobs::Work::Documents(order);
                Reply::json(&Deferred { response: site.app.jobs.start(jobs::Order { work, deferral }).await? })
            }
        }
    })
}

/// Time-stamps that the documents will need: of others, and not for nothing.
fn stamps(documents: &[Document]) -> usize {
    let needed = |document: &Document| match document.level {
        Level::B => 0,
        Level::T | Level::Lt => 1,
        Level::Lta => 2,
    };
    documents.iter().map(needed).sum()
}

/// The credential that is named; where only a qualifier is, the one that the token is for.
async fn credential(site: &Site, call: &Call, ask: &Ask<'_>) -> Result<Credential, Problem> {
    let qualifier = ask.qualifier()?;
    let known = |qualifier: &str| site.config.info.signature_qualifiers.iter().any(|known| known == qualifier);
    if qualifier.is_some_and(|qualifier| !known(qualifier)) {
        return Err(wire::QUALIFIER.into());
    }
    match (ask.credential(), qualifier, &call.own) {
        (Err(_), Some(_), Some(own)) => call.reach(site, &own.credential).await,
        (named, ..) => call.reach(site, named?).await,
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Row(fault) => fault.into(),
            Wrong::Entry(fault, objection) => Self::from(fault).about(vec![*objection]),
            Wrong::Properties(objections) => Self::signed_properties().about(objections),
        }
    }
}
