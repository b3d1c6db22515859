//! One table: path, message, service call.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use rsign_api::signer::{
    AskOcsp, Authorize, ChangePin, ChangeState, ChannelHello, ChannelRecord, CheckSad, CompleteSignature,
    CreateCredential, CredentialName, Done, DrawCode, Extend, IssueCertificate, LinkCertificate, Refusal, Refused,
    RenewDocument, RevokeSad, Sign, SignDocuments, path,
};
use rsign_spool::Spool;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinError;

use super::documents::{self, Arrived};
use super::error::Failure;
use crate::service::{Error, Result, Signer};

/// Largest message but one: a request of 1000 hashes and a 4096-bit key stays below 128 KiB.
const MAX_BODY: usize = 1 << 20;

/// Every method of the signer.
pub fn router(signer: Arc<Signer>, spool: &Spool) -> Router {
    Router::new()
        .route(path::CREATE, method(|signer, asked: CreateCredential| async move { signer.create(&asked).await }))
        .route(path::ISSUE, method(|signer, asked: IssueCertificate| async move { signer.issue(&asked).await }))
        .route(path::LINK, method(|signer, asked: LinkCertificate| async move { signer.link(&asked).await }))
        .route(
            path::STATUS,
            method(|signer, asked: CredentialName| async move { signer.status(&asked.credential).await }),
        )
        .route(path::STATE, method(|signer, asked: ChangeState| async move { signer.change_state(&asked).await }))
        .route(
            path::CHANGE_PIN,
            method(|signer, asked: ChangePin| async move { done(signer.change_pin(&asked).await) }),
        )
        .route(path::DRAW_CODE, method(|signer, asked: DrawCode| async move { signer.draw_code(&asked).await }))
        .route(path::AUTHORIZE, method(|signer, asked: Authorize| async move { signer.authorize(&asked).await }))
        .route(path::EXTEND, method(|signer, asked: Extend| async move { signer.extend(&asked).await }))
        .route(path::REVOKE, method(|signer, asked: RevokeSad| async move { done(signer.revoke(&asked).await) }))
        .route(path::CHECK, method(|signer, asked: CheckSad| async move { done(signer.check_sad(&asked).await) }))
        .route(path::SIGN, method(|signer, asked: Sign| async move { signer.sign(&asked).await }))
        .route(
            path::SIGN_DOCUMENTS,
            documents::method(spool, |signer, Arrived { asked, hashed }: Arrived<SignDocuments>| async move {
                signer.sign_hashed(&asked, hashed).await
            }),
        )
        .route(
            path::COMPLETE_SIGNATURE,
            documents::method(spool, |signer, Arrived { asked, .. }: Arrived<CompleteSignature>| async move {
                signer.complete_signature(&asked).await
            }),
        )
        .route(
            path::RENEW_DOCUMENT,
            documents::method(spool, |signer, Arrived { asked, .. }: Arrived<RenewDocument>| async move {
                signer.renew_document(&asked).await
            }),
        )
        .route(
            path::CHANNEL_HELLO,
            method(|signer, asked: ChannelHello| async move { signer.open_channel(&asked).await }),
        )
        .route(
            path::CHANNEL_RECORD,
            method(|signer, asked: ChannelRecord| async move { signer.take_record(&asked).await }),
        )
        .route(path::AUTHORITY, method(|signer, _: Done| async move { signer.authority().await }))
        .route(path::OCSP, method(|signer, asked: AskOcsp| async move { signer.ocsp(&asked).await }))
        .route(path::HEALTH, method(|signer, _: Done| async move { Ok(signer.health().await) }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(signer)
}

/// A message in, a service call, its answer out. The call runs in a task of its own: a caller that hangs up must not
/// leave a lease or a reservation behind half-way.
fn method<A, T, F, C>(serve: F) -> MethodRouter<Arc<Signer>>
where
    A: DeserializeOwned + Send + 'static,
    T: Serialize + Send + 'static,
    F: Fn(Arc<Signer>, A) -> C + Clone + Send + Sync + 'static,
    C: Future<Output = Result<T>> + Send + 'static,
{
    post(move |State(signer): State<Arc<Signer>>, Message(asked): Message<A>| {
        let call = tokio::spawn(serve(signer, asked));
        async move { settled(call.await) }
    })
}

/// The answer of a call that had a task of its own.
pub(super) fn settled<T>(outcome: std::result::Result<Result<T>, JoinError>) -> std::result::Result<Json<T>, Failure> {
    outcome.unwrap_or_else(|error| Err(Error::Incident(error.to_string()))).map(Json).map_err(Failure)
}

fn done(outcome: Result<()>) -> Result<Done> {
    outcome.map(|()| Done {})
}

/// A JSON body; what cannot be read is [`Refusal::Malformed`]. The parser's words are not repeated: they may quote.
struct Message<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> axum::extract::FromRequest<S> for Message<T> {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> std::result::Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| rejection.into_response())?;
        let body = zeroize_on_drop(body);
        serde_json::from_slice(&body).map(Self).map_err(|_| malformed())
    }
}

/// What cannot be read.
pub(super) fn malformed() -> Response {
    tracing::warn!("a message could not be read");
    (StatusCode::CONFLICT, Json(Refused::from(Refusal::Malformed))).into_response()
}

/// The body may hold a PIN: where nobody else has the buffer, it is wiped after reading.
fn zeroize_on_drop(body: Bytes) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(match body.try_into_mut() {
        Ok(unique) => Vec::from(unique),
        Err(shared) => shared.to_vec(),
    })
}
