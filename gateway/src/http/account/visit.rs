//! One visit of a page: who comes, from where, in which language.

use std::net::IpAddr;
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::RawPathParams;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use super::failure::Failure;
use super::text::Text;
use super::{guard, session};
use crate::domain::language::Language;
use crate::domain::session::{Notice, Session};
use crate::http::address;
use crate::http::error::Problem;
use crate::http::site::Site;

/// What a handler is given.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) site: Arc<Site>,
    /// Path of the page.
    pub(super) path: String,
    /// The parameter in the path, if it has one.
    pub(super) id: Option<String>,
    query: Vec<(String, String)>,
    /// Language of the page.
    pub(super) language: Language,
    /// Whether the reader chose it, here or earlier.
    chosen: bool,
    /// Network address of the browser, where it is known.
    pub(super) address: Option<IpAddr>,
    /// Who is signed in.
    pub(super) session: Option<Session>,
    /// Told once.
    pub(super) notice: Option<Notice>,
    /// What forms are tied to that need nobody to be signed in.
    visitor: SecretString,
    /// Whether the browser sent no such thing back yet.
    pub(super) is_first: bool,
    /// `Set-Cookie` of the answer.
    pub(super) cookies: Vec<HeaderValue>,
}

impl Visit {
    /// Reads the head of a request.
    pub(super) async fn read(site: Arc<Site>, head: &mut Parts) -> Result<Self, Problem> {
        let headers = &head.headers;
        let session = session::from(&site, headers).await?;
        let query = query(head.uri.query());
        let wish = get(&query, "lang").and_then(Language::of_tag);
        let wish = wish.or_else(|| get(&query, "ui_locales").and_then(Language::of_locales));
        let mut cookies = Vec::new();
        let (visitor, is_first) = guard::visitor(&site, headers)?;
        if is_first {
            cookies.extend(guard::remember(&site, &visitor));
        }
        if let Some(wish) = wish {
            cookies.extend(remember_language(&site, wish));
            if let Some(session) = &session {
                site.app.sessions.speak(session, wish).await?;
            }
        }
        let wish = wish.or_else(|| chosen_language(&site, headers));
        let spoken = session.as_ref().map(|session| session.language);
        let language = wish.or(spoken).or_else(|| accepted_language(headers)).unwrap_or_default();
        let address = address::of(&site, head);
        Ok(Self {
            id: first_parameter(head).await,
            path: head.uri.path().to_owned(),
            query,
            language,
            chosen: wish.is_some(),
            address,
            session,
            notice: None,
            visitor,
            is_first,
            cookies,
            site,
        })
    }

    /// A parameter of the query string.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        get(&self.query, name)
    }

    /// The sentences of the page.
    pub(super) const fn text(&self) -> &'static Text {
        Text::of(self.language)
    }

    /// Origin of the signing page, where there is one.
    pub(super) fn sign_origin(&self) -> Option<&str> {
        self.site.config.page.sign_origin.as_deref()
    }

    /// Speaks the language the app asked for, unless the reader chose one.
    pub(super) fn speak(&mut self, wish: Option<Language>) {
        if let Some(wish) = wish
            && !self.chosen
        {
            self.language = wish;
        }
    }

    /// This page in another language.
    pub(super) fn in_language(&self, language: Language) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.query {
            if name != "lang" && name != "ui_locales" {
                query.append_pair(name, value);
            }
        }
        query.append_pair("lang", language.code());
        format!("{}?{}", self.path, query.finish())
    }

    /// What ties things to this browser while nobody is signed in.
    pub(super) const fn visitor(&self) -> &SecretString {
        &self.visitor
    }

    /// The token of a form that needs nobody to be signed in.
    pub(super) fn visitor_token(&self, form: &str, bound: &str) -> Result<String, Failure> {
        guard::token(self.visitor.expose_secret(), form, bound)
    }
}

fn query(text: Option<&str>) -> Vec<(String, String)> {
    const MOST: usize = 16;
    form_urlencoded::parse(text.unwrap_or_default().as_bytes()).take(MOST).map(|(n, v)| (n.into(), v.into())).collect()
}

fn get<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// The language of a page outside of a session: chosen here, chosen earlier, or liked best by the browser.
pub(in crate::http) fn language(site: &Site, headers: &HeaderMap) -> Language {
    chosen_language(site, headers).or_else(|| accepted_language(headers)).unwrap_or_default()
}

fn accepted_language(headers: &HeaderMap) -> Option<Language> {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|field| Language::accepted(field.to_str().ok()?))
}

fn language_cookie(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-rsign-language" } else { "rsign-language" }
}

fn chosen_language(site: &Site, headers: &HeaderMap) -> Option<Language> {
    session::cookie(headers, language_cookie(site)).and_then(Language::of_tag)
}

fn remember_language(site: &Site, language: Language) -> Option<HeaderValue> {
    session::write(site, language_cookie(site), language.code(), "; Max-Age=31536000")
}

async fn first_parameter(head: &mut Parts) -> Option<String> {
    let parameters = head.extract::<RawPathParams>().await.ok()?;
    parameters.iter().next().map(|(_, value)| value.to_owned())
}
