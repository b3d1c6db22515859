//! Whether a time-stamp token is signed by who may stamp: judged before a token goes into a signature (RFC 3161, 2.3 and
//! 2.4.2). That its signer's certificate leads to an anchor is seen by [`super::path()`].

use der::asn1::{ObjectIdentifier, SetOfVec};
use der::{Any, AnyRef, Decode as _, Encode as _, Sequence, Tag};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::timestamp::{self, TST_INFO};
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::Subject;
use crate::cms;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It cannot be read.
    #[error("the time-stamp token cannot be read")]
    Malformed,
    /// The certificate that signed it is not there.
    #[error("the time-stamp token does not hold its signer's certificate")]
    NoCertificate,
    /// That certificate is not one for time-stamps alone.
    #[error("the time-stamp token's signer may not stamp")]
    Purpose,
    /// The signature is not good.
    #[error("the time-stamp token's signature is not good")]
    Signature,
}

impl From<der::Error> for Wrong {
    fn from(_: der::Error) -> Self {
        Self::Malformed
    }
}

/// The members of a `SignerInfo` that are read (RFC 5652, 5.3).
#[derive(Sequence)]
struct Signer {
    version: u8,
    sid: Sid,
    digest: AlgorithmIdentifierOwned,
    attributes: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: der::asn1::OctetString,
    #[asn1(optional = "true")]
    unsigned: Option<Any>,
}

/// `IssuerAndSerialNumber`.
#[derive(Sequence)]
struct Sid {
    issuer: Any,
    serial: Any,
}

/// A token that is signed by one who may stamp, whoever that is.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The certificate of who signed it.
    pub signer: Subject,
    /// Every certificate that it brings, readable or not, DER.
    pub brought: Vec<Vec<u8>>,
    /// `TSTInfo`, DER.
    info: Vec<u8>,
}

impl Stamp {
    /// Whether it is over this hash.
    #[must_use]
    pub fn is_over(&self, function: HashAlgorithm, hash: &[u8]) -> bool {
        timestamp::is_over(&self.info, function, hash)
    }
}

/// Judges a token. What it is over is another question: [`Stamp::is_over`].
///
/// # Errors
/// See [`Wrong`].
pub fn judge(token: &[u8]) -> Result<Stamp, Wrong> {
    let signed = second(token)?.value().to_vec();
    let members = members(&AnyRef::from_der(&signed)?)?;
    let content = members.get(2).ok_or(Wrong::Malformed)?;
    let content = AnyRef::from_der(second(content)?.value())?.value().to_vec();
    let infos = AnyRef::from_der(members.last().ok_or(Wrong::Malformed)?)?;
    let signer = Signer::from_der(infos.value())?;
    let brought = cms::token_certificates(token).map_err(|_| Wrong::Malformed)?;
    let certificate = brought.iter().filter_map(|der| Subject::read(der).ok()).find(|one| signer.sid.names(one));
    let certificate = certificate.ok_or(Wrong::NoCertificate)?;
    if !certificate.stamps_alone() {
        return Err(Wrong::Purpose);
    }
    signer.judge(&content, &certificate)?;
    Ok(Stamp { signer: certificate, brought, info: content })
}

impl Sid {
    fn names(&self, certificate: &Subject) -> bool {
        let tbs = certificate.certificate().tbs_certificate();
        let same = |own: &Any, other: der::Result<Vec<u8>>| own.to_der().ok() == other.ok();
        same(&self.issuer, tbs.issuer().to_der()) && same(&self.serial, tbs.serial_number().to_der())
    }
}

impl Signer {
    /// Over this content, by this certificate's key.
    fn judge(&self, content: &[u8], certificate: &Subject) -> Result<(), Wrong> {
        let function = HashAlgorithm::from_oid(self.digest.oid).ok_or(Wrong::Malformed)?;
        // Signed as SET OF, though it stands there under [0] (RFC 5652, 5.4).
        let octets = AnyRef::new(Tag::Set, self.attributes.value())?.to_der()?;
        let attributes = SetOfVec::<Attribute>::from_der(&octets)?;
        let value = |kind| {
            let mut found = attributes.iter().filter(|attribute| attribute.oid == kind);
            found.next().and_then(|attribute| attribute.values.get(0)).ok_or(Wrong::Malformed)
        };
        let kind: ObjectIdentifier = value(CONTENT_TYPE)?.decode_as().map_err(|_| Wrong::Malformed)?;
        let digest = value(MESSAGE_DIGEST)?.value();
        if kind != TST_INFO || digest != crate::digest(function, content) {
            return Err(Wrong::Signature);
        }
        // Some name the key's algorithm alone: then the hash function is the digest's.
        let good = certificate.signed(&self.algorithm, Some(function), &octets, self.signature.as_bytes());
        if good { Ok(()) } else { Err(Wrong::Signature) }
    }
}

/// The value in [0] that follows a type.
fn second(pair: &[u8]) -> Result<Any, Wrong> {
    let parts = members(&AnyRef::from_der(pair)?)?;
    Any::from_der(parts.get(1).ok_or(Wrong::Malformed)?).map_err(Wrong::from)
}

fn members(value: &AnyRef<'_>) -> Result<Vec<Vec<u8>>, Wrong> {
    let mut rest = value.value();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (member, left) = AnyRef::from_der_partial(rest)?;
        members.push(member.to_der()?);
        rest = left;
    }
    Ok(members)
}

#[cfg(test)]
#[path = "stamp_tests.rs"]
mod tests;
