//! `archive-time-stamp-v3` (EN 319 122-1, 5.5.3): a time-stamp on all that a signature consists of, content included.

use der::Encode as _;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use rsign_api::algorithm::HashAlgorithm;

use super::{Attribute, Error, Signed, algorithm, signed_data, tlv, token};
use crate::digest;

pub(super) const ARCHIVE_TIME_STAMP_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1733.2.4");
pub(super) const ATS_HASH_INDEX_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19122.1.5");

/// What an archive time-stamp is asked for, and what goes into its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The hash function of the imprint.
    pub function: HashAlgorithm,
    /// What the token is to be over.
    pub imprint: Vec<u8>,
    /// `ATSHashIndexV3`, DER.
    pub(super) index: Vec<u8>,
}

/// What an archive time-stamp is over, each part as it is encoded.
pub(super) struct Parts<'a> {
    pub(super) function: HashAlgorithm,
    /// Type of the content.
    pub(super) content_type: &'a [u8],
    /// The content's digest, by that function.
    pub(super) content: &'a [u8],
    /// Members of the `SignerInfo` up to the signature value.
    pub(super) fields: &'a [u8],
    pub(super) certificates: &'a [Vec<u8>],
    pub(super) revocations: &'a [Vec<u8>],
    /// Of every value of an unsigned attribute: type and value, one after the other.
    pub(super) unsigned: &'a [Vec<u8>],
}

impl Archive {
    /// Of a signature with all it will hold but this time-stamp. `content` is the digest of what is signed, by the hash
    /// function of the signatory's scheme.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn prepare(signed: &Signed<'_>, content: &[u8]) -> Result<Self, Error> {
        let unsigned = signed.unsigned.iter().map(|attribute| {
            let octets = [attribute.r#type.to_der()?, attribute.value.clone()].concat();
            Ok::<_, Error>(octets)
        });
        Self::over(&Parts {
            function: signed.signatory.scheme.hash(),
            content_type: &signed.content_type.to_der()?,
            content,
            fields: &signed_data::signer_fields(signed)?,
            certificates: &signed_data::certificates(signed, &signed.signatory.chain)?,
            revocations: &signed_data::revocations(signed)?,
            unsigned: &unsigned.collect::<Result<Vec<_>, _>>()?,
        })
    }

    pub(super) fn over(parts: &Parts<'_>) -> Result<Self, Error> {
        let function = parts.function;
        if parts.content.len() != function.len() {
            return Err(Error::Digest);
        }
        // `ATSHashIndexV3` (5.5.2): the hash of every certificate, of every piece of revocation data and of every value of
        // an unsigned attribute.
        let index = tlv::sequence(&[
            &algorithm::hash(function)?,
            &hashes(function, parts.certificates)?,
            &hashes(function, parts.revocations)?,
            &hashes(function, parts.unsigned)?,
        ])?;
        let over = [parts.content_type, parts.content, parts.fields, &index].concat();
        Ok(Self { function, imprint: digest(function, &over), index })
    }

    /// The unsigned attribute: the token, its own unsigned attributes completed by the index.
    ///
    /// # Errors
    /// When the token is not DER of a time-stamp.
    pub fn attribute(&self, token: &[u8]) -> Result<Attribute, Error> {
        let index = Attribute { r#type: ATS_HASH_INDEX_V3, value: self.index.clone() };
        Attribute::raw(ARCHIVE_TIME_STAMP_V3, token::with_unsigned(token, &index)?)
    }
}

/// SEQUENCE OF OCTET STRING.
fn hashes(function: HashAlgorithm, values: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let mut members = Vec::with_capacity(values.len());
    for value in values {
        members.push(OctetStringRef::new(&digest(function, value))?.to_der()?);
    }
    let members: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    tlv::sequence(&members)
}
