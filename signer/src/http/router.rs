//! One table: path, message, service call.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use rsign_api::signer::{
    Authorize, ChangePin, ChangeState, CreateCredential, CredentialName, Done, Extend, IssueCertificate,
    LinkCertificate, Refusal, Refused, RevokeSad, Sign, path,
};
use serde::de::DeserializeOwned;

use super::error::Failure;
use crate::service::Signer;

/// Largest message: a signDoc-free request of 1000 hashes and a 4096-bit key stays below 128 KiB.
const MAX_BODY: usize = 1 << 20;

type Shared = State<Arc<Signer>>;
type Answer<T> = Result<Json<T>, Failure>;

/// Every method of the signer.
pub fn router(signer: Arc<Signer>) -> Router {
    Router::new()
        .route(path::CREATE, post(|State(signer): Shared, asked: Message<CreateCredential>| async move { answer(signer.create(&asked.0).await) }))
        .route(path::ISSUE, post(|State(signer): Shared, asked: Message<IssueCertificate>| async move { answer(signer.issue(&asked.0).await) }))
        .route(path::LINK, post(|State(signer): Shared, asked: Message<LinkCertificate>| async move { answer(signer.link(&asked.0).await) }))
        .route(path::STATUS, post(|State(signer): Shared, asked: Message<CredentialName>| async move { answer(signer.status(&asked.0.credential).await) }))
        .route(path::STATE, post(|State(signer): Shared, asked: Message<ChangeState>| async move { answer(signer.change_state(&asked.0).await) }))
        .route(path::CHANGE_PIN, post(|State(signer): Shared, asked: Message<ChangePin>| async move { answer(signer.change_pin(&asked.0).await.map(|()| Done {})) }))
        .route(path::AUTHORIZE, post(|State(signer): Shared, asked: Message<Authorize>| async move { answer(signer.authorize(&asked.0).await) }))
        .route(path::EXTEND, post(|State(signer): Shared, asked: Message<Extend>| async move { answer(signer.extend(&asked.0).await) }))
        .route(path::REVOKE, post(|State(signer): Shared, asked: Message<RevokeSad>| async move { answer(signer.revoke(&asked.0).await.map(|()| Done {})) }))
        .route(path::SIGN, post(|State(signer): Shared, asked: Message<Sign>| async move { answer(signer.sign(&asked.0).await) }))
        .route(path::AUTHORITY, post(|State(signer): Shared| async move { answer(signer.authority().await) }))
        .route(path::HEALTH, post(|State(signer): Shared| async move { Json(signer.health().await) }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(signer)
}

fn answer<T>(outcome: crate::service::Result<T>) -> Answer<T> {
    outcome.map(Json).map_err(Failure)
}

/// A JSON body; what cannot be read is [`Refusal::Malformed`]. The parser's words are not repeated: they may quote.
struct Message<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> axum::extract::FromRequest<S> for Message<T> {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| rejection.into_response())?;
        let body = zeroize_on_drop(body);
        serde_json::from_slice(&body).map(Self).map_err(|_| {
            tracing::warn!("a message could not be read");
            (StatusCode::CONFLICT, Json(Refused { refused: Refusal::Malformed })).into_response()
        })
    }
}

/// The body may hold a PIN: where nobody else has the buffer, it is wiped after reading.
fn zeroize_on_drop(body: Bytes) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(match body.try_into_mut() {
        Ok(unique) => Vec::from(unique),
        Err(shared) => shared.to_vec(),
    })
}
