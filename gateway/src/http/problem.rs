//! A request that failed: the answer it gets, and what is logged.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rsign_api::error::{self as wire, ErrorBody, Fault};
use rsign_api::objection::Objection;
use rsign_api::version::Version;

use super::reply::Reply;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A request that failed: what is said, and what is logged.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    wording: Wording,
    cause: Option<Cause>,
    nonce: Option<String>,
    /// Seconds until it is worth another try.
    wait: Option<u32>,
}

#[derive(Debug)]
enum Wording {
    Row(Fault),
    /// Rare, and kept small beside the other.
    Particular(Box<Particular>),
}

/// Rows whose sentences name what they are about.
#[derive(Debug)]
enum Particular {
    CertificateExpired {
        organization: String,
        common_name: String,
    },
    /// What of the call is refused. Without a row it is the one that names the attributes.
    Objections {
        row: Option<Fault>,
        objections: Vec<Objection>,
    },
    /// Octets that a body may have.
    BodyTooLong(usize),
}

impl Problem {
    /// A row of an error table under another status than 400.
    pub(super) const fn new(status: StatusCode, fault: Fault) -> Self {
        Self { status, wording: Wording::Row(fault), cause: None, nonce: None, wait: None }
    }

    /// The row whose sentence names the certificate it is about.
    pub(super) fn certificate_expired(organization: String, common_name: String) -> Self {
        Self::particular(Particular::CertificateExpired { organization, common_name })
    }

    /// The row whose sentence names the attributes it is about: those of [`Self::about`].
    pub(super) fn signed_properties() -> Self {
        Self::particular(Particular::Objections { row: None, objections: Vec::new() })
    }

    /// The same, which says what of the call is refused, and why.
    pub(super) fn about(self, objections: Vec<Objection>) -> Self {
        let row = if let Wording::Row(fault) = self.wording { Some(fault) } else { None };
        Self { wording: Wording::Particular(Box::new(Particular::Objections { row, objections })), ..self }
    }

    /// A body of more than so many octets.
    pub(super) fn too_long(most: usize) -> Self {
        Self::particular(Particular::BodyTooLong(most)).with_status(StatusCode::PAYLOAD_TOO_LARGE)
    }

    fn particular(particular: Particular) -> Self {
        let wording = Wording::Particular(Box::new(particular));
        Self { status: StatusCode::BAD_REQUEST, wording, cause: None, nonce: None, wait: None }
    }

    /// Ours, not the caller's.
    pub(super) fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, wire::SERVER_ERROR).because(cause)
    }

    pub(super) fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, wire::TEMPORARILY_UNAVAILABLE).because(cause)
    }

    /// The nonce that the client's next DPoP proof has to carry (RFC 9449, 8).
    pub(super) fn with_nonce(self, nonce: Option<String>) -> Self {
        Self { nonce, ..self }
    }

    pub(super) fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// So many seconds pass before another try is worth it.
    pub(super) fn with_wait(self, seconds: u32) -> Self {
        Self { wait: Some(seconds), ..self }
    }

    /// The same under another status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The status.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer, in the words of the URL's version.
    pub(super) fn response(&self, version: Version) -> Response {
        let body = self.body(version);
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Reply::ready(json).with_status(self.status).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.wait.unwrap_or(1)));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, challenge(body.error));
            }
            _ => {}
        }
        if let Some(nonce) = self.nonce.as_deref().and_then(|nonce| nonce.parse().ok()) {
            headers.insert("dpop-nonce", nonce);
        }
        response
    }

    /// What is said.
    pub(super) fn body(&self, version: Version) -> ErrorBody {
        match &self.wording {
            Wording::Row(fault) => fault.body(version),
            Wording::Particular(particular) => match &**particular {
                Particular::CertificateExpired { organization, common_name } => {
                    wire::certificate_expired(version, organization, common_name)
                }
                Particular::Objections { row, objections } => {
                    let names = objections.iter().filter_map(|objection| objection.property.as_deref());
                    let names: Vec<&str> = names.collect();
                    row.map_or_else(|| wire::signed_properties(&names), |row| row.body(version)).about(objections)
                }
                Particular::BodyTooLong(most) => wire::body_too_long(*most),
            },
        }
    }

    /// What lies behind it, outermost first, for the log.
    pub(super) fn chain(&self) -> Option<String> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self.cause.as_deref()?);
        let mut chain = String::new();
        while let Some(error) = next {
            let text = error.to_string();
            if !chain.ends_with(&text) {
                if !chain.is_empty() {
                    chain.push_str(": ");
                }
                chain.push_str(&text);
            }
            next = error.source();
        }
        Some(chain)
    }
}

/// RFC 6750 for tokens, RFC 7617 for everything else that wants a password or a secret.
fn challenge(code: &str) -> HeaderValue {
    match code {
        wire::code::INVALID_TOKEN => HeaderValue::from_static("Bearer error=\"invalid_token\""),
        wire::code::EXPIRED_TOKEN => HeaderValue::from_static("Bearer error=\"invalid_token\""),
        wire::code::INVALID_DPOP_PROOF => HeaderValue::from_static("DPoP error=\"invalid_dpop_proof\""),
        wire::code::USE_DPOP_NONCE => HeaderValue::from_static("DPoP error=\"use_dpop_nonce\""),
        _ => HeaderValue::from_static("Basic realm=\"rsign\", charset=\"UTF-8\""),
    }
}
