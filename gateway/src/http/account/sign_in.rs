//! Signing in.

use askama::Template;
use axum::http::StatusCode;

use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::SignIn;
use super::visit::Visit;
use super::{Answer, approve, session};
use crate::domain::session::Notice;
use crate::domain::user::User;
use crate::service::account::people;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static SignIn,
    next: &'a Next,
    /// The app that waits.
    app: Option<String>,
    sign_up: Option<String>,
    /// Titles and addresses of providers.
    providers: Vec<(&'a str, String)>,
    /// Whether it is asked for once more.
    again: bool,
    username: &'a str,
    fault: Option<String>,
    token: String,
}

/// The form.
pub(super) fn show(mut visit: Visit) -> Answer {
    Box::pin(async move {
        let next = Next::read(visit.query("next"), visit.query("id"));
        let again = visit.query("again").is_some();
        if visit.session.is_some() && !again {
            return Ok(Page::go(next.path()));
        }
        let app = waiting(&mut visit, &next).await?;
        form(&visit, &next, app, again, "", None)
    })
}

/// Signs in, or says once more what is needed: the same for unknown names and wrong passwords.
pub(super) fn act(mut visit: Visit, sent: Form) -> Answer {
    Box::pin(async move {
        let next = Next::read(sent.get("next"), sent.get("id"));
        let app = waiting(&mut visit, &next).await?;
        let username = sent.text("username");
        let said = &visit.text().sign_in;
        let outcome = visit.site.app.people.sign_in(&username, sent.secret("password"), visit.address).await;
        let (status, fault) = match outcome {
            Ok(user) => return begin(&visit, &user, None, &next).await,
            Err(people::Error::Refused) => (StatusCode::BAD_REQUEST, said.refused.to_owned()),
            Err(people::Error::Wait(wait)) => (StatusCode::TOO_MANY_REQUESTS, (said.wait)(wait.seconds)),
            Err(error) => return Err(error.into()),
        };
        Ok(form(&visit, &next, app, false, &username, Some(fault))?.with_status(status))
    })
}

/// Signs somebody in: the session before, whoever's it was, is over.
pub(super) async fn begin(visit: &Visit, user: &User, notice: Option<Notice>, next: &Next) -> Result<Page, Failure> {
    let sessions = &visit.site.app.sessions;
    if let Some(before) = &visit.session {
        sessions.end(before).await?;
    }
    let request = if let Next::Approve(id) = next { Some(id.as_str()) } else { None };
    let (cookie, session) = sessions.begin(user, visit.language, notice, request).await?;
    tracing::info!(user.id = session.user, "signed in");
    Ok(Page::go(next.path()).with_cookies(session::set(&visit.site, &cookie)))
}

/// What the app is called that waits for this sign-in; the page speaks the language it asked for.
pub(super) async fn waiting(visit: &mut Visit, next: &Next) -> Result<Option<String>, Failure> {
    let Next::Approve(id) = next else { return Ok(None) };
    let request = approve::described(visit, Some(id)).await?;
    visit.speak(approve::language(&request));
    Ok(Some(approve::app_of(&request)))
}

/// The form, saying why another way in did not work.
pub(super) fn told(visit: &Visit, next: &Next, fault: String) -> Result<Page, Failure> {
    form(visit, next, None, false, "", Some(fault))
}

fn form(
    visit: &Visit,
    next: &Next,
    app: Option<String>,
    again: bool,
    username: &str,
    fault: Option<String>,
) -> Result<Page, Failure> {
    Page::show(&Shown {
        frame: Frame::of(visit, Here::Elsewhere)?,
        text: &visit.text().sign_in,
        next,
        app,
        providers: visit
            .site
            .app
            .external
            .providers()
            .iter()
            .map(|it| (it.title.as_str(), next.elsewhere(&it.name)))
            .collect(),
        sign_up: visit.site.config.account.sign_up.then(|| next.sign_up()),
        again,
        username,
        fault,
        token: visit.visitor_token("/account/sign-in", "")?,
    })
}
