//! HTTP as raw as a check wants it, every exchange kept for the report.

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::form_urlencoded;

use super::{Answer, Exchange, Session};
use crate::check::Stop;

/// Longest wait for an answer: a service may wait for its user before it gives one.
const PATIENCE: Duration = Duration::from_secs(120);

/// Answer fields a report shows.
const SHOWN: [&str; 8] =
    ["content-type", "cache-control", "pragma", "allow", "www-authenticate", "location", "retry-after", "x-request-id"];

/// A client that follows nothing by itself.
pub(crate) fn client(tls_ca: Option<&Path>) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(PATIENCE)
        .user_agent(concat!("rsign-conformance/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = tls_ca {
        let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let roots = reqwest::Certificate::from_pem_bundle(&pem);
        for root in roots.map_err(|error| format!("{}: {error}", file.display()))? {
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build().map_err(|error| error.to_string())
}

/// A request.
#[derive(Debug)]
pub(crate) struct Ask {
    verb: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request without body.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self { verb: Method::GET, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// JSON, or what should be.
    pub(crate) fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { verb: Method::POST, url: url.into(), headers, body: body.into() }
    }

    /// A form.
    pub(crate) fn form(url: impl Into<String>, pairs: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Self { verb: Method::POST, url: url.into(), headers, body: body.into() }
    }

    /// By another verb.
    pub(crate) fn verb(self, verb: Method) -> Self {
        Self { verb, ..self }
    }

    /// With one more header field.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// With a name and a secret.
    pub(crate) fn basic(self, name: &str, secret: &str) -> Self {
        self.with("authorization", format!("Basic {}", BASE64.encode(format!("{name}:{secret}").as_bytes())))
    }
}

impl Session {
    /// Address of a method.
    pub(crate) fn url(&self, method: &str) -> String {
        format!("{}/{method}", self.shared.base)
    }

    /// A method of the API with the service token.
    pub(crate) async fn call(&self, method: &str, body: &Value) -> Result<Answer, Stop> {
        let token = self.token().await?;
        self.call_as(&token, method, body).await
    }

    /// With this token.
    pub(crate) async fn call_as(&self, token: &str, method: &str, body: &Value) -> Result<Answer, Stop> {
        self.send(Ask::post(self.url(method), body.to_string()).bearer(token)).await
    }

    /// Without any.
    pub(crate) async fn open(&self, method: &str, body: &Value) -> Result<Answer, Stop> {
        self.send(Ask::post(self.url(method), body.to_string())).await
    }

    /// Sends it, and keeps what was asked and answered.
    pub(crate) async fn send(&self, ask: Ask) -> Result<Answer, Stop> {
        let asked =
            format!("{} {}", ask.verb, ask.url.strip_prefix(&format!("{}/", self.shared.base)).unwrap_or(&ask.url));
        let asked = asked.split('?').next().unwrap_or_default().to_owned();
        let mut exchange = self.note(&ask);
        let mut request = self.shared.http.request(ask.verb, &ask.url).body(ask.body);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let outcome = receive(request).await;
        match &outcome {
            Ok((status, headers, body)) => {
                exchange.status = *status;
                exchange.headers = shown(headers).map(|line| self.shared.mask.text(&line)).collect();
                exchange.body = self.shared.mask.body(body);
                // A token that is known only now stands in the request too.
                exchange.request_body = self.shared.mask.text(&exchange.request_body);
            }
            Err(error) => exchange.body = format!("no answer: {error}"),
        }
        if let Ok(mut seen) = self.seen.lock() {
            seen.push(exchange);
        }
        let (status, headers, body) = outcome.map_err(|error| Stop::Broken(format!("{asked}: no answer: {error}")))?;
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Answer { asked, status, headers, body, json })
    }

    fn note(&self, ask: &Ask) -> Exchange {
        let mask = &self.shared.mask;
        let is_form = ask.headers.iter().any(|(_, value)| value.contains("form-urlencoded"));
        let body = if is_form { mask.form(&String::from_utf8_lossy(&ask.body)) } else { mask.body(&ask.body) };
        let headers = ask.headers.iter().map(|(name, value)| match value.split_once(' ') {
            Some((scheme, _)) if *name == "authorization" => format!("{name}: {scheme} …"),
            _ => format!("{name}: {}", mask.text(value)),
        });
        Exchange {
            request: mask.text(&format!("{} {}", ask.verb, ask.url)),
            request_headers: headers.collect(),
            request_body: body,
            status: 0,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<(u16, HeaderMap, Vec<u8>), String> {
    let told = |error: reqwest::Error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    };
    let answer = request.send().await.map_err(told)?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok((status, headers, answer.bytes().await.map_err(told)?.to_vec()))
}

fn shown(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers
        .iter()
        .filter(|(name, _)| SHOWN.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("(no text)")))
}
