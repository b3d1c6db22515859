//! Tokens, workers, children and an independent verifier for the tests.

pub(crate) mod child;
mod key;
mod kind;
mod officer;
mod openssl;
mod served;
mod token;
mod worker;

pub(crate) use key::{Made, digest, key_of_ann, opener, random};
pub(crate) use kind::Kind;
pub(crate) use officer::{EC, Officer, Officers, RSA};
pub(crate) use openssl::Openssl;
pub(crate) use served::{Served, certify};
pub(crate) use token::{SIGNER, TestToken};
pub(crate) use worker::Workers;

use std::time::Duration;

/// Long enough for anything on a slow machine; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What must not hang.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("hangs")
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !so() {
        assert!(tokio::time::Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
