//! Errors of accounts and their pages.

use axum::http::StatusCode;
use rsign_api::error as wire;

use super::Problem;
use crate::port::identity;
use crate::service::account::throttle::Wait;
use crate::service::account::{contacts, external, history, keys, people, sessions};
use crate::service::{enrolment, login, passwords, tokens};

impl From<external::Error> for Problem {
    /// Of the pages, which tell of the rest themselves.
    fn from(error: external::Error) -> Self {
        match error {
            external::Error::Store(error) => error.into(),
            external::Error::Full(full) => Self::unavailable(full),
            error @ external::Error::Provider(identity::Error::Unavailable(_)) => Self::unavailable(error),
            error @ (external::Error::Unknown
            | external::Error::Taken
            | external::Error::Disabled
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

impl From<contacts::Error> for Problem {
    /// Of what is nobody's mistake; those are told on the page.
    fn from(error: contacts::Error) -> Self {
        use contacts::Error;
        match error {
            Error::Store(error) => error.into(),
            error @ (Error::NoWay | Error::Undelivered(_)) => Self::unavailable(error),
            error @ (Error::Unfit(_)
            | Error::TooMany { .. }
            | Error::Wrong
            | Error::Over
            | Error::Random(_)
            | Error::Seal(_)) => Self::internal(error),
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
