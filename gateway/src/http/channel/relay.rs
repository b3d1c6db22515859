//! `POST /rch/{tx}/hello` and `/record`: octets of the channel, carried as they are.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use rsign_api::bytes::Bytes;
use rsign_api::channel::wire::{Base64Url, HelloAnswer, HelloRequest, RecordAnswer, RecordRequest};
use serde::{Serialize, de::DeserializeOwned};

use super::fault::{Fault, token_of};
use crate::config::limits::Limits;
use crate::http::body;
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::transactions::Relayed;

/// Most octets of a message: the largest record in base64url, and what stands around it.
const LARGEST: usize = 96 * 1024;

/// The handshake.
pub(super) async fn hello(
    State(site): State<Arc<Site>>,
    Path(tx): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let token = token_of(&headers)?;
    let HelloRequest { hello } = read(&site, body).await?;
    let opened = site.app.transactions.hello(&tx, token, Bytes(hello.0)).await?;
    reply(&HelloAnswer {
        hello: Base64Url(opened.hello.0),
        signature: Base64Url(opened.signature.0),
        finished: Base64Url(opened.finished.0),
    })
}

/// A record, and its answer.
pub(super) async fn record(
    State(site): State<Arc<Site>>,
    Path(tx): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let token = token_of(&headers)?;
    let RecordRequest { finished, record } = read(&site, body).await?;
    let (finished, record) = (finished.map(|finished| Bytes(finished.0)), Bytes(record.0));
    let Relayed { record, state } = site.app.transactions.record(&tx, token, finished, record).await?;
    reply(&RecordAnswer { record: Base64Url(record.0), state })
}

async fn read<T: DeserializeOwned>(site: &Site, body: Body) -> Result<T, Fault> {
    let limits = Limits { body: LARGEST, ..site.config.limits };
    let body = body::read(body, &limits).await.map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&body).map_err(|_| Fault::Malformed)
}

fn reply(answer: &impl Serialize) -> Result<Response, Fault> {
    Ok(Reply::json(answer).map_err(|_| Fault::Busy)?.into_response())
}
