//! Service errors become the standard's errors here and nowhere else: each service has one exhaustive match.

mod account;
mod oauth2;

use axum::http::StatusCode;
use rsign_api::error::{self as wire, Fault};
use rsign_api::signer::{Refusal, Refused};

pub(super) use super::problem::Problem;
use crate::port::signer;
use crate::service::{
    authorization, credentials, documents, evidence, jobs, one_time_codes, prompts, rates, signing, time_stamps,
    tokens, transactions, workers,
};

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
            // Where nobody knows which of a client's entries they are.
            signer::Error::Documents(documents) => refused(Refused::of(documents).refused),
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
        Refusal::WrongFactor => wire::OTP,
        Refusal::FactorLocked => wire::OTP_LOCKED,
        Refusal::InvalidSad => wire::SAD,
        Refusal::SadExpired => wire::SAD_EXPIRED,
        Refusal::HashNotAuthorized => wire::HASH_NOT_AUTHORIZED,
        Refusal::CountMismatch => wire::SIGNATURES_VALUE,
        Refusal::TooManySignatures => wire::SIGNATURES_TOO_HIGH,
        Refusal::DigestLength => wire::DIGEST_LENGTH,
        Refusal::Algorithm => wire::SIGN_ALGO,
        Refusal::NotAllowed => wire::oauth2::DENIED,
        Refusal::Format => wire::SIGNATURE_FORMAT,
        Refusal::Envelope => wire::ENVELOPE,
        // The standard has no sentence of its own for a document that cannot be signed.
        Refusal::Document => wire::DOCUMENTS,
        Refusal::Property => return Problem::signed_properties().because(signer::Error::Refused(refusal)),
        Refusal::ForeignDocument => {
            let problem = Problem::new(StatusCode::FORBIDDEN, wire::DOCUMENT_MISMATCH);
            return problem.because(signer::Error::Refused(refusal));
        }
        Refusal::Busy => return Problem::unavailable(signer::Error::Busy),
        // The services name the certificate's subject or call the credential disabled; here nobody did.
        Refusal::CertificateExpired => wire::CREDENTIAL_DISABLED,
        // Ours, never a caller's: a gateway of another version, an id drawn twice, a store that was tampered with.
        Refusal::Malformed
        | Refusal::Taken
        | Refusal::Evidence
        | Refusal::ForeignCertificate
        | Refusal::ForeignKey
        // The relay names it itself; no CSC method has a channel.
        | Refusal::Channel => {
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
            // Not judged, so it costs no try.
            error @ authorization::Error::Implicit => Self::from(wire::PIN).because(error),
            authorization::Error::Disabled => wire::CREDENTIAL_DISABLED.into(),
            authorization::Error::Signer(error) => error.into(),
            authorization::Error::History(error) => error.into(),
            authorization::Error::Store(error) => error.into(),
        }
    }
}

impl From<signing::Error> for Problem {
    fn from(error: signing::Error) -> Self {
        match error {
            signing::Error::CertificateExpired { organization, common_name } => {
                Self::certificate_expired(organization, common_name)
            }
            signing::Error::Signer(error) => error.into(),
            signing::Error::Store(error) => error.into(),
        }
    }
}

impl From<evidence::Error> for Problem {
    fn from(error: evidence::Error) -> Self {
        match error {
            evidence::Error::Signer(error) => error.into(),
            error @ evidence::Error::Unavailable(_) => Self::unavailable(error),
            error @ (evidence::Error::Malformed(_)
            | evidence::Error::NoAnchor(_)
            | evidence::Error::NoSource
            | evidence::Error::TooLong
            | evidence::Error::Wrong(_)) => Self::internal(error),
        }
    }
}

impl From<documents::Error> for Problem {
    fn from(error: documents::Error) -> Self {
        match error {
            documents::Error::Signing(signing::Error::Signer(
                error @ signer::Error::Refused(Refusal::HashNotAuthorized),
            )) => Self::from(wire::DOCUMENTS_NOT_AUTHORIZED).because(error),
            documents::Error::Signing(error) => error.into(),
            documents::Error::Refused(objections) => {
                let refusal = objections.first().map_or(Refusal::Document, |first| first.reason.refusal());
                let error = documents::Error::Refused(objections.clone());
                let problem = match refusal {
                    Refusal::HashNotAuthorized => wire::DOCUMENTS_NOT_AUTHORIZED.into(),
                    other => refused(other),
                };
                problem.about(objections).because(error)
            }
            documents::Error::TimeStamp(error) => error.into(),
            documents::Error::Evidence(error) => error.into(),
            documents::Error::Uncompleted(error) => error.into(),
            documents::Error::TooLong => Self::new(StatusCode::PAYLOAD_TOO_LARGE, wire::TOO_LONG),
            error @ documents::Error::NoRoom(_) => Self::unavailable(error),
            error @ documents::Error::Unfinished(_) => Self::internal(error),
        }
    }
}

impl From<jobs::Error> for Problem {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::ResponseUri => wire::RESPONSE_URI.into(),
            jobs::Error::Unknown => wire::REQUEST.into(),
            error @ jobs::Error::Gone => Self::from(wire::CREDENTIAL).because(error),
            jobs::Error::UserNamed => wire::POLLED_USER_MUST_BE_NULL.into(),
            jobs::Error::OtherUser => wire::POLLED_USER.into(),
            error @ (jobs::Error::Busy | jobs::Error::Full(_)) => Self::unavailable(error),
            jobs::Error::TooLong(objections) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, wire::TOO_LONG).about(objections)
            }
            jobs::Error::Signing(error) => error.into(),
            jobs::Error::Documents(error) => error.into(),
            jobs::Error::Store(error) => error.into(),
            error @ (jobs::Error::Lost | jobs::Error::Random(_)) => Self::internal(error),
        }
    }
}

impl From<time_stamps::Error> for Problem {
    fn from(error: time_stamps::Error) -> Self {
        match error {
            error @ time_stamps::Error::Unavailable(_) => Self::unavailable(error),
            time_stamps::Error::Signer(error) => error.into(),
            time_stamps::Error::Evidence(error) => error.into(),
            error @ (time_stamps::Error::Unfit(_)
            | time_stamps::Error::Unbelievable(_)
            | time_stamps::Error::TooLong(_)
            | time_stamps::Error::NoAnchor(_)
            | time_stamps::Error::Random(_)) => Self::internal(error),
        }
    }
}

impl From<one_time_codes::Error> for Problem {
    fn from(error: one_time_codes::Error) -> Self {
        use one_time_codes::Error;
        match error {
            Error::NotOnline => wire::CREDENTIAL.into(),
            Error::TooMany { seconds } => {
                let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, wire::TEMPORARILY_UNAVAILABLE);
                busy.with_wait(seconds).because(error)
            }
            error @ (Error::NoWay | Error::Undelivered(_)) => Self::unavailable(error),
            Error::Signer(signer::Error::Refused(Refusal::CertificateExpired)) => wire::CREDENTIAL_DISABLED.into(),
            Error::Signer(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<rates::TooMany> for Problem {
    fn from(error: rates::TooMany) -> Self {
        let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, wire::TEMPORARILY_UNAVAILABLE);
        busy.with_wait(error.seconds).because(error)
    }
}

impl From<prompts::Error> for Problem {
    fn from(error: prompts::Error) -> Self {
        match error {
            prompts::Error::Unknown => wire::HANDLE.into(),
            error @ (prompts::Error::Refused | prompts::Error::Withdrawn) => Self::from(wire::REFUSED).because(error),
            prompts::Error::Undecided => wire::UNDECIDED.into(),
            error @ prompts::Error::Stopped(_) => Self::unavailable(error),
            prompts::Error::Full(seconds) => {
                let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, wire::ASKED_TOO_MUCH);
                busy.with_wait(seconds).because(error)
            }
            prompts::Error::Locked => wire::PIN_LOCKED.into(),
            prompts::Error::Credential(error) => error.into(),
            prompts::Error::Store(error) => error.into(),
            error @ (prompts::Error::Random(_) | prompts::Error::Seal(_)) => Self::internal(error),
        }
    }
}

impl From<workers::Error> for Problem {
    fn from(error: workers::Error) -> Self {
        match error {
            workers::Error::Credential(error) => error.into(),
            workers::Error::Authorization(authorization::Error::Signer(
                error @ signer::Error::Refused(Refusal::WrongFactor | Refusal::FactorLocked),
            )) => Self::from(wire::WORKER_FACTOR).because(error),
            workers::Error::Authorization(error) => error.into(),
            workers::Error::Signing(error) => error.into(),
        }
    }
}

impl From<transactions::Error> for Problem {
    /// Of pages and CSC methods; the relay has words of its own.
    fn from(error: transactions::Error) -> Self {
        match error {
            error @ (transactions::Error::Unknown
            | transactions::Error::Expired
            | transactions::Error::Withdrawn
            | transactions::Error::Failed) => Self::from(wire::MALFORMED).because(error),
            error @ transactions::Error::NoPage => Self::unavailable(error),
            transactions::Error::Signer(error) => error.into(),
            transactions::Error::Store(error) => error.into(),
            error @ (transactions::Error::Enrolment(_)
            | transactions::Error::History(_)
            | transactions::Error::Random(_)
            | transactions::Error::Prompt(_)
            | transactions::Error::Seal(_)) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests;
