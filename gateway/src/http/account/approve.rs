//! An app asks: to be let in, or for signatures. The user decides; for signatures the PIN follows on the signing page.

use askama::Template;
use axum::http::StatusCode;

use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::guard::origin_of;
use super::keys::{Told, readable};
use super::page::Page;
use super::text::{Approve, Text};
use super::visit::Visit;
use super::{Answer, guard, next};
use crate::domain::history::code;
use crate::domain::language::Language;
use crate::domain::plain::plain;
use crate::domain::session::Session;
use crate::service::account::keys::{Key, Standing};
use crate::service::oauth::requests::{self, Next, Request, RequestScope};
use crate::service::transactions;

const PATH: &str = "/account/approve";

/// Characters that are shown of a name or label.
const LABEL: usize = 120;

#[derive(Template)]
#[template(path = "approve_sign.html")]
struct Sign<'a> {
    frame: Frame<'a>,
    text: &'static Approve,
    title: String,
    client: &'a str,
    leads_to: String,
    description: Option<String>,
    documents: Vec<String>,
    has_names: bool,
    code: Option<String>,
    keys: Vec<Choice>,
    /// Whether the user chooses the key.
    choose: bool,
    /// Why it cannot go on, if so.
    cannot: Option<String>,
    fault: Option<&'static str>,
    id: &'a str,
    token: String,
}

#[derive(Template)]
#[template(path = "approve_yes.html")]
struct Yes<'a> {
    frame: Frame<'a>,
    text: &'static Approve,
    title: String,
    lead: &'static str,
    /// What the app can do then, point by point.
    points: &'static [&'static str],
    /// What comes next, or what does not, where there is something to say.
    next: Option<&'static str>,
    proceed: &'static str,
    client: &'a str,
    leads_to: String,
    /// The key it is about.
    key: Option<Choice>,
    cannot: Option<&'static str>,
    fault: Option<&'static str>,
    id: &'a str,
    token: String,
}

struct Choice {
    id: String,
    kind: &'static str,
    name: String,
    issuer: String,
}

/// The page.
pub(super) fn show(mut visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let request = described(&visit, visit.query("request")).await?;
        if request.sign_in && !session.is_for(&request.id) {
            return Ok(sign_in(&request));
        }
        visit.speak(language(&request));
        page(&visit, &session, &request, None).await
    })
}

/// What the user decided.
pub(super) fn act(mut visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let request = described(&visit, sent.get("request")).await?;
        visit.speak(language(&request));
        let requests = &visit.site.app.requests;
        if sent.get("decision") != Some("continue") {
            return Ok(Page::go(requests.deny(&request.id, &session).await.map_err(over)?));
        }
        let text = &visit.text().approve;
        let fault = match requests.approve(&request.id, &session, sent.get("key")).await {
            Ok(Next::Redirect(url) | Next::Sign(url)) => return Ok(Page::go(url)),
            Err(requests::Error::NoCredential) => text.choose_fault,
            Err(requests::Error::Disabled) => text.key_not_ready,
            Err(requests::Error::OtherAccount) => text.other_account,
            Err(requests::Error::Enough) => text.enough,
            Err(requests::Error::SignIn) => return Ok(sign_in(&request)),
            Err(error) => return Err(over(error)),
        };
        Ok(page(&visit, &session, &request, Some(fault)).await?.with_status(StatusCode::BAD_REQUEST))
    })
}

/// Where its user signs in once more, and comes back from.
fn sign_in(request: &Request) -> Page {
    Page::go(next::Next::Approve(request.id.clone()).sign_in(true))
}

/// The request, if it still waits for its user.
pub(super) async fn described(visit: &Visit, id: Option<&str>) -> Result<Request, Failure> {
    visit.site.app.requests.describe(id.unwrap_or_default()).await.map_err(over)
}

/// The language that the app asks for: one tag, or several as in `ui_locales`.
pub(super) fn language(request: &Request) -> Option<Language> {
    request.lang.as_deref().and_then(Language::of_locales)
}

/// What the app is called.
pub(super) fn app_of(request: &Request) -> String {
    plain(&request.client, LABEL)
}

fn over(error: requests::Error) -> Failure {
    match error {
        requests::Error::Unknown => Failure::RequestOver,
        requests::Error::Withdrawn | requests::Error::Transaction(transactions::Error::Withdrawn) => Failure::Withdrawn,
        requests::Error::Transaction(transactions::Error::NoPage) => Failure::NoPage,
        error => error.into(),
    }
}

async fn page(
    visit: &Visit,
    session: &Session,
    request: &Request,
    fault: Option<&'static str>,
) -> Result<Page, Failure> {
    let token = guard::token(&session.csrf, PATH, &request.id)?;
    let frame = Frame::of(visit, Here::Elsewhere)?;
    let text = &visit.text().approve;
    // A name is whatever the app registered; these two are what it is.
    let (client, leads_to) = (request.client_id.as_str(), place_of(&request.redirect_uri));
    let page = match request.scope {
        RequestScope::Service => Page::show(&Yes {
            frame,
            text,
            title: (text.service_title)(&app_of(request)),
            lead: text.service_lead,
            points: &text.service_can,
            next: Some(text.service_cannot),
            proceed: text.allow,
            client,
            leads_to,
            key: None,
            cannot: None,
            fault: None,
            id: &request.id,
            token,
        })?,
        RequestScope::Credential => {
            let keys = visit.site.app.keys.of(&session.user).await?;
            let usable = usable(request, &keys);
            let cannot = cannot(visit, session, request, &keys, &usable);
            let is_over = cannot.is_some();
            Page::show(&Sign {
                frame,
                text,
                title: (text.sign_title)(&app_of(request), request.signatures),
                client,
                leads_to,
                description: request
                    .description
                    .as_deref()
                    .map(|said| plain(said, 500))
                    .filter(|said| !said.is_empty()),
                documents: documents(text, request),
                has_names: request.labels.iter().any(Option::is_some),
                code: code(&request.list),
                choose: request.credential.is_none() && usable.len() > 1,
                keys: usable.into_iter().map(choice).collect(),
                cannot,
                fault: fault.filter(|_| !is_over),
                id: &request.id,
                token,
            })?
        }
        RequestScope::Create | RequestScope::Delete => {
            let is_new = request.scope == RequestScope::Create;
            let keys = visit.site.app.keys.of(&session.user).await?;
            let named = keys.iter().find(|key| request.credential.as_ref() == Some(&key.credential.id));
            let other = request.account.as_ref().is_some_and(|account| *account != session.user);
            let cannot = match (other, named) {
                (true, _) => Some(text.other_account),
                (false, None) if !is_new => Some(text.foreign_key),
                _ => None,
            };
            let title = if is_new { text.create_title } else { text.delete_title };
            Page::show(&Yes {
                frame,
                text,
                title: title(&app_of(request)),
                lead: if is_new { text.create_lead } else { text.delete_lead },
                points: &[],
                next: is_new.then_some(text.create_next),
                proceed: if is_new { text.proceed } else { text.delete },
                client,
                leads_to,
                key: named.map(choice),
                cannot,
                fault: fault.filter(|_| cannot.is_none()),
                id: &request.id,
                token,
            })?
        }
    };
    // The answer to the app is a redirect after this form, and so is the way to the signing page.
    Ok(page.leading_to(source_of(&request.redirect_uri)).leading_to_some(visit.sign_origin()))
}

/// Keys that can sign this now: the one the app named, or any that is ready.
fn usable<'a>(request: &Request, keys: &'a [Key]) -> Vec<&'a Key> {
    let named = |key: &&Key| request.credential.as_ref().is_none_or(|named| *named == key.credential.id);
    let fits = |key: &&Key| key.standing == Standing::Ready && request.signatures <= key.credential.multisign;
    keys.iter().filter(named).filter(fits).collect()
}

/// Why it cannot go on with this account, and what to do.
fn cannot(visit: &Visit, session: &Session, request: &Request, keys: &[Key], usable: &[&Key]) -> Option<String> {
    let text = &visit.text().approve;
    if request.account.as_ref().is_some_and(|account| *account != session.user) {
        return Some(text.other_account.to_owned());
    }
    if !usable.is_empty() {
        return None;
    }
    let asked = |key: &&Key| request.credential.as_ref().is_none_or(|named| *named == key.credential.id);
    let asked: Vec<&Key> = keys.iter().filter(asked).collect();
    Some(match (asked.as_slice(), &request.credential) {
        ([key], _) if key.standing == Standing::Ready => (text.too_many)(key.credential.multisign),
        ([key], _) => not_ready(visit.text(), Some(key)),
        ([], Some(_)) => text.foreign_key.to_owned(),
        ([], None) => text.no_key.to_owned(),
        _ => text.no_key_ready.to_owned(),
    })
}

/// That a key cannot sign now, why, and what helps.
pub(super) fn not_ready(text: &Text, key: Option<&Key>) -> String {
    let help = key.and_then(|key| Told::of(text, key.standing).help);
    help.map_or_else(|| text.approve.key_not_ready.to_owned(), |help| format!("{} {help}", text.approve.key_not_ready))
}

fn choice(key: &Key) -> Choice {
    Choice {
        id: key.credential.id.clone(),
        kind: key.credential.key_type.name(),
        name: plain(&key.facts.common_name, LABEL),
        issuer: readable(&key.facts.issuer),
    }
}

/// A name for each document: the app's, or its place in the list.
fn documents(text: &Approve, request: &Request) -> Vec<String> {
    let named =
        request.labels.iter().map(|label| label.as_deref().map(|label| plain(label, LABEL)).unwrap_or_default());
    let numbered = named.enumerate().map(|(place, label)| match label.is_empty() {
        true => (text.unlabelled)(place + 1),
        false => label,
    });
    numbered.collect()
}

/// A redirect URI as people know it: its host, or the scheme of an app's own.
fn place_of(uri: &str) -> String {
    let host = url::Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| source_of(uri))
}

/// A redirect URI as `form-action` names it: its origin, or the scheme of an app's own.
fn source_of(uri: &str) -> String {
    match url::Url::parse(uri) {
        Ok(url) if url.scheme() == "http" || url.scheme() == "https" => origin_of(uri),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{place_of, source_of};

    #[test]
    fn a_redirect_uri_is_named_by_origin_or_scheme() {
        assert_eq!(source_of("https://app.example/cb?x=1"), "https://app.example");
        assert_eq!(source_of("http://127.0.0.1:4567/callback"), "http://127.0.0.1:4567");
        assert_eq!(source_of("com.example.app:/cb"), "com.example.app:");
        assert_eq!(source_of("rubbish"), "");
        assert_eq!(place_of("https://app.example:8443/cb?x=1"), "app.example");
        assert_eq!(place_of("com.example.app:/cb"), "com.example.app:");
    }
}
