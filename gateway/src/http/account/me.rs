//! The account itself: who, with which password, signed in where else.

use askama::Template;
use axum::http::StatusCode;

use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::{Me, Text};
use super::visit::Visit;
use super::{Answer, contact, guard};
use crate::domain::account::{Faults, Field};
use crate::domain::client::BASIC;
use crate::domain::plain::plain;
use crate::domain::session::{Notice, Session};
use crate::domain::user::User;
use crate::service::account::people;

const PATH: &str = "/account/me";
const OTHERS: &str = "/account/me/others";

#[derive(Template)]
#[template(path = "me.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Me,
    words: &'static Text,
    name: String,
    serial: &'a str,
    /// None where the account has no password.
    username: Option<&'a str>,
    providers: Vec<Provider>,
    /// Where codes go, empty for nowhere; none where nothing is sent to anybody.
    contact: Option<String>,
    /// What is wrong with the password so far.
    refused: Option<String>,
    fault: Option<&'static str>,
    repeated_fault: Option<&'static str>,
    change: String,
    others: String,
}

struct Provider {
    name: String,
    title: String,
    tied: bool,
    untie: String,
}

/// The page.
pub(super) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move { page(&visit, &session, None, &Faults::new()).await })
}

/// Another password.
pub(super) fn change_password(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let (app, said) = (&visit.site.app, &visit.text().me);
        let user = user(&visit, &session).await?;
        let (new, repeated) = (sent.secret("new"), sent.secret("repeated"));
        let changed = app.people.change_password(&user, sent.secret("password"), (new, &repeated), visit.address).await;
        let (refused, faults) = match changed {
            Ok(()) => {
                // Whoever had the old one is out, apps that signed in with it among them.
                app.sessions.end_others(&session).await?;
                app.apps.revoke(&session.user, BASIC).await?;
                // And so is what they may have let in, if the owner says so.
                if sent.get("rest") == Some("yes") {
                    app.external.untie_all(&user).await?;
                    for gone in app.apps.of(&session.user).await? {
                        app.apps.revoke(&session.user, &gone.client).await?;
                    }
                }
                app.sessions.leave(&session, Notice::PasswordChanged).await?;
                return Ok(Page::go(PATH));
            }
            Err(people::Error::Refused) => (Some(said.wrong.to_owned()), Faults::new()),
            Err(people::Error::Wait(wait)) => (Some((visit.text().sign_in.wait)(wait.seconds)), Faults::new()),
            Err(people::Error::Faults(faults)) => (None, faults),
            Err(error) => return Err(error.into()),
        };
        Ok(page(&visit, &session, refused, &faults).await?.with_status(StatusCode::BAD_REQUEST))
    })
}

/// Signs all other browsers out.
pub(super) fn end_others(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        visit.site.app.sessions.end_others(&session).await?;
        visit.site.app.sessions.leave(&session, Notice::OthersSignedOut).await?;
        Ok(Page::go(PATH))
    })
}

/// There is nothing to be seen at the addresses of its forms.
pub(super) fn home(_: Visit, _: Session) -> Answer {
    Box::pin(async { Ok(Page::go(Next::Me.path())) })
}

async fn user(visit: &Visit, session: &Session) -> Result<User, Failure> {
    visit.site.app.people.find(&session.user).await?.ok_or(Failure::Missing)
}

async fn page(visit: &Visit, session: &Session, refused: Option<String>, faults: &Faults) -> Result<Page, Failure> {
    let user = user(visit, session).await?;
    let words = visit.text();
    let fault = |wanted: Field| {
        let found = faults.iter().find(|(field, _)| *field == wanted);
        found.map(|(field, fault)| words.fault(*field, *fault))
    };
    Page::show(&Shown {
        frame: Frame::of(visit, Here::Me)?,
        text: &words.me,
        words,
        name: plain(&user.subject.common_name, 80),
        serial: &user.subject.serial_number,
        username: user.password.is_one().then_some(&user.username),
        providers: providers(visit, session).await?,
        contact: visit
            .site
            .app
            .contacts
            .ways()
            .contains(&true)
            .then(|| user.contact.as_ref().map(contact::address).unwrap_or_default()),
        refused,
        fault: fault(Field::Password),
        repeated_fault: fault(Field::Repeated),
        change: guard::token(&session.csrf, PATH, "")?,
        others: guard::token(&session.csrf, OTHERS, "")?,
    })
}

async fn providers(visit: &Visit, session: &Session) -> Result<Vec<Provider>, Failure> {
    let service = &visit.site.app.external;
    let tied = service.of_user(&session.user).await?;
    let shown = service.providers().iter().map(|provider| {
        Ok(Provider {
            tied: tied.contains(&provider.issuer),
            untie: guard::token(&session.csrf, &format!("/account/oidc/{}/untie", provider.name), "")?,
            name: provider.name.clone(),
            title: provider.title.clone(),
        })
    });
    shown.collect()
}
