//! Service errors become the standard's errors here and nowhere else: each service has one exhaustive match.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rsign_api::error::{self as wire, ErrorBody, Fault};
use rsign_api::signer::Refusal;
use rsign_api::version::Version;

use super::reply::Reply;
use crate::port::signer;
use crate::service::{authorization, clients, credentials, login, passwords, signing, tokens};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A request that failed: what is said, and what is logged.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    wording: Wording,
    cause: Option<Cause>,
}

#[derive(Debug)]
enum Wording {
    Row(Fault),
    CertificateExpired { organization: String, common_name: String },
}

impl Problem {
    /// A row of an error table under another status than 400.
    pub(super) const fn new(status: StatusCode, fault: Fault) -> Self {
        Self { status, wording: Wording::Row(fault), cause: None }
    }

    /// Ours, not the caller's.
    pub(super) fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, wire::SERVER_ERROR).because(cause)
    }

    fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, wire::TEMPORARILY_UNAVAILABLE).because(cause)
    }

    fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
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
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, challenge(body.error));
            }
            _ => {}
        }
        response
    }

    /// What is said.
    pub(super) fn body(&self, version: Version) -> ErrorBody {
        match &self.wording {
            Wording::Row(fault) => fault.body(version),
            Wording::CertificateExpired { organization, common_name } => {
                wire::certificate_expired(version, organization, common_name)
            }
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
        _ => HeaderValue::from_static("Basic realm=\"rsign\", charset=\"UTF-8\""),
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::new(StatusCode::BAD_REQUEST, fault)
    }
}

impl From<rsign_storage::Error> for Problem {
    fn from(error: rsign_storage::Error) -> Self {
        match error {
            error @ rsign_storage::Error::Unavailable(_) => Self::unavailable(error),
            error => Self::internal(error),
        }
    }
}

impl From<signer::Error> for Problem {
    fn from(error: signer::Error) -> Self {
        match error {
            signer::Error::Refused(refusal) => refused(refusal),
            error @ (signer::Error::Busy | signer::Error::Unavailable(_)) => Self::unavailable(error),
        }
    }
}

/// What the signer's refusals are called in CSC.
fn refused(refusal: Refusal) -> Problem {
    let fault = match refusal {
        Refusal::UnknownCredential => wire::CREDENTIAL,
        Refusal::Disabled => wire::CREDENTIAL_DISABLED,
        Refusal::WrongPin | Refusal::WeakPin => wire::PIN,
        Refusal::PinLocked => wire::PIN_LOCKED,
        Refusal::InvalidSad => wire::SAD,
        Refusal::SadExpired => wire::SAD_EXPIRED,
        Refusal::HashNotAuthorized => wire::HASH_NOT_AUTHORIZED,
        Refusal::CountMismatch => wire::SIGNATURES_VALUE,
        Refusal::TooManySignatures => wire::SIGNATURES_TOO_HIGH,
        Refusal::DigestLength => wire::DIGEST_LENGTH,
        Refusal::Algorithm => wire::SIGN_ALGO,
        Refusal::Busy => return Problem::unavailable(signer::Error::Busy),
        // The services name the certificate's subject or call the credential disabled; here nobody did.
        Refusal::CertificateExpired => wire::CREDENTIAL_DISABLED,
        // Ours, never a caller's: a gateway of another version, an id drawn twice, a store that was tampered with.
        Refusal::Malformed | Refusal::Taken | Refusal::ForeignCertificate | Refusal::ForeignKey => {
            return Problem::internal(signer::Error::Refused(refusal));
        }
    };
    Problem::from(fault).because(signer::Error::Refused(refusal))
}

impl From<tokens::Error> for Problem {
    /// Of a bearer (clause 10.1: HTTP 401).
    fn from(error: tokens::Error) -> Self {
        match error {
            tokens::Error::Unknown => Self::new(StatusCode::UNAUTHORIZED, wire::INVALID_TOKEN),
            tokens::Error::Expired => Self::new(StatusCode::UNAUTHORIZED, wire::EXPIRED_TOKEN),
            tokens::Error::Store(error) => error.into(),
            tokens::Error::Random(error) => Self::internal(error),
        }
    }
}

impl From<credentials::Error> for Problem {
    fn from(error: credentials::Error) -> Self {
        match error {
            credentials::Error::Unknown => wire::CREDENTIAL.into(),
            credentials::Error::Disabled => wire::CREDENTIAL_DISABLED.into(),
            credentials::Error::UserNamed => wire::USER_MUST_BE_NULL.into(),
            credentials::Error::UnknownUser => wire::USER.into(),
            credentials::Error::Store(error) => error.into(),
            credentials::Error::Signer(error) => error.into(),
        }
    }
}

impl From<authorization::Error> for Problem {
    fn from(error: authorization::Error) -> Self {
        match error {
            authorization::Error::SealedPin => wire::PIN_SEALED.into(),
            authorization::Error::Disabled => wire::CREDENTIAL_DISABLED.into(),
            authorization::Error::Signer(error) => error.into(),
            authorization::Error::Store(error) => error.into(),
        }
    }
}

impl From<signing::Error> for Problem {
    fn from(error: signing::Error) -> Self {
        match error {
            signing::Error::CertificateExpired { organization, common_name } => Self {
                status: StatusCode::BAD_REQUEST,
                wording: Wording::CertificateExpired { organization, common_name },
                cause: None,
            },
            signing::Error::Signer(error) => error.into(),
            signing::Error::Store(error) => error.into(),
        }
    }
}

impl From<login::Error> for Problem {
    /// Of auth/login, where even a wrong password is 400.
    fn from(error: login::Error) -> Self {
        match error {
            login::Error::Refused => wire::AUTHENTICATION_ERROR.into(),
            login::Error::Password(passwords::Error::Busy) => Self::unavailable(passwords::Error::Busy),
            login::Error::Password(error @ (passwords::Error::Failed(_) | passwords::Error::Random(_))) => {
                Self::internal(error)
            }
            login::Error::Token(tokens::Error::Unknown | tokens::Error::Expired) => wire::REFRESH_TOKEN_VALUE.into(),
            login::Error::Token(error) => error.into(),
            login::Error::Store(error) => error.into(),
        }
    }
}

impl From<clients::Error> for Problem {
    /// Of the OAuth endpoints; the rest belongs to registration, which has no HTTP.
    fn from(error: clients::Error) -> Self {
        match error {
            clients::Error::Unknown => wire::oauth2::CLIENT_ID.into(),
            clients::Error::WrongSecret => wire::oauth2::CLIENT_SECRET.into(),
            clients::Error::Store(error) => error.into(),
            error @ (clients::Error::BadId
            | clients::Error::Taken
            | clients::Error::UnknownUser
            | clients::Error::Random(_)) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(refusal: Refusal, version: Version) -> (u16, &'static str, String) {
        let problem = refused(refusal);
        let body = problem.body(version);
        (problem.status().as_u16(), body.error, body.error_description)
    }

    #[test]
    fn refusals_speak_the_language_of_the_version() {
        let pin = |version| said(Refusal::WrongPin, version);
        assert_eq!(pin(Version::V1), (400, "invalid_pin", "The PIN is invalid".to_owned()));
        assert_eq!(
            pin(Version::V2),
            (400, "invalid_authentication_data", "The authentication data is invalid".to_owned())
        );
        assert_eq!(said(Refusal::PinLocked, Version::V1).2, "PIN locked");
        assert_eq!(said(Refusal::PinLocked, Version::V2).2, "Credential locked");
    }

    #[test]
    fn what_is_busy_says_when_to_come_back() {
        let response = refused(Refusal::Busy).response(Version::V2);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn tampering_is_our_fault_and_is_logged() {
        let problem = refused(Refusal::ForeignKey);
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(problem.chain().unwrap().contains("wrapped key"));
    }
}
