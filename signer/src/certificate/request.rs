//! PKCS#10 requests (RFC 2986): the proof that the key for a certificate is held.

use rsign_api::signer::Subject;
use x509_cert::request::{CertReqInfo, Version};

use super::{Error, ToBeSigned, Verifier, name, own_scheme, spki};

/// A request for this subject and key, to be signed with that key.
///
/// It has no attributes: what the certificate says beyond name and key is the CA's profile, not the applicant's wish.
pub fn request(subject: &Subject, spki: &[u8]) -> Result<ToBeSigned, Error> {
    let (key, public_key) = spki::parse(spki)?;
    let info = CertReqInfo {
        version: Version::V1,
        subject: name::subject(subject)?,
        public_key,
        attributes: Default::default(),
    };
    ToBeSigned::new(&info, &Verifier::new(spki, own_scheme(key))?)
}
