//! Service errors become the standard's errors here and nowhere else: each service has one exhaustive match.

use axum::http::StatusCode;
use rsign_api::error::{self as wire, Fault};
use rsign_api::signer::Refusal;

pub(super) use super::problem::Problem;
use crate::domain::code::Mismatch;
use crate::port::{identity, signer};
use crate::service::account::throttle::Wait;
use crate::service::account::{external, history, keys, people, sessions};
use crate::service::oauth::{assertions, codes, proofs, requests};
use crate::service::{
    augmentation, authorization, clients, credentials, documents, enrolment, evidence, jobs, login, one_time_codes,
    passwords, prompts, rates, signing, time_stamps, tokens, transactions, workers,
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
        Refusal::Property => return Problem::signed_properties(Vec::new()).because(signer::Error::Refused(refusal)),
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
            | evidence::Error::NoAnchor
            | evidence::Error::NoSource
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
            documents::Error::TimeStamp(error) => error.into(),
            documents::Error::Evidence(error) => error.into(),
            documents::Error::Augmentation(error) => error.into(),
            error @ documents::Error::Unfinished(_) => Self::internal(error),
        }
    }
}

impl From<augmentation::Error> for Problem {
    fn from(error: augmentation::Error) -> Self {
        match error {
            augmentation::Error::Signer(error) => error.into(),
            augmentation::Error::TimeStamp(error) => error.into(),
            error @ augmentation::Error::Unfinished(_) => Self::internal(error),
        }
    }
}

impl From<jobs::Error> for Problem {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::ResponseUri => wire::RESPONSE_URI.into(),
            jobs::Error::Unknown => wire::REQUEST.into(),
            jobs::Error::UserNamed => wire::POLLED_USER_MUST_BE_NULL.into(),
            jobs::Error::OtherUser => wire::POLLED_USER.into(),
            error @ jobs::Error::Busy => Self::unavailable(error),
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
            error @ (time_stamps::Error::Unfit(_)
            | time_stamps::Error::Unbelievable(_)
            | time_stamps::Error::NoAnchor
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
            prompts::Error::Refused => wire::REFUSED.into(),
            prompts::Error::Undecided => wire::UNDECIDED.into(),
            prompts::Error::Full(seconds) => {
                let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, wire::TEMPORARILY_UNAVAILABLE);
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
            workers::Error::Authorization(error) => error.into(),
            workers::Error::Signing(error) => error.into(),
        }
    }
}

impl From<external::Error> for Problem {
    /// Of the pages, which tell of the rest themselves.
    fn from(error: external::Error) -> Self {
        match error {
            external::Error::Store(error) => error.into(),
            external::Error::Full(full) => Self::unavailable(full),
            error @ external::Error::Provider(identity::Error::Unavailable(_)) => Self::unavailable(error),
            error @ (external::Error::Unknown
            | external::Error::Taken
            | external::Error::LastWayIn
            | external::Error::Provider(identity::Error::Refused(_))
            | external::Error::Random(_)) => Self::internal(error),
        }
    }
}

impl From<history::Error> for Problem {
    fn from(error: history::Error) -> Self {
        match error {
            history::Error::Store(error) => error.into(),
            error @ history::Error::Random(_) => Self::internal(error),
        }
    }
}

impl From<keys::Error> for Problem {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::Store(error) | keys::Error::Enrolment(enrolment::Error::Store(error)) => error.into(),
            keys::Error::Enrolment(enrolment::Error::Signer(error)) => error.into(),
            keys::Error::Enrolment(error) => Self::internal(error),
        }
    }
}

impl From<Wait> for Problem {
    fn from(wait: Wait) -> Self {
        let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, wire::TEMPORARILY_UNAVAILABLE);
        busy.with_wait(wait.seconds).because(wait)
    }
}

impl From<people::Error> for Problem {
    /// Of what signing in and up has in common; refusals and faults are told where they belong.
    fn from(error: people::Error) -> Self {
        match error {
            people::Error::Password(error @ passwords::Error::Busy) => Self::unavailable(error),
            people::Error::Store(error) => error.into(),
            people::Error::Wait(wait) => wait.into(),
            error @ (people::Error::Refused
            | people::Error::Password(_)
            | people::Error::Faults(_)
            | people::Error::Random(_)) => Self::internal(error),
        }
    }
}

impl From<sessions::Error> for Problem {
    fn from(error: sessions::Error) -> Self {
        match error {
            sessions::Error::Store(error) => error.into(),
            error @ sessions::Error::Random(_) => Self::internal(error),
        }
    }
}

impl From<login::Error> for Problem {
    /// Of auth/login, where even a wrong password is 400.
    fn from(error: login::Error) -> Self {
        match error {
            login::Error::Person(people::Error::Refused) => wire::AUTHENTICATION_ERROR.into(),
            login::Error::Person(error) => error.into(),
            login::Error::Token(tokens::Error::Unknown | tokens::Error::Expired) => wire::REFRESH_TOKEN_VALUE.into(),
            login::Error::Token(error) => error.into(),
        }
    }
}

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

impl From<transactions::Error> for Problem {
    /// Of pages and CSC methods; the relay has words of its own.
    fn from(error: transactions::Error) -> Self {
        match error {
            error @ (transactions::Error::Unknown | transactions::Error::Expired | transactions::Error::Failed) => {
                Self::from(wire::MALFORMED).because(error)
            }
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

impl From<requests::Error> for Problem {
    /// Of oauth2/pushed_authorize, and of what a page cannot say better.
    fn from(error: requests::Error) -> Self {
        match error {
            requests::Error::Refused(fault) => fault.into(),
            requests::Error::Full(full) => Self::unavailable(full),
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

#[cfg(test)]
mod tests;
