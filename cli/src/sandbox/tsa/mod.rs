//! The sandbox's time-stamping authority: RFC 3161 over HTTP, a task of `rsign sandbox` itself. Its key is a file of
//! the sandbox, not in the HSM, and its clock is this computer's: good for trying things out. Its certificate comes
//! from the sandbox's CA, so who trusts that CA can verify its stamps.

mod token;

use std::convert::Infallible;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rcgen::KeyPair;
use rsign_api::timestamp::{QUERY, REPLY};

use self::token::Stamper;
use super::layout::{Layout, write_private};
use super::process::{Programs, command};

/// Longest request that is read, octets.
const LONGEST: usize = 16 * 1024;
/// How long a caller may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bound authority; it serves until it is dropped.
#[derive(Debug)]
pub(super) struct Tsa {
    listener: Option<TcpListener>,
    url: String,
    serving: Option<tokio::task::JoinHandle<()>>,
}

impl Tsa {
    /// Takes a port, which the gateway has to know before anything is served.
    pub(super) fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/tsa", listener.local_addr()?);
        Ok(Self { listener: Some(listener), url, serving: None })
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Makes key and certificate where there are none, and serves; needs a running signer.
    pub(super) async fn serve(&mut self, programs: &Programs, layout: &Layout) -> anyhow::Result<()> {
        let [key, certificate] = files(layout);
        if !certificate.exists() {
            make(programs, layout).await?;
        }
        let stamper = Arc::new(Stamper::read(&key, &certificate)?);
        let listener = self.listener.take().context("the TSA serves already")?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        self.serving = Some(tokio::spawn(accept(listener, stamper)));
        Ok(())
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

fn files(layout: &Layout) -> [PathBuf; 2] {
    [layout.file("tsa.key"), layout.file("tsa.pem")]
}

async fn make(programs: &Programs, layout: &Layout) -> anyhow::Result<()> {
    let [key, certificate] = files(layout);
    let (pair, public) = (KeyPair::generate()?, layout.file("tsa.pub"));
    write_private(&key, pair.serialize_pem().as_bytes())?;
    write_private(&public, pair.public_key_pem().as_bytes())?;
    let path = public.display().to_string();
    let words = ["certificate", "time-stamping", "--name", "rsign sandbox TSA", "--key", &path];
    let chain = command(&programs.signer, &layout.signer_config(), &words).await?;
    write_private(&certificate, chain.as_bytes())
}

async fn accept(listener: tokio::net::TcpListener, stamper: Arc<Stamper>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let stamper = Arc::clone(&stamper);
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(move |request| answer(Arc::clone(&stamper), request));
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // Whoever breaks off has no answer to come.
            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(stamper: Arc<Stamper>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let mut empty = Response::new(Full::default());
    if request.method() != Method::POST {
        *empty.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        empty.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Ok(empty);
    }
    if request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != QUERY) {
        *empty.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Ok(empty);
    }
    let body = tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), LONGEST).collect()).await;
    let Ok(Ok(body)) = body else {
        *empty.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(empty);
    };
    match stamper.answer(&body.to_bytes(), SystemTime::now()) {
        Ok(stamp) => {
            let mut answer = Response::new(Full::from(stamp));
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(REPLY));
            Ok(answer)
        }
        Err(error) => {
            println!("rsign sandbox: the TSA failed: {error:#}");
            *empty.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            Ok(empty)
        }
    }
}
