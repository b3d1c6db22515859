//! Where the sandbox's codes go: a telephone that anybody who knows its URL can read, a task of `rsign sandbox` itself.
//! The gateway brings codes here by its webhook, signed; GET shows the last ones. A real service has people's own
//! telephones in its place.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::settings::random_hex;

/// Longest message that is read, octets.
const LONGEST: usize = 16 * 1024;
/// How long a caller may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Codes that are kept.
const KEPT: usize = 100;
/// How old a message may be, seconds: it is not taken a second time later.
const FRESH: u64 = 300;

/// What the gateway sends, and what is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Code {
    to: String,
    /// None in word of a request that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Seconds it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    text: String,
    /// When it came, Unix seconds.
    #[serde(default)]
    at: u64,
}

#[derive(Debug)]
struct Inbox {
    key: hmac::Key,
    path: String,
    /// Newest first.
    codes: Mutex<Vec<Code>>,
}

/// A bound telephone; it rings until it is dropped.
#[derive(Debug)]
pub(super) struct Codes {
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Codes {
    /// Takes a port and serves.
    pub(super) fn serve(layout: &Layout) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(layout.file("otp-key")).context("otp-key")?;
        let key = BASE64.decode(text.trim().as_bytes()).context("otp-key")?;
        let path = format!("/codes/{}", random_hex::<16>()?);
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}{path}", listener.local_addr()?);
        let inbox = Inbox { key: hmac::Key::new(hmac::HMAC_SHA256, &key), path, codes: Mutex::default() };
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(Self { url, serving: tokio::spawn(accept(listener, Arc::new(inbox))) })
    }

    /// Where codes are brought by POST and shown by GET.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Codes {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: tokio::net::TcpListener, inbox: Arc<Inbox>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let inbox = Arc::clone(&inbox);
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(move |request| answer(Arc::clone(&inbox), request));
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // Whoever breaks off has no answer to come.
            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(inbox: Arc<Inbox>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    if request.uri().path() != inbox.path {
        return Ok(empty(StatusCode::NOT_FOUND));
    }
    Ok(match *request.method() {
        Method::GET => inbox.show(),
        Method::POST => {
            let (head, body) = request.into_parts();
            match tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await {
                Ok(Ok(body)) => empty(inbox.take(&head.headers, &body.to_bytes())),
                _ => empty(StatusCode::BAD_REQUEST),
            }
        }
        _ => empty(StatusCode::METHOD_NOT_ALLOWED),
    })
}

fn empty(status: StatusCode) -> Answer {
    let mut empty = Response::new(Full::default());
    *empty.status_mut() = status;
    empty
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl Inbox {
    /// Takes a message that is signed with the key and fresh (Standard Webhooks).
    fn take(&self, headers: &HeaderMap, body: &[u8]) -> StatusCode {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
        let signature = header("webhook-signature").strip_prefix("v1,").unwrap_or_default();
        let is_signed = BASE64
            .decode(signature.as_bytes())
            .is_ok_and(|signature| hmac::verify(&self.key, &signed, &signature).is_ok());
        let is_fresh = time.parse().is_ok_and(|time: u64| now().abs_diff(time) <= FRESH);
        if !is_signed || !is_fresh {
            return StatusCode::UNAUTHORIZED;
        }
        let Ok(code) = serde_json::from_slice::<Code>(body) else { return StatusCode::BAD_REQUEST };
        if let Ok(mut codes) = self.codes.lock() {
            codes.insert(0, Code { at: now(), ..code });
            codes.truncate(KEPT);
        }
        StatusCode::NO_CONTENT
    }

    fn show(&self) -> Answer {
        let codes = self.codes.lock().map(|codes| codes.clone()).unwrap_or_default();
        let mut answer = Response::new(Full::from(serde_json::to_vec(&codes).unwrap_or_default()));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}
