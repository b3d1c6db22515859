//! Where the user's codes go: an address, confirmed by a code that was sent there.

use askama::Template;
use axum::http::StatusCode;

use super::again::{self, Again};
use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::Contact;
use super::visit::Visit;
use super::{Answer, guard};
use crate::domain::contact;
use crate::domain::session::{Notice, Session};
use crate::domain::user::User;
use crate::service::account::contacts::Error;

const PATH: &str = "/account/contact";
const CODE: &str = "/account/contact/code";

#[derive(Template)]
#[template(path = "contact.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Contact,
    /// Where they go now.
    now: Option<String>,
    /// Which addresses can be given: their name, and an example.
    label: &'static str,
    hint: &'static str,
    /// What a browser may fill in.
    autocomplete: &'static str,
    /// What was typed.
    typed: &'a str,
    fault: Option<String>,
    again: Again<'a>,
    token: String,
}

#[derive(Template)]
#[template(path = "contact_code.html")]
struct Asked<'a> {
    frame: Frame<'a>,
    text: &'static Contact,
    address: String,
    fault: Option<&'static str>,
    token: String,
}

/// The form.
pub(super) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        offered(&visit)?;
        match again::owner(&visit, &session, Next::Contact).await? {
            Ok(user) => form(&visit, &session, &user, "", (None, None)),
            Err(way) => Ok(way),
        }
    })
}

/// Sends the code.
pub(super) fn act(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        offered(&visit)?;
        let user = match again::owner(&visit, &session, Next::Contact).await? {
            Ok(user) => user,
            Err(way) => return Ok(way),
        };
        let typed = sent.text("address");
        let refuse = |faults| Ok(form(&visit, &session, &user, &typed, faults)?.with_status(StatusCode::BAD_REQUEST));
        if let fault @ Some(_) = again::judge(&visit, &user, &sent).await? {
            return refuse((None, fault));
        }
        let said = &visit.text().contact;
        let fault = match visit.site.app.contacts.propose(&user.id, &typed).await {
            Ok(()) => return Ok(Page::go(CODE)),
            Err(Error::Unfit(_) | Error::NoWay) => of_ways(&visit, said.unfit).to_owned(),
            Err(Error::TooMany { seconds }) => (said.too_many)(seconds.div_ceil(60)),
            Err(Error::Undelivered(_)) => said.undelivered.to_owned(),
            Err(error) => return Err(error.into()),
        };
        refuse((Some(fault), None))
    })
}

/// Asks for the code.
pub(super) fn show_code(visit: Visit, session: Session) -> Answer {
    Box::pin(async move { ask(&visit, &session, None).await })
}

/// Takes the address.
pub(super) fn confirm(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let app = &visit.site.app;
        match app.contacts.confirm(&session.user, &sent.secret("code")).await {
            Ok(()) => {
                app.sessions.leave(&session, Notice::ContactChanged).await?;
                Ok(Page::go(Next::Me.path()))
            }
            Err(Error::Wrong) => {
                let fault = Some(visit.text().contact.wrong);
                Ok(ask(&visit, &session, fault).await?.with_status(StatusCode::BAD_REQUEST))
            }
            Err(Error::Over) => Ok(Page::go(PATH)),
            Err(error) => Err(error.into()),
        }
    })
}

async fn ask(visit: &Visit, session: &Session, fault: Option<&'static str>) -> Result<Page, Failure> {
    let Some(waiting) = visit.site.app.contacts.open(&session.user).await? else { return Ok(Page::go(PATH)) };
    Page::show(&Asked {
        frame: Frame::of(visit, Here::Me)?,
        text: &visit.text().contact,
        address: address(&waiting),
        fault,
        token: guard::token(&session.csrf, CODE, "")?,
    })
}

fn form(
    visit: &Visit,
    session: &Session,
    user: &User,
    typed: &str,
    (fault, refused): (Option<String>, Option<String>),
) -> Result<Page, Failure> {
    Page::show(&Shown {
        frame: Frame::of(visit, Here::Me)?,
        text: &visit.text().contact,
        now: user.contact.as_ref().map(address),
        label: of_ways(visit, visit.text().contact.addresses),
        hint: of_ways(visit, visit.text().contact.hints),
        // "off" where it may be either: a browser would suggest one kind alone.
        autocomplete: of_ways(visit, ["email", "tel", "off"]),
        typed,
        fault,
        again: Again::of(visit, user, refused),
        token: guard::token(&session.csrf, PATH, "")?,
    })
}

/// Whether this service sends anything to anybody.
fn offered(visit: &Visit) -> Result<(), Failure> {
    if visit.site.app.contacts.ways().contains(&true) { Ok(()) } else { Err(Failure::Missing) }
}

/// The one of three that fits the ways there are: by e-mail, to telephones, both.
fn of_ways(visit: &Visit, [email, phone, both]: [&'static str; 3]) -> &'static str {
    match visit.site.app.contacts.ways() {
        [true, true] => both,
        [_, true] => phone,
        _ => email,
    }
}

/// An address as its owner reads it.
pub(super) fn address(contact: &contact::Contact) -> String {
    let (contact::Contact::Email(address) | contact::Contact::Phone(address)) = contact;
    address.clone()
}
