//! Time-stamp tokens of others: what is inside, and one more attribute, all else octet by octet as it came.

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode as _, Tag, Tagged as _};

use super::{Attribute, Error, tlv};

/// The certificates that a token brings along, DER.
///
/// # Errors
/// When it is no DER of a `SignedData`.
pub fn certificates(token: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let (_, signed) = signed_data(token)?;
    let found = tlv::members(signed)?.into_iter().find(|member| member.first() == Some(&0xa0));
    let members = found.map(tlv::members).transpose()?.unwrap_or_default();
    Ok(members.into_iter().map(<[u8]>::to_vec).collect())
}

/// The same token with one more unsigned attribute of its only signer.
pub(super) fn with_unsigned(token: &[u8], attribute: &Attribute) -> Result<Vec<u8>, Error> {
    let (kind, signed) = signed_data(token)?;
    let mut members = tlv::members(signed)?;
    let infos = members.pop().ok_or_else(malformed)?;
    AnyRef::from_der(infos)?.tag().assert_eq(Tag::Set)?;
    let [info] = tlv::members(infos)?[..] else { return Err(malformed()) };
    let mut fields = tlv::members(info)?;
    let mut unsigned = match fields.last() {
        Some(last) if last.first() == Some(&0xa1) => tlv::members(fields.pop().unwrap_or_default())?,
        _ => Vec::new(),
    };
    let attribute = attribute.to_der()?;
    unsigned.push(&attribute);
    let unsigned = tlv::set_of(tlv::context(1), unsigned.into_iter().map(<[u8]>::to_vec).collect())?;
    fields.push(&unsigned);
    let infos = tlv::of(Tag::Set, &[&tlv::sequence(&fields)?])?;
    members.push(&infos);
    tlv::sequence(&[kind, &tlv::of(tlv::context(0), &[&tlv::sequence(&members)?])?])
}

/// The value of an unsigned attribute of its only signer.
pub(super) fn unsigned(token: &[u8], kind: ObjectIdentifier) -> Result<Option<Vec<u8>>, Error> {
    let (_, signed) = signed_data(token)?;
    let [info] = tlv::members(tlv::members(signed)?.last().ok_or_else(malformed)?)?[..] else {
        return Err(malformed());
    };
    let fields = tlv::members(info)?;
    let Some(unsigned) = fields.last().filter(|last| last.first() == Some(&0xa1)) else { return Ok(None) };
    for attribute in tlv::members(unsigned)? {
        let [named, values] = tlv::members(attribute)?[..] else { return Err(malformed()) };
        if ObjectIdentifier::from_der(named)? == kind {
            let [value] = tlv::members(values)?[..] else { return Err(malformed()) };
            return Ok(Some(value.to_vec()));
        }
    }
    Ok(None)
}

/// `genTime`, as its GeneralizedTime is written: of two tokens the later one is greater, to the second.
pub(super) fn time(token: &[u8]) -> Result<Vec<u8>, Error> {
    let (_, signed) = signed_data(token)?;
    let members = tlv::members(signed)?;
    let [_, content] = tlv::members(members.get(2).ok_or_else(malformed)?)?[..] else { return Err(malformed()) };
    let [octets] = tlv::members(content)?[..] else { return Err(malformed()) };
    let info = tlv::members(AnyRef::from_der(octets)?.value())?;
    let time = AnyRef::from_der(info.get(4).ok_or_else(malformed)?)?;
    time.tag().assert_eq(Tag::GeneralizedTime)?;
    Ok(time.value().get(..14).ok_or_else(malformed)?.to_vec())
}

/// The type of a `ContentInfo`, and the `SignedData` in it.
pub(super) fn signed_data(token: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let [kind, content] = tlv::members(token)?[..] else { return Err(malformed()) };
    let [signed] = tlv::members(content)?[..] else { return Err(malformed()) };
    Ok((kind, signed))
}

fn malformed() -> Error {
    Error::Der(der::ErrorKind::Failed.into())
}
