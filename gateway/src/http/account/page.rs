//! Pages as answers: HTML, its headers, and the pages that say what went wrong.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::failure::Failure;
use super::frame::Frame;
use super::text::{Message, Text};
use super::visit;
use crate::domain::plain::plain;
use crate::http::error::Problem;
use crate::http::site::Site;

/// A page, or the way to another.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    body: String,
    location: Option<String>,
    cookies: Vec<HeaderValue>,
    targets: Vec<String>,
    script: bool,
}

impl Page {
    /// A page of this template.
    pub(super) fn show(template: &impl Template) -> Result<Self, Failure> {
        let body = template.render().map_err(Problem::internal)?;
        Ok(Self {
            status: StatusCode::OK,
            body,
            location: None,
            cookies: Vec::new(),
            targets: Vec::new(),
            script: false,
        })
    }

    /// The way to another page: 303, so that a form is never sent on (RFC 9700, 4.12).
    pub(super) fn go(location: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            body: String::new(),
            location: Some(location.into()),
            cookies: Vec::new(),
            targets: Vec::new(),
            script: false,
        }
    }

    /// With another status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With cookies.
    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookies);
        self
    }

    /// Its form may lead to this origin too (`form-action` holds for redirects after it).
    pub(super) fn leading_to(mut self, origin: impl Into<String>) -> Self {
        self.targets.push(origin.into());
        self
    }

    /// With our own script, which may ask us and nobody else.
    pub(super) fn with_script(self) -> Self {
        Self { script: true, ..self }
    }

    /// The same, if there is such an origin.
    pub(super) fn leading_to_some(self, origin: Option<&str>) -> Self {
        match origin {
            Some(origin) => self.leading_to(origin),
            None => self,
        }
    }

    /// With all its headers.
    pub(super) fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        guard(headers, &self.targets, self.script);
        if let Some(location) = self.location {
            match location.parse() {
                Ok(location) => headers.insert(header::LOCATION, location),
                Err(_) => headers.remove(header::LOCATION),
            };
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        }
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// What no page goes without: nothing from elsewhere, no frame, no trace; no script but where it is ours.
const FIELDS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
];

fn guard(headers: &mut HeaderMap, targets: &[String], script: bool) {
    for (name, value) in FIELDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let mut policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'"
        .to_owned();
    for target in targets.iter().filter(|target| is_source(target)) {
        policy.push(' ');
        policy.push_str(target);
    }
    if script {
        policy.push_str("; script-src 'self'; connect-src 'self'");
    }
    if let Ok(policy) = policy.parse() {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// An origin or a scheme, and nothing that could end the directive.
fn is_source(target: &str) -> bool {
    !target.is_empty() && target.bytes().all(|c| c.is_ascii_alphanumeric() || b":/.-+[]*".contains(&c))
}

#[derive(Template)]
#[template(path = "wrong.html")]
struct Wrong<'a> {
    frame: Frame<'a>,
    message: Message,
    detail: Option<String>,
    reference: Option<&'a str>,
}

/// What can be wrong with an authorization request, where the app cannot be told by redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Trouble {
    /// No such client.
    Client,
    /// The redirect URI is not the client's.
    Redirect,
    /// Longer than it may be.
    Large,
    /// It is signed, but not as it has to be.
    Request,
    /// Used, expired, or never there.
    Over,
    /// What an app asked for, which an operator has ended since.
    Withdrawn,
    /// Of another session.
    Foreign,
    /// Too busy; nothing was done.
    Busy,
    /// Ours.
    Ours,
}

/// A page that says what is wrong; `detail` stands below, for the makers of the app.
pub(in crate::http) fn error(site: &Site, headers: &HeaderMap, trouble: Trouble, detail: Option<&str>) -> Response {
    let language = visit::language(site, headers);
    let wrong = &Text::of(language).wrong;
    let (status, message) = match trouble {
        Trouble::Client => (StatusCode::BAD_REQUEST, wrong.client),
        Trouble::Redirect => (StatusCode::BAD_REQUEST, wrong.redirect),
        Trouble::Large => (StatusCode::PAYLOAD_TOO_LARGE, wrong.large),
        Trouble::Request => (StatusCode::BAD_REQUEST, wrong.request),
        Trouble::Over => (StatusCode::GONE, wrong.request_over),
        Trouble::Withdrawn => (StatusCode::GONE, wrong.withdrawn),
        Trouble::Foreign => (StatusCode::FORBIDDEN, wrong.foreign),
        Trouble::Busy => (StatusCode::SERVICE_UNAVAILABLE, wrong.busy),
        Trouble::Ours => (StatusCode::INTERNAL_SERVER_ERROR, wrong.ours),
    };
    wrong_page(Frame::bare(site, language), message, detail, None, status).response()
}

/// A page that was made elsewhere; it has no form.
pub(in crate::http) fn ready(body: String) -> Response {
    Page { status: StatusCode::OK, body, location: None, cookies: Vec::new(), targets: Vec::new(), script: false }
        .response()
}

/// The way to a page of ours.
pub(in crate::http) fn go(location: &'static str) -> Response {
    Page::go(location).response()
}

/// The page for an address where nothing is.
pub(in crate::http) fn missing(site: &Site, headers: &HeaderMap) -> Response {
    let language = visit::language(site, headers);
    let message = Text::of(language).wrong.missing;
    wrong_page(Frame::bare(site, language), message, None, None, StatusCode::NOT_FOUND).response()
}

/// The page of a failure.
pub(super) fn failed(frame: Frame<'_>, failure: &Failure, reference: &str) -> Page {
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reference = matches!(failure, Failure::Problem(_)).then_some(reference);
    let message = failure.message(frame.text);
    wrong_page(frame, message, None, reference, status)
}

fn wrong_page(
    frame: Frame<'_>,
    message: Message,
    detail: Option<&str>,
    reference: Option<&str>,
    status: StatusCode,
) -> Page {
    let detail = detail.map(|detail| plain(detail, 300));
    let template = Wrong { frame, message, detail, reference };
    let body = template.render().unwrap_or_else(|_| message.title.to_owned());
    Page { status, body, location: None, cookies: Vec::new(), targets: Vec::new(), script: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_only_where_it_was_told_to() {
        let mut headers = HeaderMap::new();
        let targets = ["https://sign.example:8443", "com.example.app:", "x; script-src *", "'unsafe-inline'"];
        guard(&mut headers, &targets.map(str::to_owned), false);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("form-action 'self' https://sign.example:8443 com.example.app:"), "{policy}");
    }

    #[test]
    fn a_script_is_ours_and_asks_only_us() {
        let mut headers = HeaderMap::new();
        guard(&mut headers, &[], true);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("form-action 'self'; script-src 'self'; connect-src 'self'"), "{policy}");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
}
