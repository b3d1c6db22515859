//! Another PIN: on the signing page, and nowhere else.

use rsign_api::signer::Operation;

use super::named;
use crate::domain::client::ACCOUNT;
use crate::domain::session::{Notice, Session};
use crate::domain::transaction::Origin;
use crate::http::account::Answer;
use crate::http::account::failure::Failure;
use crate::http::account::form::Form;
use crate::http::account::page::Page;
use crate::http::account::visit::Visit;
use crate::service::transactions::Start;

/// Back from the signing page; the button that leads there is on the key's page.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let (app, key) = (&visit.site.app, named(&visit, &session).await?);
        if let Some(tx) = visit.query("tx") {
            // Of a transaction that is not this session's nothing is told: anybody could link to it.
            if let Ok(done) = app.transactions.is_done(tx, &session.digest).await {
                let notice = if done { Notice::PinChanged } else { Notice::PinNotChanged };
                app.sessions.leave(&session, notice).await?;
            }
        }
        Ok(Page::go(format!("/account/keys/{}", key.credential.id)))
    })
}

/// On to the signing page.
pub(in crate::http::account) fn act(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        let key = named(&visit, &session).await?;
        if visit.sign_origin().is_none() {
            return Err(Failure::NoPage);
        }
        let id = key.credential.id;
        let start = Start {
            operation: Operation::ChangePin,
            user: session.user,
            client: ACCOUNT.to_owned(),
            app: None,
            signatures: 0,
            list: Vec::new(),
            labels: Vec::new(),
            enrol: None,
            signed: None,
            origin: Origin::Account { session: session.digest, return_to: format!("/account/keys/{id}/pin") },
            language: visit.language,
            credential: id,
        };
        let transactions = &visit.site.app.transactions;
        let started = transactions.register(start).await?;
        Ok(Page::go(transactions.page(&started)?))
    })
}
