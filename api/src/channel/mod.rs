//! RCH1, the end-to-end channel between a user's device and the signer (DESIGN 5; security.md 3, whose clauses the
//! comments here cite): both ends, without I/O, clock or random source. Time, random octets and the identity
//! signature are passed in.
//!
//! * [`client`] and [`server`] are the two state machines: start reading there. Every step consumes the state before
//!   it, so a failure leaves nothing to go on with and a second request cannot be sent before the answer.
//! * [`context`] says what a session is for, [`body`] what its records say, [`list`] what a user approves.
//! * [`hello`], `schedule` and `record` are octets: the handshake, its keys, what travels after it.
//! * [`wire`] is how all that is carried in JSON.
//!
//! The suite is fixed: P-256, ECDSA with SHA-256, HKDF-SHA-256, AES-256-CTR, HMAC-SHA-256. All integers are big-endian;
//! `lp(x)` is x behind its length in two octets.

pub mod body;
pub mod client;
pub mod context;
pub mod hello;
pub mod identity;
mod life;
pub mod list;
mod octets;
pub mod operation;
pub mod record;
mod schedule;
mod secret;
pub mod server;
mod session;
#[cfg(test)]
mod tests;
mod tlv;
pub mod wire;

pub use operation::Operation;
pub use secret::{Ephemeral, Secret};

/// The first four octets of every message.
const MAGIC: [u8; 4] = *b"RCH1";
/// Suite 1: P-256, ECDSA-P256-SHA256, HKDF-SHA-256, AES-256-CTR, HMAC-SHA-256. There is no negotiation.
const SUITE: u8 = 1;

/// Most seconds from ServerHello to the end of a session.
pub const MAX_LIFE: u64 = 300;
/// Most seconds between an answer (or the ServerHello) and the next request; not after an enrolment or a factor begun,
/// whose owner has the rest of the session to write a PIN down or set up an app.
pub const MAX_IDLE: u64 = 60;
/// Most records of a session, requests and answers together: 16 of each.
pub const MAX_RECORDS: u64 = 32;

/// The channel failed, and the session with it. There is only this one error, so that nobody learns from it which
/// check it was (3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the channel failed")]
pub struct Failure;
