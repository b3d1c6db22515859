//! What a check is, and what may come of one.

use std::pin::Pin;

use serde::Serialize;

use crate::session::Session;

/// Which major version of the API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// 1.0.x, at `…/csc/v1`.
    V1,
    /// 2.x, at `…/csc/v2`.
    V2,
}

impl Version {
    /// `v1` or `v2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The one of two that is this version's.
    #[must_use]
    pub const fn pick<T: Copy>(self, pair: [T; 2]) -> T {
        match self {
            Self::V1 => pair[0],
            Self::V2 => pair[1],
        }
    }
}

/// How much a failed check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The standard leaves it open, or only one source has it; clients stumble over it all the same.
    Quirk,
    /// The standard recommends it, or prints it in a table.
    Should,
    /// The standard or the safety of signatures demands it.
    Must,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quirk => "quirk",
            Self::Should => "should",
            Self::Must => "must",
        }
    }
}

/// Why a check ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The service does it wrong: what was expected, and what came.
    Wrong(String),
    /// The service does not claim to do it.
    NotApplicable(String),
    /// The profile does not give what the check needs.
    NotChecked(String),
    /// It could not be tried: no answer, no token.
    Broken(String),
}

/// What a check comes to.
pub type Verdict = Result<(), Stop>;

/// A running check.
pub type Running<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// What has to be there before a check is worth running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A method that `info` names.
    Method(&'static str),
    /// `oauth2client` among the ways of authorization, and a client in the profile.
    Client,
    /// `basic` among the ways of authorization, and a login in the profile.
    Login,
    /// A credential in the profile.
    Credential,
    /// One whose owner is asked elsewhere.
    Implicit,
    /// One that needs a one-time password.
    Coded,
    /// Somebody who agrees to keys being made and ended.
    Lifecycle,
}

/// One thing that is checked.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name: stable, for `--only`, `known.toml` and whoever files an issue.
    pub id: &'static str,
    /// What holds if it passes.
    pub title: &'static str,
    /// The clauses it rests on, of 1.0.4.0 and of 2.x (2.0.0.2 unless it says otherwise). Empty: not in that version.
    pub clauses: [&'static str; 2],
    /// What a failure weighs, in either version.
    pub severity: [Severity; 2],
    /// What it needs.
    pub needs: &'static [Need],
    /// How it is done.
    pub run: for<'a> fn(&'a Session) -> Running<'a>,
}

impl Check {
    /// Whether there is such a thing in this version.
    #[must_use]
    pub const fn is_in(&self, version: Version) -> bool {
        !version.pick(self.clauses).is_empty()
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Gathers everything that is wrong, so that one report tells it all.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Notes it unless it holds.
    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.0.push(otherwise.into());
        }
    }

    /// The verdict.
    pub(crate) fn judge(self) -> Verdict {
        if self.0.is_empty() { Ok(()) } else { Err(Stop::Wrong(self.0.join("\n"))) }
    }
}

/// It has to hold.
pub(crate) fn ensure(holds: bool, otherwise: impl Into<String>) -> Verdict {
    if holds { Ok(()) } else { Err(Stop::Wrong(otherwise.into())) }
}
