//! The first page: the user's keys, what was approved last, which apps have access.

use askama::Template;
use rsign_api::algorithm::KeyType;
use rsign_api::signer::FactorKind;

use super::Told;
use crate::domain::credential::AuthMode;
use crate::domain::plain::plain;
use crate::domain::session::Session;
use crate::http::account::Answer;
use crate::http::account::approvals::{self, Told as Approval};
use crate::http::account::apps;
use crate::http::account::frame::{Frame, Here};
use crate::http::account::page::Page;
use crate::http::account::text::{Text, When};
use crate::http::account::visit::Visit;
use crate::service::account::keys::Key;

/// Approvals on the first page.
const RECENT: usize = 3;

#[derive(Template)]
#[template(path = "keys.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Text,
    keys: Vec<Card>,
    can_make: bool,
    /// What waits for the user, in words; nothing where no key is of the kind that waits.
    waiting: Option<String>,
    recent: Vec<Approval>,
    apps: Vec<apps::Told>,
}

struct Card {
    id: String,
    kind: &'static str,
    name: String,
    until: When,
    standing: Told,
    has_factor: bool,
}

/// The page.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let (app, text) = (&visit.site.app, visit.text());
        let keys = app.keys.of(&session.user).await?;
        let recent = app.history.read(&session.user, None, None, RECENT).await?;
        let waiting = app.prompts.count(&session.user).await?;
        let is_asked = waiting > 0 || keys.iter().any(|key| key.credential.mode == AuthMode::Implicit);
        Page::show(&Shown {
            waiting: is_asked.then(|| (text.waiting.count)(waiting)),
            frame: Frame::of(&visit, Here::Keys)?,
            text,
            keys: keys.iter().map(|key| card(text, key)).collect(),
            can_make: can_make(&visit.site.config.account.keys),
            recent: approvals::told(&visit, recent.entries).await?,
            apps: apps::told(&visit, app.apps.of(&session.user).await?),
        })
    })
}

fn card(text: &Text, key: &Key) -> Card {
    Card {
        id: key.credential.id.clone(),
        kind: key.credential.key_type.name(),
        name: plain(&key.facts.common_name, 80),
        until: text.date(key.facts.not_after.saturating_mul(1000)),
        standing: Told::of(text, key.standing),
        has_factor: key.credential.factor == FactorKind::Totp,
    }
}

fn can_make(kinds: &[KeyType]) -> bool {
    !kinds.is_empty()
}
