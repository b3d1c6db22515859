//! What all CSC methods have in common: who asks, the body, the answer, the log.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use rsign_api::csc::documents::Lifted;
use rsign_api::csc::{Ask, Limits};
use rsign_api::error::{self as wire, Fault};
use rsign_api::version::Version;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::bearer::{Holder, Own, bearer, holder, of_another_kind};
use super::error::Problem;
use super::lift::{self, Early, Lifter};
use super::recognised::Recognised;
use super::reply::Reply;
use super::site::Site;
use super::{address, body};
use crate::domain::credential::Credential;
use crate::domain::token::{Bearer, Commission};

/// What a handler returns.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// A method of the API.
#[derive(Debug)]
pub(super) struct Method {
    /// Its path below the version, and its name in `info`.
    pub(super) name: &'static str,
    /// The versions of the standard that define it; it is served under all.
    pub(super) versions: &'static [Version],
    /// What is said when the Authorization header is malformed.
    pub(super) header: Fault,
    /// What has to be switched on for it.
    pub(super) needs: Needs,
    /// Whether its body may hold documents, and be as long as they are.
    pub(super) documents: bool,
    /// Its handler.
    pub(super) run: Run,
}

/// What of the configuration a method needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing.
    Nothing,
    /// `auth.basic`.
    Basic,
    /// `timestamp`.
    TimeStamps,
    /// `otp`.
    Codes,
    /// `account.keys` and a signing page.
    Keys,
}

/// A handler, by the authorization it needs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// None, or one the handler checks itself.
    Open(fn(Arc<Site>, OpenCall) -> Answer),
    /// A service token.
    Service(fn(Arc<Site>, Call) -> Answer),
    /// A service token, or one of the credential that is asked about (DESIGN 4).
    Credential(fn(Arc<Site>, Call) -> Answer),
    /// A token of one errand (2.2).
    Errand(fn(Arc<Site>, Commissioned) -> Answer),
}

/// A call with the token of an errand.
#[derive(Debug)]
pub(super) struct Commissioned {
    /// Whom the token speaks for.
    pub(super) bearer: Bearer,
    /// What it is good for.
    pub(super) commission: Commission,
    /// Body and version.
    pub(super) content: Content,
}

/// A call without service authorization.
#[derive(Debug)]
pub(super) struct OpenCall {
    /// Header fields.
    pub(super) headers: HeaderMap,
    /// Where it comes from, if that is known.
    pub(super) address: Option<IpAddr>,
    /// Body and version.
    pub(super) content: Content,
}

/// A call with a token.
#[derive(Debug)]
pub(super) struct Call {
    /// Whom the token speaks for.
    pub(super) bearer: Bearer,
    /// The one credential it is good for, where it is a credential's.
    pub(super) own: Option<Own>,
    /// Body and version.
    pub(super) content: Content,
}

impl Call {
    /// The credential of this id, if the token reaches it.
    pub(super) async fn reach(&self, site: &Site, id: &str) -> Result<Credential, Problem> {
        if self.own.as_ref().is_some_and(|own| own.credential != id) {
            return Err(wire::CREDENTIAL.into());
        }
        Ok(site.app.credentials.reach(&self.bearer, id).await?)
    }

    /// The SAD: the member of the body, the credential's token itself, or both if they are equal (DESIGN 4).
    pub(super) async fn sad(&self, site: &Site, ask: &Ask<'_>) -> Result<SecretString, Problem> {
        match (&self.own, ask.optional_sad()?) {
            (Some(own), Some(sad)) if own.sad.expose_secret() != sad => Err(wire::SAD.into()),
            (Some(own), _) => Ok(own.sad.clone()),
            (None, Some(sad)) => {
                let bound = site.app.tokens.may_spend(sad, self.bearer.key.as_ref()).await?;
                if bound { Ok(SecretString::from(sad)) } else { Err(wire::SAD.into()) }
            }
            (None, None) => Err(wire::SAD_MISSING.into()),
        }
    }
}

/// What a call holds.
pub(super) struct Content {
    /// The version of the URL.
    pub(super) version: Version,
    body: Zeroizing<Vec<u8>>,
    lifted: Option<Lifted>,
    checked: bool,
    limits: Limits,
}

impl Content {
    /// Whether the signer was asked about the SAD while the documents were still coming.
    pub(super) const fn is_checked(&self) -> bool {
        self.checked
    }

    /// The body, to be questioned.
    pub(super) fn ask(&self) -> Result<Ask<'_>, Fault> {
        let ask = Ask::parse(&self.body, self.version, self.limits)?;
        Ok(match &self.lifted {
            Some(lifted) => ask.without(lifted),
            None => ask,
        })
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Serves one request of a method.
pub(super) async fn dispatch(site: Arc<Site>, version: Version, method: &'static Method, request: Request) -> Response {
    let started = Instant::now();
    let outcome = run(site, version, method, request).await;
    conclude(outcome, version, method.name, started)
}

async fn run(site: Arc<Site>, version: Version, method: &Method, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    match method.run {
        Run::Open(handle) => {
            let content = content(&site, version, method, body, None).await?;
            let address = address::of(&site, &head);
            handle(site, OpenCall { headers: head.headers, address, content }).await
        }
        Run::Service(handle) => {
            let bearer = bearer(&site, &head, method.header).await?;
            let content = content(&site, version, method, body, Some((&bearer, None))).await?;
            handle(site, Call { bearer, own: None, content }).await
        }
        Run::Credential(handle) => {
            let (bearer, own) = match holder(&site, &head, method.header).await? {
                Holder::Service(bearer) => (bearer, None),
                Holder::Credential(bearer, own) => (bearer, Some(own)),
                Holder::Errand(..) => return Err(of_another_kind()),
            };
            let content = content(&site, version, method, body, Some((&bearer, own.as_ref()))).await?;
            handle(site, Call { bearer, own, content }).await
        }
        Run::Errand(handle) => {
            let Holder::Errand(bearer, commission) = holder(&site, &head, method.header).await? else {
                return Err(of_another_kind());
            };
            let content = content(&site, version, method, body, Some((&bearer, None))).await?;
            handle(site, Commissioned { bearer, commission, content }).await
        }
    }
}

/// What the call holds, if who makes it is still there when it has arrived.
async fn content(
    site: &Site,
    version: Version,
    method: &Method,
    body: axum::body::Body,
    caller: Option<(&Bearer, Option<&Own>)>,
) -> Result<Content, Problem> {
    let recognised = Recognised::now(site);
    let content = arrived(site, version, method, body, caller).await?;
    if let Some((bearer, _)) = caller {
        recognised.require_still(site, bearer).await?;
    }
    Ok(content)
}

async fn arrived(
    site: &Site,
    version: Version,
    method: &Method,
    body: axum::body::Body,
    caller: Option<(&Bearer, Option<&Own>)>,
) -> Result<Content, Problem> {
    let limits = &site.config.limits;
    if !method.documents {
        let body = site.app.stopping.arrival(body::read(body, limits)).await.map_err(Problem::unavailable)??;
        return Ok(Content { version, body, lifted: None, checked: false, limits: site.limits() });
    }
    // Who may be anybody sends no documents.
    let (bearer, own) = caller.ok_or(wire::MALFORMED)?;
    let mark = site.app.random.handle().map_err(Problem::internal)?;
    let bounds = lift::Bounds { rest: limits.body, depth: limits.depth, documents: limits.hashes };
    let lifter = |expected: usize| {
        let intake = site.app.spool.intake(&bearer.client);
        // Base64 has four letters for three octets.
        intake.expect(expected as u64 / 4 * 3).map_err(lift::Stop::Documents)?;
        Ok(Lifter::new(bounds, expected, intake, mark))
    };
    let checked = AtomicBool::new(false);
    let judge = async |early: Early| {
        // Whether body and token name the same one is seen when the body is here.
        let Some(sad) = own.map(|own| own.sad.clone()).or(early.sad) else { return Ok(()) };
        site.app.documents.check(bearer, early.credential, sad).await?;
        checked.store(true, Ordering::Relaxed);
        Ok(())
    };
    let arriving = body::read_documents(body, limits, lifter, judge);
    let (body, lifted) = site.app.stopping.arrival(arriving).await.map_err(Problem::unavailable)??;
    let checked = checked.into_inner();
    Ok(Content { version, body, lifted: Some(lifted), checked, limits: site.limits() })
}

/// The answer. An error is logged here, once, with an id that the answer carries too.
pub(super) fn conclude(
    outcome: Result<Reply, Problem>,
    version: Version,
    method: &'static str,
    started: Instant,
) -> Response {
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(reply) => {
            tracing::debug!(method, status = reply.status().as_u16(), duration_ms, "served");
            reply.into_response()
        }
        Err(problem) => {
            let id = next_id();
            log(&problem, version, method, &id, duration_ms);
            let mut response = problem.response(version);
            if let Ok(value) = id.parse() {
                response.headers_mut().insert("x-request-id", value);
            }
            response
        }
    }
}

fn log(problem: &Problem, version: Version, method: &str, id: &str, duration_ms: u64) {
    let status = problem.status().as_u16();
    let body = problem.body(version);
    let (error, sentence) = (body.error, &body.error_description);
    let cause = problem.chain();
    let cause = cause.as_deref();
    // 501 is an answer, not a failure of ours.
    if problem.status().is_server_error() && status != 501 {
        tracing::error!(request.id = id, method, status, error, cause, duration_ms, "failed: {sentence}");
    } else {
        tracing::warn!(request.id = id, method, status, error, cause, duration_ms, "refused: {sentence}");
    }
}

pub(super) fn next_id() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}
