//! The password once more, before what a session that somebody took over must not be enough for.

use super::failure::Failure;
use super::form::Form;
use super::next::Next;
use super::page::Page;
use super::text;
use super::visit::Visit;
use crate::domain::session::Session;
use crate::domain::user::User;
use crate::service::account::people;

/// Who has no password here has to have signed in so lately instead, milliseconds.
const LATELY: i64 = 10 * 60 * 1000;

/// The field, for `templates/again.html`.
pub(super) struct Again<'a> {
    pub(super) text: &'static text::Again,
    /// Whose; none where the account has no password, and so no field.
    pub(super) username: Option<&'a str>,
    pub(super) fault: Option<String>,
}

impl<'a> Again<'a> {
    /// The field on a page of this visit.
    pub(super) fn of(visit: &Visit, user: &'a User, fault: Option<String>) -> Self {
        let username = user.password.is_one().then_some(user.username.as_str());
        Self { text: &visit.text().again, username, fault }
    }
}

/// The owner of the account; or the way to the sign-in page, which leads to `next`, where that has to be seen first.
pub(super) async fn owner(visit: &Visit, session: &Session, next: Next) -> Result<Result<User, Page>, Failure> {
    let app = &visit.site.app;
    let user = app.people.find(&session.user).await?.ok_or(Failure::Missing)?;
    let known = user.password.is_one() || app.clock.now() - session.created_at < LATELY;
    Ok(if known { Ok(user) } else { Err(Page::go(next.sign_in(true))) })
}

/// What is wrong with the password that a form brought, if anything is.
pub(super) async fn judge(visit: &Visit, user: &User, sent: &Form) -> Result<Option<String>, Failure> {
    let text = visit.text();
    match visit.site.app.people.confirm(user, sent.secret("password"), visit.address).await {
        Ok(()) => Ok(None),
        Err(people::Error::Refused) => Ok(Some(text.me.wrong.to_owned())),
        Err(people::Error::Wait(wait)) => Ok(Some((text.sign_in.wait)(wait.seconds))),
        Err(error) => Err(error.into()),
    }
}
