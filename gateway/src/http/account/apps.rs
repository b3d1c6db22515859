//! Apps with access, and taking it from them.

use askama::Template;

use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::{Apps, Text, When};
use super::visit::Visit;
use super::{Answer, guard};
use crate::domain::client::BASIC;
use crate::domain::plain::plain;
use crate::domain::session::{Notice, Session};
use crate::service::account::apps::App;

/// An app, in words.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) client: String,
    pub(super) name: String,
    pub(super) until: When,
}

#[derive(Template)]
#[template(path = "apps.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Apps,
    apps: Vec<Told>,
    blocked: Vec<Muted>,
}

/// An app that the user wants to hear nothing of.
struct Muted {
    client: String,
    name: String,
    token: String,
}

#[derive(Template)]
#[template(path = "app_revoke.html")]
struct Asked<'a> {
    frame: Frame<'a>,
    text: &'static Apps,
    title: String,
    action: &'a str,
    token: String,
}

/// The page.
pub(super) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let apps = visit.site.app.apps.of(&session.user).await?;
        let mut blocked = Vec::new();
        for app in visit.site.app.prompts.blocked(&session.user).await? {
            let name = called(visit.text(), &app.client, Some(&app.app));
            let token = guard::token(&session.csrf, &format!("/account/apps/{}/hear", app.client), "")?;
            blocked.push(Muted { client: app.client, name, token });
        }
        let (frame, text) = (Frame::of(&visit, Here::Apps)?, &visit.text().apps);
        Page::show(&Shown { frame, text, apps: told(&visit, apps), blocked })
    })
}

/// Asks whether it is meant.
pub(super) fn ask(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let app = named(&visit, &session).await?;
        let text = visit.text();
        let name = called(text, &app.client, app.name.as_deref());
        Page::show(&Asked {
            frame: Frame::of(&visit, Here::Apps)?,
            text: &text.apps,
            title: (text.apps.revoke_title)(&name),
            action: &visit.path,
            token: guard::token(&session.csrf, &visit.path, "")?,
        })
    })
}

/// Takes its access.
pub(super) fn revoke(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        let app = named(&visit, &session).await?;
        visit.site.app.apps.revoke(&session.user, &app.client).await?;
        visit.site.app.prompts.withdraw(&session.user, &app.client).await?;
        visit.site.app.sessions.leave(&session, Notice::AppRevoked).await?;
        Ok(Page::go(Next::Apps.path()))
    })
}

/// Hears a blocked app again.
pub(super) fn hear(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        visit.site.app.prompts.hear(&session.user, visit.id.as_deref().unwrap_or_default()).await?;
        visit.site.app.sessions.leave(&session, Notice::AppHeard).await?;
        Ok(Page::go(Next::Apps.path()))
    })
}

/// The app that the path names, if it has access.
async fn named(visit: &Visit, session: &Session) -> Result<App, Failure> {
    let apps = visit.site.app.apps.of(&session.user).await?;
    apps.into_iter().find(|app| Some(&app.client) == visit.id.as_ref()).ok_or(Failure::Missing)
}

/// Apps, in words.
pub(super) fn told(visit: &Visit, apps: Vec<App>) -> Vec<Told> {
    let text = visit.text();
    let told = apps.into_iter().map(|app| Told {
        name: called(text, &app.client, app.name.as_deref()),
        until: text.date(app.until),
        client: app.client,
    });
    told.collect()
}

/// What an app is called; the built-in client has no name of its own.
pub(super) fn called(text: &Text, client: &str, name: Option<&str>) -> String {
    match name {
        _ if client == BASIC => text.apps.own_password.to_owned(),
        Some(name) if !name.is_empty() => plain(name, 80),
        _ => plain(client, 80),
    }
}
