//! The end of a key.

use askama::Template;
use axum::http::StatusCode;

use super::{named, title};
use crate::domain::session::{Notice, Session};
use crate::domain::user::User;
use crate::http::account::again::{self, Again};
use crate::http::account::failure::Failure;
use crate::http::account::form::Form;
use crate::http::account::frame::{Frame, Here};
use crate::http::account::next::Next;
use crate::http::account::page::Page;
use crate::http::account::text::Delete;
use crate::http::account::visit::Visit;
use crate::http::account::{Answer, guard};
use crate::service::account::keys::Key;

#[derive(Template)]
#[template(path = "key_delete.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Delete,
    id: &'a str,
    title: String,
    again: Again<'a>,
    token: String,
}

/// Asks whether it is meant.
pub(in crate::http::account) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let key = named(&visit, &session).await?;
        match again::owner(&visit, &session, Next::Key(key.credential.id.clone())).await? {
            Ok(user) => form(&visit, &session, &user, &key, None),
            Err(way) => Ok(way),
        }
    })
}

fn form(visit: &Visit, session: &Session, user: &User, key: &Key, fault: Option<String>) -> Result<Page, Failure> {
    Page::show(&Shown {
        frame: Frame::of(visit, Here::Keys)?,
        text: &visit.text().delete,
        id: &key.credential.id,
        title: title(key),
        again: Again::of(visit, user, fault),
        token: guard::token(&session.csrf, &visit.path, "")?,
    })
}

/// Deletes it.
pub(in crate::http::account) fn act(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let key = named(&visit, &session).await?;
        let user = match again::owner(&visit, &session, Next::Key(key.credential.id.clone())).await? {
            Ok(user) => user,
            Err(way) => return Ok(way),
        };
        if let fault @ Some(_) = again::judge(&visit, &user, &sent).await? {
            return Ok(form(&visit, &session, &user, &key, fault)?.with_status(StatusCode::BAD_REQUEST));
        }
        visit.site.app.keys.delete(&key).await?;
        visit.site.app.authority.outdate().await;
        visit.site.app.sessions.leave(&session, Notice::KeyDeleted).await?;
        Ok(Page::go(Next::Home.path()))
    })
}
