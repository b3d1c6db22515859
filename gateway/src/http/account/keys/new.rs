//! A new key: its type is chosen here, its PIN on the signing page.

use askama::Template;
use axum::http::StatusCode;
use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Enrol, FactorKind, Operation, Scal, Stretch};

use super::advice;
use crate::domain::client::ACCOUNT;
use crate::domain::credential::AuthMode;
use crate::domain::session::{Notice, Session};
use crate::domain::transaction::Origin;
use crate::domain::user::User;
use crate::http::account::again::{self, Again};
use crate::http::account::failure::Failure;
use crate::http::account::form::Form;
use crate::http::account::frame::{Frame, Here};
use crate::http::account::next::Next;
use crate::http::account::page::Page;
use crate::http::account::text::NewKey;
use crate::http::account::visit::Visit;
use crate::http::account::{Answer, contact, guard};
use crate::service::account::keys::Standing;
use crate::service::transactions::{self, Start};

const PATH: &str = "/account/keys/new";

#[derive(Template)]
#[template(path = "key_new.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static NewKey,
    kinds: Vec<(&'static str, &'static str)>,
    /// Why no key can be made, if so.
    cannot: Option<String>,
    fault: bool,
    /// Where codes can be sent.
    address: Option<String>,
    again: Again<'a>,
    token: String,
}

/// The form.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        match again::owner(&visit, &session, Next::NewKey).await? {
            Ok(user) => form(&visit, &session, &user, false, None).await,
            Err(way) => Ok(way),
        }
    })
}

/// On to the signing page.
pub(in crate::http::account) fn act(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let user = match again::owner(&visit, &session, Next::NewKey).await? {
            Ok(user) => user,
            Err(way) => return Ok(way),
        };
        let kind = sent.get("kind").and_then(|kind| kind.parse().ok());
        let kind = kind.filter(|kind| visit.site.config.account.keys.contains(kind));
        let (Some(kind), None) = (kind, cannot(&visit, &session).await?) else {
            return Ok(form(&visit, &session, &user, true, None).await?.with_status(StatusCode::BAD_REQUEST));
        };
        if let fault @ Some(_) = again::judge(&visit, &user, &sent).await? {
            return Ok(form(&visit, &session, &user, false, fault).await?.with_status(StatusCode::BAD_REQUEST));
        }
        let factor = match sent.get("factor") {
            Some("totp") => FactorKind::Totp,
            Some("online") if address(&visit, &user).is_some() => FactorKind::Online,
            _ => FactorKind::None,
        };
        let mode = if sent.get("mode") == Some("implicit") { AuthMode::Implicit } else { AuthMode::Explicit };
        let Some(start) = start(&visit, &session, kind, (factor, mode)).await? else {
            return Ok(form(&visit, &session, &user, true, None).await?.with_status(StatusCode::BAD_REQUEST));
        };
        let transactions = &visit.site.app.transactions;
        match transactions.register(start).await {
            // An operator has signed this browser out since the form was sent.
            Err(transactions::Error::Withdrawn) => Ok(Page::go(Next::NewKey.sign_in(true))),
            started => Ok(Page::go(transactions.page(&started?)?)),
        }
    })
}

/// Back from the signing page: to the key, if there is one now. A notice is left only for a transaction of this
/// session, so that no link from elsewhere can claim anything.
pub(in crate::http::account) fn back(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let (app, id) = (&visit.site.app, visit.id.as_deref().unwrap_or_default());
        let done = app.transactions.is_done(visit.query("tx").unwrap_or_default(), &session.digest).await.ok();
        let (notice, path) = match app.keys.find(&session.user, id).await? {
            Some(key) => {
                let made = key.standing == Standing::Ready && done == Some(true);
                (made.then_some(Notice::KeyMade), format!("/account/keys/{id}"))
            }
            None => (done.map(|_| Notice::KeyNotMade), PATH.to_owned()),
        };
        if let Some(notice) = notice {
            app.sessions.leave(&session, notice).await?;
        }
        Ok(Page::go(path))
    })
}

/// Nothing is made until the user has chosen a PIN; an enrolment that is left alone ends by itself. None where the user
/// has as many keys as one may have.
async fn start(
    visit: &Visit,
    session: &Session,
    key: KeyType,
    (factor, mode): (FactorKind, AuthMode),
) -> Result<Option<Start>, Failure> {
    if visit.sign_origin().is_none() {
        return Err(Failure::NoPage);
    }
    let (app, account) = (&visit.site.app, &visit.site.config.account);
    let begun = app.keys.begin(&session.user, account.keys_per_user).await?;
    let multisign = account.multisign;
    Ok(begun.map(|(id, subject)| Start {
        operation: Operation::Enrol,
        user: session.user.clone(),
        client: ACCOUNT.to_owned(),
        app: None,
        signatures: 0,
        list: Vec::new(),
        labels: Vec::new(),
        enrol: Some(Enrol { key, scal: Scal::Two, multisign, stretch: Stretch::default(), factor, subject }),
        label: Some(session.name.clone()),
        mode,
        signed: None,
        origin: Origin::Account { session: session.digest.clone(), return_to: format!("/account/keys/{id}/made") },
        eras: session.eras(),
        language: visit.language,
        credential: id,
    }))
}

async fn form(
    visit: &Visit,
    session: &Session,
    user: &User,
    fault: bool,
    wrong: Option<String>,
) -> Result<Page, Failure> {
    let text = visit.text();
    let kinds = &visit.site.config.account.keys;
    let cannot = cannot(visit, session).await?;
    let page = Page::show(&Shown {
        frame: Frame::of(visit, Here::Keys)?,
        text: &text.new_key,
        kinds: kinds.iter().map(|kind| (kind.name(), advice(text, *kind))).collect(),
        fault: fault && cannot.is_none(),
        cannot,
        address: address(visit, user),
        again: Again::of(visit, user, wrong),
        token: guard::token(&session.csrf, PATH, "")?,
    })?;
    Ok(page.leading_to_some(visit.sign_origin()))
}

/// Where codes for this user go, if anything goes there.
fn address(visit: &Visit, user: &User) -> Option<String> {
    let contact = user.contact.as_ref()?;
    visit.site.app.contacts.reaches(contact).then(|| contact::address(contact))
}

/// Why this user can make no key now.
async fn cannot(visit: &Visit, session: &Session) -> Result<Option<String>, Failure> {
    let (text, account) = (visit.text(), &visit.site.config.account);
    if account.keys.is_empty() {
        return Ok(Some(text.keys.operator_makes.to_owned()));
    }
    if visit.sign_origin().is_none() {
        return Ok(Some(text.wrong.no_page.body.to_owned()));
    }
    let has = visit.site.app.keys.count(&session.user).await?;
    Ok((has >= account.keys_per_user).then(|| (text.new_key.enough)(has)))
}
