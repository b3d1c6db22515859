//! One key: what its certificate says, how it stands, what can be done with it.

use askama::Template;
use rsign_api::signer::FactorKind;

use super::{Told, named, readable, title};
use crate::domain::credential::AuthMode;
use crate::domain::session::Session;
use crate::http::account::approvals::{self, Told as Approval};
use crate::http::account::frame::{Frame, Here};
use crate::http::account::page::Page;
use crate::http::account::text::Text;
use crate::http::account::visit::Visit;
use crate::http::account::{Answer, guard};
use crate::service::account::keys::{Key, Standing};

/// Approvals on the page of a key.
const RECENT: usize = 5;

#[derive(Template)]
#[template(path = "key.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Text,
    key: &'a Key,
    title: String,
    subject: String,
    issuer: String,
    serial: String,
    valid: String,
    standing: Told,
    /// Whether there is a PIN to change.
    has_pin: bool,
    has_page: bool,
    change_pin: String,
    has_factor: bool,
    /// Whether apps that want a signature wait for it to be approved here.
    is_implicit: bool,
    set_factor: String,
    recent: Vec<Approval>,
    more: bool,
}

/// The page.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let (app, text) = (&visit.site.app, visit.text());
        let key = named(&visit, &session).await?;
        let recent = app.history.read(&session.user, Some(&key.credential.id), None, RECENT).await?;
        let more = recent.next.is_some();
        let sign_origin = visit.sign_origin();
        let page = Page::show(&Shown {
            frame: Frame::of(&visit, Here::Keys)?,
            text,
            title: title(&key),
            subject: readable(&key.facts.subject),
            issuer: readable(&key.facts.issuer),
            serial: key.facts.serial_number.clone(),
            valid: valid(text, &key),
            standing: Told::of(text, key.standing),
            has_pin: matches!(key.standing, Standing::Ready | Standing::Unknown),
            has_page: sign_origin.is_some(),
            change_pin: guard::token(&session.csrf, &format!("/account/keys/{}/pin", key.credential.id), "")?,
            has_factor: key.credential.factor == FactorKind::Totp,
            is_implicit: key.credential.mode == AuthMode::Implicit,
            set_factor: guard::token(&session.csrf, &format!("/account/keys/{}/factor", key.credential.id), "")?,
            recent: approvals::told(&visit, recent.entries).await?.into_iter().map(Approval::of_one_key).collect(),
            more,
            key: &key,
        })?;
        Ok(page.leading_to_some(sign_origin))
    })
}

fn valid(text: &Text, key: &Key) -> String {
    let day = |at: i64| text.date(at.saturating_mul(1000)).text;
    (text.key.from_to)(&day(key.facts.not_before), &day(key.facts.not_after))
}
