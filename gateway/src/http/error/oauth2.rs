//! Errors of the OAuth 2.0 server.

use axum::http::StatusCode;
use rsign_api::error as wire;

use super::Problem;
use crate::domain::code::Mismatch;
use crate::service::oauth::{assertions, codes, proofs, requests};
use crate::service::{clients, enrolment, tokens};

impl From<clients::Error> for Problem {
    /// Of the OAuth endpoints; the rest belongs to registration, which has no HTTP.
    fn from(error: clients::Error) -> Self {
        match error {
            clients::Error::Unknown => wire::oauth2::CLIENT_ID.into(),
            clients::Error::WrongSecret => wire::oauth2::CLIENT_SECRET.into(),
            clients::Error::Wait(wait) => wait.into(),
            clients::Error::Store(error) => error.into(),
            error @ (clients::Error::BadId
            | clients::Error::Taken
            | clients::Error::Redirect(_)
            | clients::Error::Response(_)
            | clients::Error::Contradiction(_)
            | clients::Error::Seal(_)
            | clients::Error::UnknownUser
            | clients::Error::Random(_)) => Self::internal(error),
        }
    }
}

impl From<requests::Error> for Problem {
    /// Of oauth2/pushed_authorize, and of what a page cannot say better.
    fn from(error: requests::Error) -> Self {
        match error {
            requests::Error::Refused(fault) => fault.into(),
            requests::Error::Full(full) => Self::unavailable(full),
            error @ requests::Error::Withdrawn => Self::from(wire::oauth2::REQUEST_URI).because(error),
            requests::Error::Unknown => wire::oauth2::REQUEST_URI.into(),
            error @ requests::Error::OtherAccount => Self::from(wire::oauth2::ACCOUNT_DENIED).because(error),
            error @ (requests::Error::SignIn | requests::Error::Enough) => Self::internal(error),
            requests::Error::Enrolment(enrolment::Error::Store(error)) => error.into(),
            error @ requests::Error::Enrolment(_) => Self::internal(error),
            requests::Error::NoCredential => wire::CREDENTIAL.into(),
            requests::Error::Disabled => wire::CREDENTIAL_DISABLED.into(),
            requests::Error::Transaction(error) => error.into(),
            requests::Error::Code(error) => error.into(),
            requests::Error::Credential(error) => error.into(),
            requests::Error::Store(error) => error.into(),
            error @ requests::Error::Random(_) => Self::internal(error),
        }
    }
}

impl From<codes::Error> for Problem {
    /// Of oauth2/token.
    fn from(error: codes::Error) -> Self {
        let mismatch = match error {
            codes::Error::Malformed => return wire::oauth2::CODE.into(),
            codes::Error::Refused(mismatch) => mismatch,
            codes::Error::Store(error) | codes::Error::Token(tokens::Error::Store(error)) => return error.into(),
            error @ (codes::Error::Token(_) | codes::Error::Random(_) | codes::Error::Seal(_)) => {
                return Self::internal(error);
            }
        };
        let fault = match mismatch {
            Mismatch::Unknown | Mismatch::Spent => wire::oauth2::CODE_EXPIRED,
            Mismatch::Redirect => wire::oauth2::REDIRECT_MISMATCH,
            Mismatch::Verifier => wire::oauth2::VERIFIER,
            Mismatch::Key => wire::oauth2::CODE_KEY,
            Mismatch::Details => wire::oauth2::CONTRADICTION,
        };
        Self::from(fault).because(codes::Error::Refused(mismatch))
    }
}

impl From<assertions::Error> for Problem {
    fn from(error: assertions::Error) -> Self {
        match error {
            error @ assertions::Error::Invalid(_) => {
                Self::new(StatusCode::UNAUTHORIZED, wire::oauth2::ASSERTION).because(error)
            }
            assertions::Error::Store(error) => error.into(),
        }
    }
}

impl From<proofs::Error> for Problem {
    /// Of oauth2/token; CSC methods answer 401.
    fn from(error: proofs::Error) -> Self {
        match error {
            error @ proofs::Error::Invalid(_) => Self::from(wire::oauth2::DPOP_PROOF).because(error),
            error @ proofs::Error::Nonce => Self::from(wire::oauth2::DPOP_NONCE).because(error),
            proofs::Error::Store(error) => error.into(),
        }
    }
}
