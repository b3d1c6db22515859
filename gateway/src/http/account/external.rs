//! Signing in through an identity provider: there, and back.

use askama::Template;
use axum::http::StatusCode;

use super::again::{self, Again};
use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::Me;
use super::visit::Visit;
use super::{Answer, guard, sign_in};
use crate::domain::session::{Notice, Session};
use crate::domain::user::User;
use crate::service::account::external::{Error, Outcome, Returned};

/// What a link that ties an account is bound to.
const LINK: &str = "link";

/// On to the provider.
pub(super) fn go(visit: Visit) -> Answer {
    Box::pin(async move {
        let name = visit.id.as_deref().unwrap_or_default();
        let next = Next::read(visit.query("next"), visit.query("id"));
        let (link, from) = (owner(&visit)?, (visit.visitor(), visit.address));
        let url = visit.site.app.external.begin(name, next.words(), link, from, visit.language).await;
        match url {
            Ok(url) => Ok(Page::go(url)),
            Err(Error::Unknown) => Err(Failure::Missing),
            Err(error) => refused(&visit, &next, error),
        }
    })
}

/// Back from it.
pub(super) fn back(visit: Visit) -> Answer {
    Box::pin(async move {
        let (app, name) = (&visit.site.app, visit.id.as_deref().unwrap_or_default());
        let returned = Returned {
            state: visit.query("state").unwrap_or_default(),
            code: visit.query("code"),
            issuer: visit.query("iss"),
            browser: visit.visitor(),
            user: visit.session.as_ref().map(|session| session.user.as_str()),
        };
        let (outcome, (page, id)) = match app.external.finish(name, returned).await {
            Ok(finished) => finished,
            Err(error) => return refused(&visit, &Next::Home, error),
        };
        let next = Next::read(Some(&page), Some(&id));
        match outcome {
            Outcome::Known(user) => sign_in::begin(&visit, &user, None, &next).await,
            Outcome::Stranger(token) if visit.site.config.account.sign_up => Ok(Page::go(next.introduced(&token))),
            Outcome::Stranger(_) => {
                let said = visit.text().sign_in.stranger.to_owned();
                Ok(sign_in::told(&visit, &next, said)?.with_status(StatusCode::FORBIDDEN))
            }
            Outcome::Tied => {
                if let Some(session) = &visit.session {
                    app.sessions.leave(session, Notice::Tied).await?;
                }
                Ok(Page::go(next.path()))
            }
        }
    })
}

/// Unties it.
pub(super) fn untie(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        let (app, name) = (&visit.site.app, visit.id.as_deref().unwrap_or_default());
        let user = app.people.find(&session.user).await?.ok_or(Failure::Missing)?;
        let notice = match app.external.untie(&user, name).await {
            Ok(()) => Notice::Untied,
            Err(Error::LastWayIn) => Notice::LastWayIn,
            Err(Error::Unknown) => return Err(Failure::Missing),
            Err(error) => return Err(error.into()),
        };
        app.sessions.leave(&session, notice).await?;
        Ok(Page::go(Next::Me.path()))
    })
}

#[derive(Template)]
#[template(path = "tie.html")]
struct Tying<'a> {
    frame: Frame<'a>,
    text: &'static Me,
    title: String,
    action: &'a str,
    again: Again<'a>,
    token: String,
    /// Where it goes on, and the words for that, once the password was right.
    onward: Option<(String, String)>,
}

/// Asks for the password: a tie is a way in that outlasts every other.
pub(super) fn ask(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        match again::owner(&visit, &session, Next::Me).await? {
            Ok(user) => tying(&visit, &session, &user, None, false),
            Err(way) => Ok(way),
        }
    })
}

/// Leads on to the provider by a link: after a form browsers would go to no other site.
pub(super) fn tie(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let user = match again::owner(&visit, &session, Next::Me).await? {
            Ok(user) => user,
            Err(way) => return Ok(way),
        };
        match again::judge(&visit, &user, &sent).await? {
            None => tying(&visit, &session, &user, None, true),
            fault => Ok(tying(&visit, &session, &user, fault, false)?.with_status(StatusCode::BAD_REQUEST)),
        }
    })
}

fn tying(visit: &Visit, session: &Session, user: &User, fault: Option<String>, right: bool) -> Result<Page, Failure> {
    let name = visit.id.as_deref().unwrap_or_default();
    let providers = visit.site.app.external.providers();
    let provider = providers.iter().find(|provider| provider.name == name).ok_or(Failure::Missing)?;
    let text = &visit.text().me;
    let onward = if right {
        let token = link_token(session, name, period(visit))?;
        Some((format!("/account/oidc/{name}?next=me&{LINK}={token}"), (text.tie_go)(&provider.title)))
    } else {
        None
    };
    Page::show(&Tying {
        frame: Frame::of(visit, Here::Me)?,
        text,
        title: (text.tie_title)(&provider.title),
        action: &visit.path,
        again: Again::of(visit, user, fault),
        token: guard::token(&session.csrf, &visit.path, "")?,
        onward,
    })
}

/// How long the link is good that the password was given for, milliseconds; twice that at most.
const PERIOD: i64 = 5 * 60 * 1000;

fn period(visit: &Visit) -> i64 {
    visit.site.app.clock.now().div_euclid(PERIOD)
}

/// The token of the link that ties this session's account to a provider.
fn link_token(session: &Session, name: &str, period: i64) -> Result<String, Failure> {
    guard::token(&session.csrf, &format!("/account/oidc/{name}"), &format!("{LINK} {period}"))
}

/// The account to be tied, if the visit comes from its owner's own page.
fn owner(visit: &Visit) -> Result<Option<&str>, Failure> {
    let Some(presented) = visit.query(LINK) else { return Ok(None) };
    let session = visit.session.as_ref().ok_or(Failure::Form)?;
    let name = visit.id.as_deref().unwrap_or_default();
    for period in [period(visit), period(visit) - 1] {
        if guard::fits(&link_token(session, name, period)?, presented) {
            return Ok(Some(&session.user));
        }
    }
    Err(Failure::Form)
}

/// The sign-in page, which says that it did not work.
fn refused(visit: &Visit, next: &Next, error: Error) -> Result<Page, Failure> {
    let said = &visit.text().sign_in;
    let (status, sentence) = match &error {
        Error::Unknown => (StatusCode::BAD_REQUEST, said.elsewhere_over),
        Error::Taken => (StatusCode::CONFLICT, said.elsewhere_taken),
        Error::Disabled => (StatusCode::FORBIDDEN, said.elsewhere_closed),
        Error::Provider(_) => (StatusCode::BAD_GATEWAY, said.elsewhere_failed),
        Error::Full(_) | Error::LastWayIn | Error::Store(_) | Error::Random(_) => return Err(error.into()),
    };
    tracing::warn!(%error, "a sign-in through a provider failed");
    Ok(sign_in::told(visit, next, sentence.to_owned())?.with_status(status))
}
