//! The qualified zone: holds PIN slots, counters, SADs and the audit trail, and lets the HSM sign.
//!
//! One request walks `http` → [`service`] → the aggregates ([`credential`], [`sad`]) in the store and jobs for the
//! [`hsm`]. The signer knows nothing of passwords, tokens or accounts; the gateway, its only caller, knows nothing of
//! PIN slots. Start reading at [`service::Signer`].

pub mod audit;
pub mod ceremony;
pub mod certificate;
pub mod channel;
pub mod clients;
pub mod clock;
pub mod command;
pub mod config;

pub mod credential;
pub mod foreign;
pub mod hsm;
pub mod http;

pub mod key;
pub mod key_folder;
pub mod officers;
pub mod page;
pub mod pin;
pub mod sad;
pub mod service;
mod stay;
pub mod store;
pub mod totp;

/// What one process of the signer draws on beside store and HSM: chance. Passed in, so that tests are exact.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills the buffer with octets nobody can predict.
    fn fill(&self, octets: &mut [u8]);
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
    fn fill(&self, octets: &mut [u8]) {
        aws_lc_rs::rand::fill(octets).expect("the operating system gives randomness");
    }
}
