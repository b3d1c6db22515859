//! What is done with a key on the signing page: the way there, and back.

use rsign_api::signer::Operation;

use super::named;
use crate::domain::client::ACCOUNT;
use crate::domain::credential::AuthMode;
use crate::domain::session::{Notice, Session};
use crate::domain::transaction::Origin;
use crate::http::account::failure::Failure;
use crate::http::account::next::Next;
use crate::http::account::page::Page;
use crate::http::account::visit::Visit;
use crate::service::transactions::{self, Start};

/// Back at the key's page, which says whether it was done.
pub(super) async fn back(visit: Visit, session: Session, done: Notice, not: Notice) -> Result<Page, Failure> {
    let (app, key) = (&visit.site.app, named(&visit, &session).await?);
    if let Some(tx) = visit.query("tx") {
        // Of a transaction that is not this session's nothing is told: anybody could link to it.
        if let Ok(is_done) = app.transactions.is_done(tx, &session.digest).await {
            app.sessions.leave(&session, if is_done { done } else { not }).await?;
        }
    }
    Ok(Page::go(format!("/account/keys/{}", key.credential.id)))
}

/// On to the signing page, and from there to the page of this name below the key's.
pub(super) async fn go(
    visit: Visit,
    session: Session,
    operation: Operation,
    page: &'static str,
) -> Result<Page, Failure> {
    let key = named(&visit, &session).await?;
    if visit.sign_origin().is_none() {
        return Err(Failure::NoPage);
    }
    let id = key.credential.id;
    let start = Start {
        operation,
        eras: session.eras(),
        user: session.user,
        client: ACCOUNT.to_owned(),
        app: None,
        signatures: 0,
        list: Vec::new(),
        labels: Vec::new(),
        enrol: None,
        label: Some(session.name),
        mode: AuthMode::default(),
        signed: None,
        origin: Origin::Account { session: session.digest, return_to: format!("/account/keys/{id}/{page}") },
        language: visit.language,
        credential: id,
    };
    let transactions = &visit.site.app.transactions;
    match transactions.register(start).await {
        // An operator has signed this browser out since the form was sent.
        Err(transactions::Error::Withdrawn) => Ok(Page::go(Next::here(&visit).sign_in(true))),
        started => Ok(Page::go(transactions.page(&started?)?)),
    }
}
