//! A black-box check of any CSC service, v1 and v2 (Cloud Signature Consortium API 1.0.4.0 and 2.0.0.2).
//!
//! [`checks::CHECKS`] is the whole list. [`Profile`] says how to get in, [`run`] tries every check against the service
//! and gives a [`Report`], which [`report`] writes as text, JSON, JUnit or one HTML page.

mod algorithm;
pub mod check;
pub mod checks;
mod known;
mod profile;
mod ready;
pub mod report;
mod run;
mod session;
mod verify;

pub use known::{Error as KnownError, Known};
pub use profile::{Client, Credential, Error as ProfileError, Lifecycle, Login, Profile, Secret, Token};
pub use report::{Finding, Outcome, Report, Service, Verdict};
pub use run::{Error, Options, Progress, run};
pub use session::Exchange;
