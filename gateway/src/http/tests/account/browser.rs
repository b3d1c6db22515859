//! A small browser: keeps cookies, reads forms, follows nothing by itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::http::tests::Bench;
use crate::http::tests::held::held;

pub(super) const PASSWORD: &str = "a long enough secret";

#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) address: SocketAddr,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// A page.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Seen {
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.html);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The hidden fields of the form with this action.
    pub(super) fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let start = self.html.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form {action}"));
        let form = self.html[start..].split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\"").skip(1).map(|input| input.split('>').next().unwrap());
        let attribute = |input: &str, name: &str| {
            let value = input.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            value.to_owned()
        };
        inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }
}

impl Browser {
    pub(super) fn new(bench: &Bench) -> Self {
        Self {
            router: bench.router.clone(),
            cookies: BTreeMap::new(),
            address: SocketAddr::from(([192, 0, 2, 1], 1)),
            fields: vec![("sec-fetch-site", "same-origin".to_owned())],
        }
    }

    /// One with this user signed in; the password is the bench's.
    pub(super) async fn of(bench: &Bench, username: &str) -> Self {
        let mut browser = Self::new(bench);
        let seen = browser.sign_in(username, "hunter22").await;
        assert_eq!(seen.location(), "/account");
        browser
    }

    pub(super) async fn get(&mut self, path: &str) -> Seen {
        self.send(Method::GET, path, String::new()).await
    }

    /// Fills the form in and sends it.
    pub(super) async fn submit(&mut self, page: &Seen, action: &str, typed: &[(&str, &str)]) -> Seen {
        let mut fields = page.hidden(action);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &fields).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, body).await
    }

    pub(super) async fn sign_in(&mut self, username: &str, password: &str) -> Seen {
        let page = self.get("/account/sign-in?again=yes").await;
        self.submit(&page, "/account/sign-in", &[("username", username), ("password", password)]).await
    }

    pub(super) async fn sign_up(&mut self, username: &str) -> Seen {
        let page = self.get("/account/sign-up").await;
        let typed = [
            ("given_name", "Inês"),
            ("surname", "Sá"),
            ("country", "PT"),
            ("document", ""),
            ("number", ""),
            ("username", username),
            ("password", PASSWORD),
            ("repeated", PASSWORD),
        ];
        self.submit(&page, "/account/sign-up", &typed).await
    }

    /// The same, and the form comes only after this.
    pub(super) async fn submit_late(
        &mut self,
        page: &Seen,
        action: &str,
        typed: &[(&str, &str)],
        meanwhile: impl Future<Output = ()> + Send + 'static,
    ) -> Seen {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(page.hidden(action)).extend_pairs(typed);
        self.send(Method::POST, action, held(form.finish(), meanwhile)).await
    }

    async fn send(&mut self, method: Method, path: &str, body: impl Into<Body>) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.fields {
            request = request.header(*name, value);
        }
        let request = request.extension(ConnectInfo(self.address)).body(body.into()).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let html = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Seen { status: head.status.as_u16(), headers: head.headers, html }
    }

    fn keep(&mut self, cookie: &str) {
        for needed in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(needed), "{cookie}");
        }
        assert!(cookie.starts_with("__Host-") && !cookie.contains("Domain"), "{cookie}");
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
