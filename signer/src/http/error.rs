//! Service errors as HTTP: 409 a refusal, 503 busy or away, 500 an incident. Logged here, once.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rsign_api::signer::{Refusal, Refused};

use crate::hsm::Fault;
use crate::service::Error;

/// Wraps the service's error for `axum`.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self.0 {
            Error::Refused(Refusal::Busy) | Error::Hsm(Fault::Busy | Fault::Lost) => {
                tracing::warn!(error = %self.0, "busy");
                away(StatusCode::SERVICE_UNAVAILABLE)
            }
            Error::Refused(refusal) => {
                tracing::info!(%refusal, "refused");
                (StatusCode::CONFLICT, Json(Refused::from(refusal))).into_response()
            }
            Error::Setting { refusal, setting } => {
                tracing::info!(%refusal, setting, "refused");
                (StatusCode::CONFLICT, Json(Refused::from(refusal))).into_response()
            }
            Error::Documents(documents) => {
                tracing::info!(reason = ?documents.first().map(|first| first.reason), count = documents.len(), "refused");
                (StatusCode::CONFLICT, Json(Refused::of(documents))).into_response()
            }
            Error::Hsm(Fault::Device(_)) | Error::Store(_) => {
                tracing::error!(error = %chain(&self.0), "HSM or store failed");
                away(StatusCode::SERVICE_UNAVAILABLE)
            }
            Error::Incident(_) => {
                tracing::error!(error = %self.0, "incident");
                away(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

pub(super) fn away(status: StatusCode) -> Response {
    (status, [(header::RETRY_AFTER, "1")], Json(Refused::from(Refusal::Busy))).into_response()
}

/// The error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
