//! Accounts and their pages: server-rendered, one page per task; a script only where a list changes by itself.
//!
//! A request meets the table [`PAGES`] (which page, and who may see it?), [`visit`] (who comes, in which language?),
//! [`guard`] if it is a form (is it one of ours?), one handler, and [`page`], which gives every answer its headers.
//! What pages say stands in [`text`], how they are built in `gateway/templates/`.

mod again;
mod approvals;
mod approve;
mod apps;
mod contact;
mod external;
mod failure;
mod form;
mod frame;
mod guard;
mod keys;
mod me;
mod next;
pub(super) mod page;
mod script;
pub(super) mod session;
mod sign_in;
mod sign_out;
mod sign_up;
pub(super) mod style;
mod text;
mod visit;
mod waiting;

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::{any, get};

use self::failure::Failure;
use self::form::Form;
use self::frame::Frame;
use self::next::Next;
use self::page::Page;
use self::visit::Visit;
use super::dispatch::next_id;
use super::recognised::Recognised;
use super::site::Site;
use crate::domain::language::Language;
use crate::domain::session::Session;

/// What a handler returns.
type Answer = Pin<Box<dyn Future<Output = Result<Page, Failure>> + Send>>;

/// A page, by who may see it.
#[derive(Debug, Clone, Copy)]
enum Show {
    /// Anybody.
    Anyone(fn(Visit) -> Answer),
    /// Who is signed in; anybody else signs in first.
    Owner(fn(Visit, Session) -> Answer),
}

/// What its form does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Anyone(fn(Visit, Form) -> Answer),
    Owner(fn(Visit, Session, Form) -> Answer),
}

/// An address.
#[derive(Debug)]
struct Entry {
    path: &'static str,
    show: Show,
    act: Option<Act>,
}

/// All pages.
static PAGES: &[Entry] = &[
    Entry { path: "/account", show: Show::Owner(keys::list::show), act: None },
    Entry { path: "/account/sign-in", show: Show::Anyone(sign_in::show), act: Some(Act::Anyone(sign_in::act)) },
    Entry { path: "/account/sign-up", show: Show::Anyone(sign_up::show), act: Some(Act::Anyone(sign_up::act)) },
    Entry { path: "/account/oidc/{name}", show: Show::Anyone(external::go), act: None },
    Entry { path: "/account/oidc/{name}/return", show: Show::Anyone(external::back), act: None },
    Entry { path: "/account/oidc/{name}/tie", show: Show::Owner(external::ask), act: Some(Act::Owner(external::tie)) },
    Entry { path: "/account/oidc/{name}/untie", show: Show::Owner(me::home), act: Some(Act::Owner(external::untie)) },
    Entry { path: "/account/me", show: Show::Owner(me::show), act: Some(Act::Owner(me::change_password)) },
    Entry { path: "/account/me/others", show: Show::Owner(me::home), act: Some(Act::Owner(me::end_others)) },
    Entry { path: "/account/contact", show: Show::Owner(contact::show), act: Some(Act::Owner(contact::act)) },
    Entry {
        path: "/account/contact/code",
        show: Show::Owner(contact::show_code),
        act: Some(Act::Owner(contact::confirm)),
    },
    Entry { path: "/account/sign-out", show: Show::Anyone(sign_out::show), act: Some(Act::Owner(sign_out::act)) },
    Entry { path: "/account/keys/new", show: Show::Owner(keys::new::show), act: Some(Act::Owner(keys::new::act)) },
    Entry { path: "/account/keys/{id}", show: Show::Owner(keys::one::show), act: None },
    Entry { path: "/account/keys/{id}/made", show: Show::Owner(keys::new::back), act: None },
    Entry { path: "/account/keys/{id}/pin", show: Show::Owner(keys::pin::show), act: Some(Act::Owner(keys::pin::act)) },
    Entry {
        path: "/account/keys/{id}/factor",
        show: Show::Owner(keys::factor::show),
        act: Some(Act::Owner(keys::factor::act)),
    },
    Entry {
        path: "/account/keys/{id}/delete",
        show: Show::Owner(keys::delete::show),
        act: Some(Act::Owner(keys::delete::act)),
    },
    Entry { path: "/account/approve", show: Show::Owner(approve::show), act: Some(Act::Owner(approve::act)) },
    Entry { path: "/account/waiting", show: Show::Owner(waiting::list), act: None },
    Entry { path: "/account/waiting/{id}", show: Show::Owner(waiting::show), act: Some(Act::Owner(waiting::act)) },
    Entry { path: "/account/history", show: Show::Owner(approvals::show), act: None },
    Entry { path: "/account/apps", show: Show::Owner(apps::show), act: None },
    Entry { path: "/account/apps/{id}/hear", show: Show::Owner(apps::show), act: Some(Act::Owner(apps::hear)) },
    Entry { path: "/account/apps/{id}", show: Show::Owner(apps::ask), act: Some(Act::Owner(apps::revoke)) },
];

/// The routes of all pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    let mut routes = Router::new();
    for entry in PAGES {
        let run = move |State(site): State<Arc<Site>>, request: Request| serve(site, entry, request);
        let route = if entry.act.is_some() { get(run).post(run) } else { get(run) };
        routes = routes.route(entry.path, route);
    }
    routes
        .route(style::path(), get(style::serve))
        .route(script::path(), get(script::serve))
        .route("/", get(async || Page::go("/account").response()))
        .route("/account/{*rest}", any(missing))
}

async fn missing(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    page::missing(&site, &headers)
}

async fn serve(site: Arc<Site>, entry: &'static Entry, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let mut language = visit::language(&site, &head.headers);
    let mut cookies = Vec::new();
    let outcome = match Visit::read(Arc::clone(&site), &mut head).await {
        Ok(mut visit) => {
            language = visit.language;
            cookies = std::mem::take(&mut visit.cookies);
            match head.method {
                Method::POST => act(entry, visit, &head.headers, body).await,
                _ => show(entry, visit, &head.headers).await,
            }
        }
        Err(problem) => Err(problem.into()),
    };
    conclude(&site, entry, language, outcome).with_cookies(cookies).response()
}

async fn show(entry: &Entry, mut visit: Visit, headers: &HeaderMap) -> Result<Page, Failure> {
    match (entry.show, visit.session.clone()) {
        (Show::Anyone(show), _) => show(visit).await,
        (Show::Owner(show), Some(session)) => {
            visit.notice = visit.site.app.sessions.take_notice(&session).await?;
            show(visit, session).await
        }
        (Show::Owner(_), None) => Ok(sign_in_first(&visit, headers)),
    }
}

async fn act(entry: &Entry, visit: Visit, headers: &HeaderMap, body: Body) -> Result<Page, Failure> {
    let Some(act) = entry.act else { return Err(Failure::Missing) };
    if !guard::is_from_here(&visit.site, headers) {
        return Err(Failure::Form);
    }
    let recognised = Recognised::now(&visit.site);
    let form = Form::read(&visit.site, body).await?;
    let bound = form.get("request").unwrap_or_default();
    match (act, visit.session.clone()) {
        (Act::Anyone(_), _) if visit.is_first => Err(Failure::Cookies),
        (Act::Anyone(act), _) => {
            form.require(&visit.visitor_token(&visit.path, bound)?)?;
            act(visit, form).await
        }
        (Act::Owner(act), Some(session)) => {
            form.require(&guard::token(&session.csrf, &visit.path, bound)?)?;
            let signed_out =
                recognised.is_long_ago(&visit.site) && session::from(&visit.site, headers).await?.is_none();
            if signed_out { Ok(sign_in_first(&visit, headers)) } else { act(visit, session, form).await }
        }
        (Act::Owner(_), None) => Ok(sign_in_first(&visit, headers)),
    }
}

/// The way to the sign-in page, which leads back here.
fn sign_in_first(visit: &Visit, headers: &HeaderMap) -> Page {
    let was_signed_in = session::cookie(headers, session::name(&visit.site)).is_some();
    Page::go(Next::here(visit).sign_in(was_signed_in))
}

/// The answer; a failure is logged here, once, with an id that the page shows.
fn conclude(site: &Site, entry: &Entry, language: Language, outcome: Result<Page, Failure>) -> Page {
    outcome.unwrap_or_else(|failure| {
        let (id, page, status) = (next_id(), entry.path, failure.status());
        match &failure {
            Failure::Problem(problem) => {
                let cause = problem.chain();
                tracing::error!(request.id = id, page, status, cause = cause.as_deref(), "a page could not be shown");
            }
            refused => tracing::info!(request.id = id, page, status, "refused: {refused:?}"),
        }
        page::failed(Frame::bare(site, language), &failure, &id)
    })
}
