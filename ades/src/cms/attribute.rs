//! Attributes, signed and unsigned, each with one value.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::asn1::{GeneralizedTime, ObjectIdentifier, OctetStringRef, UtcTime};
use der::{AnyRef, Decode as _, Encode as _, Tag};
use rsign_api::algorithm::HashAlgorithm;

use super::{Error, algorithm, tlv};
use crate::digest;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SIGNATURE_TIME_STAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// The first second that UTCTime cannot say: 2050-01-01 (RFC 5652, 11.3).
const BEYOND_UTC_TIME: Duration = Duration::from_secs(2_524_608_000);

/// An attribute with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Which.
    pub r#type: ObjectIdentifier,
    /// The value, DER.
    pub value: Vec<u8>,
}

impl Attribute {
    /// Of a value that came encoded; it stays as it is.
    ///
    /// # Errors
    /// When it is no single DER value.
    pub fn raw(r#type: ObjectIdentifier, value: Vec<u8>) -> Result<Self, Error> {
        AnyRef::from_der(&value)?;
        Ok(Self { r#type, value })
    }

    /// `content-type` (RFC 5652, 11.1).
    pub(super) fn content_type(content: ObjectIdentifier) -> Result<Self, Error> {
        Ok(Self { r#type: CONTENT_TYPE, value: content.to_der()? })
    }

    /// `message-digest` (RFC 5652, 11.2).
    pub(super) fn message_digest(digest: &[u8]) -> Result<Self, Error> {
        Ok(Self { r#type: MESSAGE_DIGEST, value: OctetStringRef::new(digest)?.to_der()? })
    }

    /// `signing-time` (RFC 5652, 11.3): UTCTime through 2049, then GeneralizedTime, both to the second.
    pub(super) fn signing_time(time: SystemTime) -> Result<Self, Error> {
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| Error::Time)?;
        let value = if since < BEYOND_UTC_TIME {
            UtcTime::from_unix_duration(since)?.to_der()?
        } else {
            GeneralizedTime::from_unix_duration(since)?.to_der()?
        };
        Ok(Self { r#type: SIGNING_TIME, value })
    }

    /// `signing-certificate-v2` (RFC 5035, 3) with the signer's certificate alone, named by its hash. SHA-256 is the
    /// default of `hashAlgorithm`, so DER wants it left out.
    pub(super) fn signing_certificate(hash: HashAlgorithm, certificate: &[u8]) -> Result<Self, Error> {
        let named = match hash {
            HashAlgorithm::Sha256 => Vec::new(),
            other => algorithm::hash(other)?,
        };
        let of = OctetStringRef::new(&digest(hash, certificate))?.to_der()?;
        let id = tlv::sequence(&[&named, &of])?;
        let value = tlv::sequence(&[&tlv::sequence(&[&id])?])?;
        Ok(Self { r#type: SIGNING_CERTIFICATE_V2, value })
    }

    /// Unsigned `signature-time-stamp` (EN 319 122-1, 5.3) with this `TimeStampToken`.
    ///
    /// # Errors
    /// When it is no DER value.
    pub fn signature_time_stamp(token: Vec<u8>) -> Result<Self, Error> {
        Self::raw(SIGNATURE_TIME_STAMP, token)
    }

    /// The whole attribute.
    pub(super) fn to_der(&self) -> Result<Vec<u8>, Error> {
        tlv::sequence(&[&self.r#type.to_der()?, &tlv::of(Tag::Set, &[&self.value])?])
    }
}
