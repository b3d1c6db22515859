//! Whether a time-stamp token is signed by who may stamp: judged before a token goes into a signature (RFC 3161, 2.3 and
//! 2.4.2). That its signer's certificate leads to an anchor is seen by [`super::path()`].

use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, AnyRef, Decode as _, Encode as _, Sequence, Tag, TagNumber, Tagged as _};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::timestamp::{self, SIGNED_DATA, TST_INFO};
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{SKEW, Subject, algorithm};
use crate::cms;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// `signing-certificate` (RFC 2634, 5.4), by SHA-1, and `signing-certificate-v2` (RFC 5035, 3).
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

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
    /// What is signed does not say by which certificate.
    #[error("the time-stamp token names another certificate than its signer's")]
    Binding,
    /// It was made when its signer's certificate was not valid; or is new, and its time is not now.
    #[error("the time-stamp token has a time that cannot be")]
    Time,
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
    signature: OctetString,
    #[asn1(optional = "true")]
    unsigned: Option<Any>,
}

/// `IssuerAndSerialNumber`.
#[derive(Sequence)]
struct Sid {
    issuer: Any,
    serial: Any,
}

/// `SigningCertificate` and `SigningCertificateV2`: the first of them is the signer's.
#[derive(Sequence)]
struct Named {
    certificates: Vec<CertId>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

/// `ESSCertID` and `ESSCertIDv2`.
#[derive(Sequence)]
struct CertId {
    #[asn1(optional = "true")]
    function: Option<AlgorithmIdentifierOwned>,
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer: Option<Sid>,
}

/// A token that is signed by one who may stamp, whoever that is.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The certificate of who signed it.
    pub signer: Subject,
    /// Every certificate that it brings, readable or not, DER.
    pub brought: Vec<Vec<u8>>,
    /// When it was made, Unix seconds.
    pub at: u64,
    /// `TSTInfo`, DER.
    info: Vec<u8>,
}

impl Stamp {
    /// Whether it was made just now: of one that was asked for a moment ago.
    #[must_use]
    pub const fn is_fresh(&self, now: u64) -> bool {
        self.at.abs_diff(now) <= SKEW
    }
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
    let signed = content(token, SIGNED_DATA)?;
    let members = members(&AnyRef::from_der(&signed)?)?;
    let encapsulated = members.get(2).ok_or(Wrong::Malformed)?;
    let info = OctetString::from_der(&content(encapsulated, TST_INFO)?)?.as_bytes().to_vec();
    let infos = AnyRef::from_der(members.last().ok_or(Wrong::Malformed)?)?;
    infos.tag().assert_eq(Tag::Set)?;
    // One and no other (RFC 3161, 2.4.2).
    let signer = Signer::from_der(infos.value())?;
    let brought = cms::token_certificates(token).map_err(|_| Wrong::Malformed)?;
    let certificate = brought.iter().filter_map(|der| Subject::read(der).ok()).find(|one| signer.sid.names(one));
    let certificate = certificate.ok_or(Wrong::NoCertificate)?;
    if !certificate.stamps_alone() {
        return Err(Wrong::Purpose);
    }
    signer.judge(&info, &certificate)?;
    let at = timestamp::time(&info).map_err(|_| Wrong::Malformed)?;
    if !certificate.is_valid_at(at) {
        return Err(Wrong::Time);
    }
    Ok(Stamp { signer: certificate, brought, at, info })
}

impl CertId {
    /// Whether it names this certificate; by this hash function, if it says none.
    fn names(&self, certificate: &Subject, function: ObjectIdentifier) -> bool {
        let function = self.function.as_ref().map_or(function, |function| function.oid);
        let serial = certificate.certificate().tbs_certificate().serial_number().to_der();
        algorithm::hash(function, &certificate.der).is_some_and(|hash| hash == self.hash.as_bytes())
            && self.issuer.as_ref().is_none_or(|issuer| issuer.serial.to_der() == serial)
    }
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
        self.attributes.tag().assert_eq(within(0))?;
        // Signed as SET OF, though it stands there under [0] (RFC 5652, 5.4).
        let octets = AnyRef::new(Tag::Set, self.attributes.value())?.to_der()?;
        let attributes = SetOfVec::<Attribute>::from_der(&octets)?;
        if self.unsigned.as_ref().is_some_and(|unsigned| unsigned.tag() != within(1)) {
            return Err(Wrong::Malformed);
        }
        let kind = value(&attributes, CONTENT_TYPE)?.ok_or(Wrong::Malformed)?;
        let kind: ObjectIdentifier = kind.decode_as()?;
        let digest = value(&attributes, MESSAGE_DIGEST)?.ok_or(Wrong::Malformed)?;
        let digest: OctetString = digest.decode_as()?;
        if kind != TST_INFO || digest.as_bytes() != crate::digest(function, content) {
            return Err(Wrong::Signature);
        }
        let names = [(SIGNING_CERTIFICATE, algorithm::SHA1), (SIGNING_CERTIFICATE_V2, HashAlgorithm::Sha256.oid())];
        let mut bound = false;
        for (kind, function) in names {
            let Some(named) = value(&attributes, kind)? else { continue };
            let named: Named = named.decode_as()?;
            bound = named.certificates.first().is_some_and(|first| first.names(certificate, function));
            if !bound {
                break;
            }
        }
        if !bound {
            return Err(Wrong::Binding);
        }
        // Some name the key's algorithm alone: then the hash function is the digest's.
        let good = certificate.signed(&self.algorithm, Some(function), &octets, self.signature.as_bytes());
        if good { Ok(()) } else { Err(Wrong::Signature) }
    }
}

/// The only value of the only attribute of this kind, if there is one.
fn value(attributes: &SetOfVec<Attribute>, kind: ObjectIdentifier) -> Result<Option<&Any>, Wrong> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == kind);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) if one.values.len() == 1 => Ok(one.values.get(0)),
        _ => Err(Wrong::Malformed),
    }
}

/// The value in [0] that follows this type.
fn content(pair: &[u8], wanted: ObjectIdentifier) -> Result<Vec<u8>, Wrong> {
    let parts = members(&AnyRef::from_der(pair)?)?;
    let [kind, value] = &parts[..] else { return Err(Wrong::Malformed) };
    let value = AnyRef::from_der(value)?;
    value.tag().assert_eq(within(0))?;
    if ObjectIdentifier::from_der(kind)? != wanted {
        return Err(Wrong::Malformed);
    }
    Ok(value.value().to_vec())
}

const fn within(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
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
