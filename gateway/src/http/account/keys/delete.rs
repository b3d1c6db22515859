//! The end of a key.

use askama::Template;

use super::{named, title};
use crate::domain::session::{Notice, Session};
use crate::http::account::form::Form;
use crate::http::account::frame::{Frame, Here};
use crate::http::account::next::Next;
use crate::http::account::page::Page;
use crate::http::account::text::Delete;
use crate::http::account::visit::Visit;
use crate::http::account::{Answer, guard};

#[derive(Template)]
#[template(path = "key_delete.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Delete,
    id: &'a str,
    title: String,
    token: String,
}

/// Asks whether it is meant.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let key = named(&visit, &session).await?;
        Page::show(&Shown {
            frame: Frame::of(&visit, Here::Keys)?,
            text: &visit.text().delete,
            id: &key.credential.id,
            title: title(&key),
            token: guard::token(&session.csrf, &visit.path, "")?,
        })
    })
}

/// Deletes it.
pub(in crate::http::account) fn act(visit: Visit, session: Session, _: Form) -> Answer {
    Box::pin(async move {
        let key = named(&visit, &session).await?;
        visit.site.app.keys.delete(&key).await?;
        visit.site.app.sessions.leave(&session, Notice::KeyDeleted).await?;
        Ok(Page::go(Next::Home.path()))
    })
}
