//! `SignedData` with one `SignerInfo`.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{AnyRef, Decode as _, Encode as _, Tag, Tagged as _};

use super::{Attribute, DATA, Error, algorithm, certificate, tlv};
use crate::{Around, Signatory};

pub(super) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `id-ri-ocsp-response` (RFC 5940, 2.2).
const OCSP_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.16.2");

/// What a `SignedData` is put together from; everything foreign is DER and stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Who signed; the whole chain goes into the signature.
    pub signatory: &'a Signatory,
    /// Type of the content, as it was prepared.
    pub content_type: ObjectIdentifier,
    /// The content, where the signature shall hold it.
    pub content: Option<&'a [u8]>,
    /// What [`super::prepare`] gave.
    pub attributes: &'a [u8],
    /// The signature value: RSA block, or ECDSA as DER.
    pub signature: &'a [u8],
    /// Further certificates: of those who answered for validity.
    pub certificates: &'a [Vec<u8>],
    /// `CertificateList`s.
    pub crls: &'a [Vec<u8>],
    /// `OCSPResponse`s.
    pub ocsp: &'a [Vec<u8>],
    /// Unsigned attributes.
    pub unsigned: &'a [Attribute],
}

/// The whole `ContentInfo`, DER.
///
/// # Errors
/// See [`Error`].
pub fn finish(signed: &Signed<'_>) -> Result<Vec<u8>, Error> {
    assemble(signed, &signed.signatory.chain)
}

/// The same without the signatory's certificates: a time-stamp for somebody who did not ask for them (RFC 3161, 2.4.1).
///
/// # Errors
/// See [`Error`].
pub fn finish_bare(signed: &Signed<'_>) -> Result<Vec<u8>, Error> {
    assemble(signed, &[])
}

/// What stands around a content of so many octets that is not here: for one that is too long to hold.
/// [`Signed::content`] is not looked at.
///
/// # Errors
/// See [`Error`]; a content that DER has no length for.
pub fn finish_around(signed: &Signed<'_>, length: u64) -> Result<Around, Error> {
    let length = usize::try_from(length).map_err(|_| Error::Der(der::ErrorKind::Overlength.into()))?;
    around(signed, &signed.signatory.chain, Some(length))
}

fn assemble(signed: &Signed<'_>, chain: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    Ok(around(signed, chain, signed.content.map(<[u8]>::len))?.filled(signed.content.unwrap_or_default()))
}

fn around(signed: &Signed<'_>, chain: &[Vec<u8>], content: Option<usize>) -> Result<Around, Error> {
    let after = [
        optional_set(0, certificates(signed, chain)?)?,
        optional_set(1, revocations(signed)?)?,
        tlv::of(Tag::Set, &[&signer_info(signed)?])?,
    ]
    .concat();
    // From the content outwards: each head says how much it has inside.
    let length = content.unwrap_or_default();
    let mut before = match content {
        Some(length) => tlv::head(Tag::OctetString, length)?,
        None => Vec::new(),
    };
    if content.is_some() {
        before = wrapped(tlv::context(0), before, length)?;
    }
    before = wrapped(Tag::Sequence, [signed.content_type.to_der()?, before].concat(), length)?;
    let algorithms = vec![algorithm::hash(signed.signatory.scheme.hash())?];
    before = [version(signed).to_der()?, tlv::set_of(Tag::Set, algorithms)?, before].concat();
    content_info(before, length, after)
}

/// A `ContentInfo` around the members of a `SignedData`: so many octets that are not here, and those before and behind.
pub(super) fn content_info(before: Vec<u8>, length: usize, after: Vec<u8>) -> Result<Around, Error> {
    let length = length + after.len();
    let signed = wrapped(Tag::Sequence, before, length)?;
    let content = wrapped(tlv::context(0), signed, length)?;
    let before = wrapped(Tag::Sequence, [SIGNED_DATA.to_der()?, content].concat(), length)?;
    Ok(Around { before, after })
}

/// The beginning of a value with this tag: so many octets follow that are not here.
fn wrapped(tag: Tag, inside: Vec<u8>, length: usize) -> Result<Vec<u8>, Error> {
    Ok([tlv::head(tag, inside.len() + length)?, inside].concat())
}

/// RFC 5652, 5.1: 5 with revocation data of another kind than CRLs, 3 with another content than octets.
pub(super) fn version(signed: &Signed<'_>) -> u8 {
    match signed {
        Signed { ocsp, .. } if !ocsp.is_empty() => 5,
        Signed { content_type, .. } if *content_type != DATA => 3,
        _ => 1,
    }
}

/// Every `CertificateChoices`, each once.
pub(super) fn certificates(signed: &Signed<'_>, chain: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Error> {
    distinct(chain.iter().chain(signed.certificates).cloned().collect())
}

/// Every `RevocationInfoChoice`, each once.
pub(super) fn revocations(signed: &Signed<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let ocsp = signed.ocsp.iter().map(|answer| ocsp_response(answer)).collect::<Result<Vec<_>, _>>()?;
    distinct(signed.crls.iter().cloned().chain(ocsp).collect())
}

fn distinct(mut members: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Error> {
    for member in &members {
        AnyRef::from_der(member)?;
    }
    members.sort_unstable();
    members.dedup();
    Ok(members)
}

/// A SET OF under `[number]`; nothing where there is no member.
pub(super) fn optional_set(number: u32, members: Vec<Vec<u8>>) -> Result<Vec<u8>, Error> {
    if members.is_empty() { Ok(Vec::new()) } else { tlv::set_of(tlv::context(number), members) }
}

/// `OtherRevocationInfoFormat` in its place among CRLs (RFC 5940, 2).
pub(super) fn ocsp_response(answer: &[u8]) -> Result<Vec<u8>, Error> {
    tlv::of(tlv::context(1), &[&OCSP_RESPONSE.to_der()?, answer])
}

pub(super) fn signer_info(signed: &Signed<'_>) -> Result<Vec<u8>, Error> {
    let unsigned = signed.unsigned.iter().map(Attribute::to_der).collect::<Result<_, _>>()?;
    tlv::sequence(&[&signer_fields(signed)?, &optional_set(1, unsigned)?])
}

/// The members of a `SignerInfo` up to the signature value, one after the other.
pub(super) fn signer_fields(signed: &Signed<'_>) -> Result<Vec<u8>, Error> {
    let signatory = signed.signatory;
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    let [issuer, serial] = certificate::issuer_and_serial(certificate)?;
    // The same octets as were signed, but for the first: [0] IMPLICIT in place of SET OF (RFC 5652, 5.4).
    let attributes = AnyRef::from_der(signed.attributes)?;
    attributes.tag().assert_eq(Tag::Set)?;
    Ok([
        1_u8.to_der()?,
        tlv::sequence(&[&issuer, &serial])?,
        algorithm::hash(signatory.scheme.hash())?,
        tlv::of(tlv::context(0), &[attributes.value()])?,
        algorithm::signature(signatory.scheme)?,
        OctetStringRef::new(signed.signature)?.to_der()?,
    ]
    .concat())
}
