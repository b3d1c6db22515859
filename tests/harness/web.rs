//! A person's browser without a screen: keeps cookies, reads forms, follows nothing by itself.

use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use url::{Url, form_urlencoded};

use crate::User;
use crate::channel::Device;

/// A browser.
#[derive(Debug, Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    pub cookies: BTreeMap<String, String>,
    /// Header fields beside the cookies.
    pub fields: Vec<(&'static str, String)>,
    /// Who signed in last.
    user: Option<User>,
}

/// A page.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl Seen {
    /// Where it leads.
    ///
    /// # Panics
    /// When it leads nowhere.
    #[must_use]
    #[track_caller]
    pub fn location(&self) -> &str {
        assert!((302..=303).contains(&self.status), "{} {}", self.status, self.html);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// A header field, empty if it is not there.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The hidden fields of the form with this action.
    ///
    /// # Panics
    /// When there is no such form.
    #[must_use]
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let start = self.html.find(&format!("action=\"{action}\""));
        let start = start.unwrap_or_else(|| panic!("no form {action} in {} {}", self.status, self.html));
        let form = self.html[start..].split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\"").skip(1).map(|input| input.split('>').next().unwrap());
        let attribute = |input: &str, name: &str| {
            input.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }
}

impl Browser {
    /// At the service of this URL; `tls_ca` is the only root it trusts.
    ///
    /// # Panics
    /// When the root is no certificate.
    #[must_use]
    pub fn new(base: &str, tls_ca: &str) -> Self {
        let root = reqwest::Certificate::from_pem(&std::fs::read(tls_ca).unwrap()).unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
        let http = http.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let fields = vec![("sec-fetch-site", "same-origin".to_owned())];
        Self { http, base: base.to_owned(), cookies: BTreeMap::new(), fields, user: None }
    }

    /// GETs a path of the service, or one of its addresses.
    pub async fn get(&mut self, path: &str) -> Seen {
        let path = self.path(path);
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// POSTs a form.
    pub async fn post(&mut self, path: &str, form: &[(String, String)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        self.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded")).await
    }

    /// Fills a page's form in and sends it.
    pub async fn submit(&mut self, page: &Seen, action: &str, typed: &[(&str, &str)]) -> Seen {
        let mut form = page.hidden(action);
        form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &form).await
    }

    /// Signs in.
    pub async fn sign_in(&mut self, user: &User) -> Seen {
        self.user = Some(user.clone());
        self.sign_in_at("/account/sign-in?again=yes").await
    }

    async fn sign_in_at(&mut self, path: &str) -> Seen {
        let user = self.user.clone().unwrap();
        let page = self.get(path).await;
        let typed = [("username", user.username.as_str()), ("password", user.password.as_str())];
        self.submit(&page, "/account/sign-in", &typed).await
    }

    /// Goes where an app sends it, and says yes: the address it is sent to then. Somebody has to be signed in.
    ///
    /// # Panics
    /// When no page asks.
    pub async fn say_yes(&mut self, parameters: &[(&str, &str)]) -> String {
        let page = self.ask(parameters).await;
        self.submit(&page, "/account/approve", &[("decision", "continue")]).await.location().to_owned()
    }

    /// The page that asks. An app that says `prompt=login` has its user sign in first.
    ///
    /// # Panics
    /// When there is none.
    pub async fn ask(&mut self, parameters: &[(&str, &str)]) -> Seen {
        let seen = self.authorize(parameters).await;
        let path = seen.location().to_owned();
        let mut page = self.get(&path).await;
        if page.status == 303 && page.location().starts_with("/account/sign-in?") && self.user.is_some() {
            let sign_in = page.location().to_owned();
            let signed_in = self.sign_in_at(&sign_in).await;
            assert!(path.ends_with(signed_in.location()), "{}", signed_in.location());
            page = self.get(&path).await;
        }
        assert_eq!(page.status, 200, "{path}: {}", page.html);
        page
    }

    /// What `oauth2/authorize` answers.
    pub async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Seen {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("/oauth2/authorize?{query}")).await
    }

    /// Comes back from the signing page: where it is sent then.
    pub async fn come_back(&mut self, device: &Device) -> Seen {
        self.get(&format!("/oauth2/return?tx={}", device.tx)).await
    }

    /// The requests that wait for who is signed in, oldest first: their handles.
    pub async fn waiting(&mut self) -> Vec<String> {
        let page = self.get("/account/waiting").await;
        let links = page.html.split("href=\"/account/waiting/").skip(1);
        links.map(|link| link.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until a request waits for who is signed in; its handle.
    ///
    /// # Panics
    /// When none does for 20 seconds.
    pub async fn wait_for_request(&mut self) -> String {
        for _ in 0..100 {
            if let Some(handle) = self.waiting().await.into_iter().next() {
                return handle;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        panic!("nothing waits for {:?}", self.user.as_ref().map(|user| &user.username));
    }

    /// Says something to a request: where it leads.
    pub async fn decide(&mut self, handle: &str, decision: &str) -> String {
        let path = format!("/account/waiting/{handle}");
        let page = self.get(&path).await;
        self.submit(&page, &path, &[("decision", decision)]).await.location().to_owned()
    }

    /// An address without the service's own origin.
    fn path(&self, address: &str) -> String {
        match Url::parse(address) {
            Ok(url) => url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            Err(_) => address.to_owned(),
        }
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Seen {
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.fields {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        Seen { status, headers, html: response.text().await.unwrap() }
    }

    /// Every cookie is one that neither scripts nor other sites' forms have.
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

/// A parameter of an address's query.
///
/// # Panics
/// When it is no address.
#[must_use]
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
