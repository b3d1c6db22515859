//! Answers that went well.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rsign_api::csc::documents::SignedDocuments;
use rsign_api::octets::Octets;
use serde::Serialize;

use super::error::Problem;
use super::pieces::Pieces;

/// A status and a JSON body, or none.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    json: Option<Json>,
}

#[derive(Debug)]
enum Json {
    Whole(Vec<u8>),
    Pieces(Pieces),
}

/// Octets of documents that are sent as one piece.
const SHORT: u64 = 256 << 10;

impl Reply {
    /// 200 and this as JSON.
    pub(super) fn json(answer: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self::ready(serde_json::to_vec(answer).map_err(Problem::internal)?))
    }

    /// 200 and signed documents; long ones piece by piece.
    pub(super) fn documents(answer: SignedDocuments) -> Result<Self, Problem> {
        if answer.with_signature.iter().chain(&answer.objects).map(Octets::len).sum::<u64>() <= SHORT {
            return Self::json(&answer);
        }
        let pieces = Pieces::of(answer).map_err(Problem::internal)?;
        Ok(Self { status: StatusCode::OK, json: Some(Json::Pieces(pieces)) })
    }

    /// 200 and this, which is JSON already.
    pub(super) const fn ready(json: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, json: Some(Json::Whole(json)) }
    }

    /// 204.
    pub(super) const fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, json: None }
    }

    /// The status.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// This answer with another status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// CSC samples write the character set; strict clients compare the media type only.
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let has_body = self.json.is_some();
        let (body, length) = match self.json {
            None => (Body::empty(), None),
            Some(Json::Whole(json)) => (Body::from(json), None),
            Some(Json::Pieces(pieces)) => {
                let length = pieces.length();
                (Body::from_stream(pieces.stream()), Some(length))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        // answers hold tokens and SADs.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
