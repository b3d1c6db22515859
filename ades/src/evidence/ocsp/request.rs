//! Requests: one's own, and those of strangers.

use der::asn1::OctetStringRef;
use der::{Decode as _, Encode as _};

use super::Name;
use super::message::{NONCE, One, Request, RequestBody};

/// Certificates that one request may be about.
const MOST: usize = 8;
/// Longest nonce (RFC 9654, 2.1).
const LONGEST_NONCE: usize = 128;

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// About whom, at least one.
    pub names: Vec<Name>,
    /// What the answer must repeat: the octets that came, without the head of their OCTET STRING.
    pub nonce: Option<Vec<u8>>,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    /// When it is none, about nobody or too many, or has a nonce of a length that none has.
    pub fn read(octets: &[u8]) -> der::Result<Self> {
        let request = Request::from_der(octets)?;
        let failed = || der::Error::from(der::ErrorKind::Failed);
        if request.body.list.is_empty() || request.body.list.len() > MOST {
            return Err(failed());
        }
        let mut extensions = request.body.extensions.iter().flatten();
        let nonce = extensions.find(|extension| extension.extn_id == NONCE).map(|extension| {
            let octets = extension.extn_value.as_bytes();
            // Old clients leave the OCTET STRING inside out.
            let nonce = <&OctetStringRef>::from_der(octets).map_or(octets, OctetStringRef::as_bytes);
            if (1..=LONGEST_NONCE).contains(&nonce.len()) { Ok(nonce.to_vec()) } else { Err(failed()) }
        });
        let names = request.body.list.iter().map(|one| Name::read(&one.certificate)).collect();
        Ok(Self { names, nonce: nonce.transpose()? })
    }
}

/// A request about one certificate, without a nonce, which most responders would not repeat.
///
/// # Errors
/// What DER cannot say.
pub fn request(name: &Name) -> der::Result<Vec<u8>> {
    let one = One { certificate: name.write()?, extensions: None };
    let body = RequestBody { version: None, requestor: None, list: vec![one], extensions: None };
    Request { body, signature: None }.to_der()
}
