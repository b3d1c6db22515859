//! Public keys, names, requests, certificates and revocation lists as octets.
//!
//! Everything here is a pure function: no HSM, no store, no clock. What has to be signed is handed out as a
//! [`ToBeSigned`]; the caller signs its digest in the HSM and gives the signature back, and it is verified before
//! it becomes part of anything. Start reading at [`Authority`] for the built-in CA, at [`Verifier`] for the check
//! that every signature passes before it is released.
//!
//! x509-cert keeps the fields of its `TbsCertificate` private and its `builder` feature would want to own the key,
//! so [`issue`] has a type of its own; requests and revocation lists are the crate's.

mod authority;
mod crl;
mod error;
mod extension;
mod issue;
pub mod name;
mod ocsp;
mod qc;
mod read;
mod request;
mod signed;
pub mod spki;
mod time;
mod verify;

#[cfg(test)]
mod tests;

pub use authority::Authority;
pub use crl::{RevocationList, Revoked};
pub use error::Error;
pub use extension::is_location;
pub use issue::{EndEntity, Profile, ServiceEntity, self_signed};
pub use ocsp::Responder;
pub use qc::{PdsLocation, QcStatements};
pub use read::Certificate;
pub use request::request;
pub use signed::{ToBeSigned, own_scheme};
pub use time::Validity;
pub use verify::{Verifier, verify};
pub use x509_cert::ext::pkix::CrlReason;
