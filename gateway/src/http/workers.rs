//! `/rest/v1/workers/{id}/process`, as SignServer has it (clients.md 2k): the worker is a client, the Basic user a
//! credential, the password its PIN.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use rsign_api::error as wire;
use rsign_api::sign_server::{Process, Processed, Unfit};
use rsign_api::version::Version;
use secrecy::SecretString;

use super::bearer::basic;
use super::dispatch::conclude;
use super::error::Problem;
use super::recognised::Recognised;
use super::reply::Reply;
use super::site::Site;
use super::{body, peer};
use crate::domain::client::Client;
use crate::service::clients;
use crate::service::workers::Workers;

/// Signs one hash.
pub(super) async fn process(State(site): State<Arc<Site>>, Path(worker): Path<String>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, &worker, request).await, Version::V1, "workers/process", started)
}

async fn handle(site: &Site, worker: &str, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let mut client = client(site, worker, &head).await?;
    let basic = basic(&head.headers)?;
    site.app.rates.admit_client(&client.id)?;
    let recognised = Recognised::now(site);
    let asked = Process::parse(&body::read(body, &site.config.limits).await?, site.config.limits.depth)?;
    if recognised.is_long_ago(site) {
        client = self::client(site, worker, &head).await?;
    }
    let workers = Workers {
        credentials: &site.app.credentials,
        authorization: &site.app.authorization,
        signing: &site.app.signing,
    };
    let pin = SecretString::from(basic.password.as_str());
    let outcome = workers.process(client, &basic.name, pin, asked).await?;
    Reply::json(&Processed { data: outcome.signature, certificate: outcome.certificate })
}

/// The worker, if it is one, and who calls may be it.
async fn client(site: &Site, worker: &str, head: &Parts) -> Result<Client, Problem> {
    let client = match site.app.clients.find(worker).await {
        Ok(client) if client.worker => client,
        // A client that is no worker looks like none.
        Ok(_) | Err(clients::Error::Unknown) => return Err(Problem::new(StatusCode::NOT_FOUND, wire::NO_WORKER)),
        Err(error) => return Err(error.into()),
    };
    let fits = |rule| site.app.certificates.fit(rule, peer::certificates(&head.extensions));
    if client.certificate.as_ref().is_some_and(|rule| !fits(rule)) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, wire::oauth2::CERTIFICATE));
    }
    Ok(client)
}

impl From<Unfit> for Problem {
    fn from(error: Unfit) -> Self {
        let fault = match error {
            Unfit::Malformed => wire::MALFORMED,
            Unfit::NoHash => wire::WORKER_HASH,
            Unfit::Algorithm => wire::STAMP_HASH_ALGO,
            Unfit::Length => wire::DIGEST_LENGTH,
        };
        Self::from(fault).because(error)
    }
}
