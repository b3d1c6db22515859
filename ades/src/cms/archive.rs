//! `archive-time-stamp-v3` (EN 319 122-1, 5.5.3): a time-stamp on all that a signature consists of, content included.

use der::Encode as _;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use rsign_api::algorithm::HashAlgorithm;

use super::{Attribute, Error, Signed, algorithm, signed_data, tlv, token};
use crate::digest;

const ARCHIVE_TIME_STAMP_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1733.2.4");
const ATS_HASH_INDEX_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19122.1.5");

/// What an archive time-stamp is asked for, and what goes into its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// What the token is to be over, by the hash function of the signatory's scheme.
    pub imprint: Vec<u8>,
    /// `ATSHashIndexV3`, DER.
    index: Vec<u8>,
}

impl Archive {
    /// Of a signature with all it will hold but this time-stamp. `content` is the digest of what is signed, by the hash
    /// function of the signatory's scheme.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn prepare(signed: &Signed<'_>, content: &[u8]) -> Result<Self, Error> {
        let function = signed.signatory.scheme.hash();
        if content.len() != function.len() {
            return Err(Error::Digest);
        }
        let index = index(signed, function)?;
        let over =
            [signed.content_type.to_der()?, content.to_vec(), signed_data::signer_fields(signed)?, index.clone()];
        Ok(Self { imprint: digest(function, &over.concat()), index })
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

/// `ATSHashIndexV3` (5.5.2): the hash of every certificate, of every piece of revocation data and of every value of an
/// unsigned attribute, type and value together.
fn index(signed: &Signed<'_>, function: HashAlgorithm) -> Result<Vec<u8>, Error> {
    let certificates = signed_data::certificates(signed, &signed.signatory.chain)?;
    let revocations = signed_data::revocations(signed)?;
    let unsigned = signed.unsigned.iter().map(|attribute| {
        let octets = [attribute.r#type.to_der()?, attribute.value.clone()].concat();
        Ok::<_, Error>(octets)
    });
    tlv::sequence(&[
        &algorithm::hash(function)?,
        &hashes(function, &certificates)?,
        &hashes(function, &revocations)?,
        &hashes(function, &unsigned.collect::<Result<Vec<_>, _>>()?)?,
    ])
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
