//! Signing out.

use super::form::Form;
use super::next::Next;
use super::page::Page;
use super::visit::Visit;
use super::{Answer, session};
use crate::domain::session::Session;

/// There is nothing to be seen here.
pub(super) fn show(_: Visit) -> Answer {
    Box::pin(async { Ok(Page::go(Next::Home.path())) })
}

/// Ends the session.
pub(super) fn act(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        visit.site.app.sessions.end(&session).await?;
        Ok(Page::go(Next::Home.sign_in(false)).with_cookies(session::forget(&visit.site)))
    })
}
