//! Opening an account: with a password, or for somebody whom an identity provider vouches for.

use askama::Template;
use axum::http::StatusCode;

use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::next::Next;
use super::page::Page;
use super::text::{SignUp, countries};
use super::visit::Visit;
use super::{Answer, sign_in};
use crate::domain::account::{DOCUMENTS, Faults, Field, Typed};
use crate::domain::password::SHORTEST;
use crate::domain::session::Notice;
use crate::domain::user::User;
use crate::service::account::{external, people};

const PATH: &str = "/account/sign-up";

#[derive(Template)]
#[template(path = "sign_up.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static SignUp,
    next: &'a Next,
    typed: &'a Typed,
    countries: &'static [(&'static str, &'static str)],
    documents: Vec<(&'static str, &'static str)>,
    shortest: usize,
    faults: &'a Faults,
    wait: Option<String>,
    introduced: Option<&'a Introduced>,
    token: String,
}

/// Somebody whom a provider vouches for, and who so needs no password.
struct Introduced {
    /// What finds the introduction.
    token: String,
    /// The provider: its name, and what people know it by.
    provider: String,
    title: String,
}

/// The form.
pub(super) fn show(mut visit: Visit) -> Answer {
    Box::pin(async move {
        let next = Next::read(visit.query("next"), visit.query("id"));
        open(&mut visit, &next).await?;
        let (introduced, typed) = introduced(&visit, visit.query("introduction")).await?;
        form(&visit, &next, introduced.as_ref(), &typed, &Faults::new(), None)
    })
}

/// Opens the account and signs in, or says all that is wrong.
pub(super) fn act(mut visit: Visit, sent: Form) -> Answer {
    Box::pin(async move {
        let next = Next::read(sent.get("next"), sent.get("id"));
        open(&mut visit, &next).await?;
        let (introduced, _) = introduced(&visit, sent.get("introduction").filter(|token| !token.is_empty())).await?;
        let typed = Typed {
            given_name: sent.text("given_name"),
            surname: sent.text("surname"),
            country: sent.text("country"),
            document: sent.text("document"),
            number: sent.text("number"),
            username: sent.text("username"),
        };
        let (faults, wait) = match apply(&visit, introduced.as_ref(), &typed, &sent).await {
            Ok(user) => {
                if let Some(introduced) = &introduced {
                    visit.site.app.external.accept(&introduced.token, &user).await.map_err(gone)?;
                }
                return sign_in::begin(&visit, &user, Some(Notice::Welcome), &next).await;
            }
            Err(people::Error::Faults(faults)) => (faults, None),
            Err(people::Error::Wait(wait)) => (Faults::new(), Some((visit.text().sign_up.wait)(wait.seconds))),
            Err(error) => return Err(error.into()),
        };
        let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST };
        Ok(form(&visit, &next, introduced.as_ref(), &typed, &faults, wait)?.with_status(status))
    })
}

async fn apply(
    visit: &Visit,
    introduced: Option<&Introduced>,
    typed: &Typed,
    sent: &Form,
) -> Result<User, people::Error> {
    let people = &visit.site.app.people;
    match introduced {
        Some(introduced) => people.take_in(typed, &introduced.provider, visit.address).await,
        None => people.sign_up(typed, sent.secret("password"), &sent.secret("repeated"), visit.address).await,
    }
}

/// Where signing up is allowed, in the language of the app that waits for it.
async fn open(visit: &mut Visit, next: &Next) -> Result<(), Failure> {
    if !visit.site.config.account.sign_up {
        return Err(Failure::Missing);
    }
    sign_in::waiting(visit, next).await?;
    Ok(())
}

/// Who was introduced to this browser, and what the provider says of their name.
async fn introduced(visit: &Visit, token: Option<&str>) -> Result<(Option<Introduced>, Typed), Failure> {
    let Some(token) = token else { return Ok((None, Typed::default())) };
    let service = &visit.site.app.external;
    let found = service.introduction(token, visit.visitor()).await.map_err(gone)?;
    let title = service.providers().iter().find(|provider| provider.name == found.provider);
    let introduced = Introduced {
        token: token.to_owned(),
        title: title.ok_or(Failure::Missing)?.title.clone(),
        provider: found.provider,
    };
    let typed = Typed {
        given_name: found.identity.given_name.unwrap_or_default(),
        surname: found.identity.family_name.unwrap_or_default(),
        ..Typed::default()
    };
    Ok((Some(introduced), typed))
}

fn gone(error: external::Error) -> Failure {
    match error {
        external::Error::Unknown | external::Error::Taken => Failure::Form,
        error => error.into(),
    }
}

fn form(
    visit: &Visit,
    next: &Next,
    introduced: Option<&Introduced>,
    typed: &Typed,
    faults: &Faults,
    wait: Option<String>,
) -> Result<Page, Failure> {
    let text = &visit.text().sign_up;
    let kinds = std::iter::once("").chain(DOCUMENTS);
    Page::show(&Shown {
        frame: Frame::of(visit, Here::Elsewhere)?,
        text,
        next,
        typed,
        countries: countries(visit.language),
        documents: kinds.zip(text.documents).collect(),
        shortest: SHORTEST,
        faults,
        wait,
        introduced,
        token: visit.visitor_token(PATH, "")?,
    })
}

impl Shown<'_> {
    /// What is wrong with a field, by its name in the form.
    fn fault(&self, name: &str) -> Option<&'static str> {
        let (field, fault) = self.faults.iter().find(|(field, _)| name_of(*field) == name)?;
        Some(self.frame.text.fault(*field, *fault))
    }

    /// All that is wrong: name of the field, and the sentence.
    fn summary(&self) -> Vec<(&'static str, &'static str)> {
        let told = |(field, fault): &(Field, _)| (name_of(*field), self.frame.text.fault(*field, *fault));
        self.faults.iter().map(told).collect()
    }
}

const fn name_of(field: Field) -> &'static str {
    match field {
        Field::GivenName => "given_name",
        Field::Surname => "surname",
        Field::Country => "country",
        Field::Document => "document",
        Field::Number => "number",
        Field::Username => "username",
        Field::Password => "password",
        Field::Repeated => "repeated",
    }
}
