//! What devices hear when it goes wrong: five words, since what exactly is wrong stands inside the channel.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::bearer::token;
use crate::http::reply::Reply;
use crate::port::signer;
use crate::service::transactions::Error;

/// The word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The transaction's time is over.
    Expired,
    /// An operator has ended what the app, or the user, had under way.
    Withdrawn,
    /// No such transaction, or not with this token.
    Unknown,
    /// The signer has too much to do, or is away: try again.
    Busy,
    /// The channel failed: a new handshake may help, if there may be one.
    Failed,
    /// The message is none of the protocol.
    Malformed,
}

#[derive(Debug, Serialize)]
struct Body {
    error: &'static str,
    error_description: &'static str,
}

impl Fault {
    const fn said(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Expired => (StatusCode::GONE, "expired", "The transaction has expired"),
            Self::Withdrawn => (StatusCode::GONE, "withdrawn", "The operator has ended what the app asked for"),
            Self::Unknown => (StatusCode::NOT_FOUND, "unknown", "There is no such transaction"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "The service is busy; try again"),
            Self::Failed => (StatusCode::CONFLICT, "failed", "The channel failed"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "failed", "The message is malformed"),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, error, error_description) = self.said();
        let json = serde_json::to_vec(&Body { error, error_description }).unwrap_or_default();
        let mut response = Reply::ready(json).with_status(status).into_response();
        if self == Self::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Error> for Fault {
    /// Logged here, once.
    fn from(error: Error) -> Self {
        let fault = match &error {
            Error::Unknown => Self::Unknown,
            Error::Expired => Self::Expired,
            Error::Withdrawn => Self::Withdrawn,
            Error::Failed | Error::Signer(signer::Error::Refused(_) | signer::Error::Documents(_)) => Self::Failed,
            Error::Signer(signer::Error::Busy | signer::Error::Unavailable(_)) | Error::Store(_) => Self::Busy,
            Error::NoPage
            | Error::Enrolment(_)
            | Error::History(_)
            | Error::Random(_)
            | Error::Seal(_)
            | Error::Prompt(_) => Self::Busy,
        };
        match fault {
            Self::Busy => tracing::error!(error = &error as &dyn std::error::Error, "a channel was not served"),
            _ => tracing::warn!(error = &error as &dyn std::error::Error, "a channel was refused"),
        }
        fault
    }
}

/// The token of the transaction. Not one of ours, so it says nothing to any other end point.
pub(super) fn token_of(headers: &HeaderMap) -> Result<&str, Fault> {
    token(headers).ok_or(Fault::Unknown)
}
