//! What shows that a certificate was good when it was used: issuers up to an anchor, CRLs (RFC 5280), OCSP answers
//! (RFC 6960) and time-stamp tokens (RFC 3161). All of it is judged before it enters a signature, by whoever fetched it and
//! again by whoever puts it in; everything is read here and nothing written anew.
//!
//! [`Subject`] is a certificate; [`path`] leads from it to an anchor; [`crl::judge`] and [`ocsp::judge`] say whether it
//! stands; [`stamp::judge`] reads a token; [`judge`] goes through all that a document is to hold.

pub(crate) mod algorithm;
pub mod crl;
pub mod ocsp;
mod path;
mod policy;
mod set;
pub mod stamp;
mod subject;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use path::path;
pub use set::{Flaw, judge};
pub use subject::Subject;

/// How far clocks may differ, seconds.
const SKEW: u64 = 300;

/// What a validator will need besides its roots, each DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Certificates of the signers, of time-stamp services and of OCSP responders, and those of their issuers.
    pub certificates: Vec<Vec<u8>>,
    /// OCSP answers (`OCSPResponse`).
    pub ocsp: Vec<Vec<u8>>,
    /// CRLs.
    pub crls: Vec<Vec<u8>>,
}

/// Why a CRL or an OCSP answer shows nothing of a certificate, or the contrary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It cannot be read, or is of a kind that is not read here.
    #[error("the revocation data cannot be read")]
    Malformed,
    /// Somebody else's, or about somebody else.
    #[error("the revocation data is not of its issuer, or not about it")]
    Foreign,
    /// Not signed by who may.
    #[error("the revocation data's signature is not good")]
    Signature,
    /// Not valid yet, or no more.
    #[error("the revocation data is out of date")]
    Stale,
    /// The responder has no word on it.
    #[error("the OCSP responder gives no word on the certificate")]
    Unknown,
    /// It shows that the certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
}

/// The octets that are signed of a certificate, CRL or OCSP answer, as they came.
fn to_be_signed(whole: &[u8]) -> der::Result<Vec<u8>> {
    use der::{AnyRef, Decode as _, Encode as _};
    let (first, _) = AnyRef::from_der_partial(AnyRef::from_der(whole)?.value())?;
    first.to_der()
}
