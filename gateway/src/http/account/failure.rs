//! Why a page cannot be shown, and the page that is shown instead.

use super::text::{Message, Text};
use crate::http::error::Problem;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such page, or it is about something of somebody else's.
    Missing,
    /// The form is not one of ours, or not of this session.
    Form,
    /// There is no signing page to ask for a PIN.
    NoPage,
    /// The browser keeps no cookies.
    Cookies,
    /// An authorization request that is over.
    RequestOver,
    /// What an app asked for, which an operator has ended since.
    Withdrawn,
    /// Store, signer, randomness: ours.
    Problem(Problem),
}

impl<E> From<E> for Failure
where
    Problem: From<E>,
{
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl Failure {
    /// HTTP status.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Missing => 404,
            Self::Form | Self::Cookies => 403,
            Self::NoPage => 503,
            Self::RequestOver | Self::Withdrawn => 410,
            Self::Problem(problem) => problem.status().as_u16(),
        }
    }

    /// What is said.
    pub(super) fn message(&self, text: &Text) -> Message {
        let wrong = &text.wrong;
        match self {
            Self::Missing => wrong.missing,
            Self::Form => wrong.form,
            Self::Cookies => wrong.cookies,
            Self::NoPage => wrong.no_page,
            Self::RequestOver => wrong.request_over,
            Self::Withdrawn => wrong.withdrawn,
            Self::Problem(problem) if problem.status().as_u16() == 503 => wrong.busy,
            Self::Problem(_) => wrong.ours,
        }
    }
}
