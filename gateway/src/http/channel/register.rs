//! `POST /rch`: an app whose PINs come sealed registers what it will authorize: the members of `credentials/authorize`
//! without a PIN. `operation` may be `sign`: then hashes and signatures stay inside the channel.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use rsign_api::channel::list::List;
use rsign_api::csc::Ask;
use rsign_api::error as wire;
use rsign_api::signer::Operation;
use rsign_api::version::Version;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::domain::client::BASIC;
use crate::domain::credential::AuthMode;
use crate::domain::language::Language;
use crate::domain::token::Bearer;
use crate::domain::transaction::{Origin, PATIENCE};
use crate::http::bearer::bearer;
use crate::http::body;
use crate::http::csc::authorize::wanted;
use crate::http::dispatch::conclude;
use crate::http::error::Problem;
use crate::http::recognised::Recognised;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::authorization::Wanted;
use crate::service::tokens;
use crate::service::transactions::{self, Start};

#[derive(Debug, Serialize)]
struct Registered<'a> {
    tx: &'a str,
    token: &'a str,
    expires_in: i64,
}

/// Answers id and token; the app opens the channel with them, and names the id in `credentials/authorize`.
pub(super) async fn register(State(site): State<Arc<Site>>, request: Request) -> Response {
    let started = Instant::now();
    conclude(handle(&site, request).await, Version::V2, "rch", started)
}

async fn handle(site: &Site, request: Request) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let bearer = bearer(site, &head, wire::HEADER).await?;
    let recognised = Recognised::now(site);
    let body = body::read(body, &site.config.limits).await?;
    recognised.require_still(site, &bearer).await?;
    let ask = Ask::parse(&body, Version::V2, site.limits())?;
    let credential = site.app.credentials.reach(&bearer, ask.credential()?).await?;
    site.app.credentials.require_enabled(&credential).await?;
    let operation = match ask.operation()? {
        None | Some("authorise") => Operation::Authorise,
        Some("sign") => Operation::Sign,
        Some(_) => return Err(wire::OPERATION.into()),
    };
    let Wanted { signatures, list } = match operation {
        // The gateway shall not know what is signed, only how much.
        Operation::Sign => Wanted { signatures: ask.signatures(credential.multisign)?, list: Vec::new() },
        _ => wanted(&ask, &credential)?,
    };
    // Page and signer hash the list alike only if it is one list of one hash function.
    if !list.is_empty() && List::registered(&list).is_err() {
        return Err(wire::DIGEST_LENGTH.into());
    }
    let app = if bearer.client == BASIC { None } else { Some(site.app.clients.find(&bearer.client).await?) };
    let transactions = &site.app.transactions;
    let registering = async {
        let start = Start {
            operation,
            eras: transactions.eras(&bearer, &credential.user).await?,
            user: credential.user,
            client: bearer.client.clone(),
            app: app.map(|client| client.name().to_owned()),
            credential: credential.id,
            signatures,
            labels: Vec::new(),
            list,
            enrol: None,
            label: None,
            mode: AuthMode::default(),
            signed: ask.request().map(str::to_owned),
            origin: Origin::Api,
            language: ask.lang().and_then(Language::of_tag).unwrap_or_default(),
        };
        transactions.register(start).await
    };
    let started = match registering.await {
        Err(transactions::Error::Withdrawn) => return Err(ended(site, &bearer).await?),
        started => started?,
    };
    let (tx, token) = (&started.tx, started.token.expose_secret());
    Reply::json(&Registered { tx, token, expires_in: PATIENCE / 1000 })
}

/// What an operator has ended in the middle of a call: who makes it, or whose key it is about.
async fn ended(site: &Site, bearer: &Bearer) -> Result<Problem, Problem> {
    let stands = site.app.tokens.stands(bearer).await?;
    Ok(if stands { wire::CREDENTIAL.into() } else { tokens::Error::Expired.into() })
}
