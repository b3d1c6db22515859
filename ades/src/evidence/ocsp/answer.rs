//! Answers of one's own: what is signed, and what is put around it.

use std::time::Duration;

use der::asn1::{GeneralizedTime, OctetString, OctetStringRef};
use der::{Any, AnyRef, Encode as _, Tag, TagNumber};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;

use super::Name;
use super::message::{BASIC, Body, NONCE, Response, ResponseBytes, Single, Status};
use crate::evidence::algorithm;

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was issued, and is not revoked.
    Good,
    /// It is revoked, since this Unix second.
    Revoked {
        /// Since when.
        at: u64,
        /// Why.
        reason: CrlReason,
    },
    /// It was not issued here.
    Unknown,
}

/// One word of an answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// About whom.
    pub name: Name,
    /// What.
    pub standing: Standing,
}

/// `ResponseData`, DER: what the responder, known by its public key, signs. Valid from `now` for `life` seconds.
///
/// # Errors
/// What DER cannot say.
pub fn to_be_signed(
    key: &[u8],
    answered: &[Answered],
    nonce: Option<&[u8]>,
    now: u64,
    life: u64,
) -> der::Result<Vec<u8>> {
    let responses = answered.iter().map(|one| single(one, now, life)).collect::<der::Result<Vec<_>>>()?;
    let extension = |nonce| -> der::Result<Extension> {
        let value = OctetString::new(OctetStringRef::new(nonce)?.to_der()?)?;
        Ok(Extension { extn_id: NONCE, critical: false, extn_value: value })
    };
    let hash = algorithm::hash(algorithm::SHA1, key).unwrap_or_default();
    let body = Body {
        version: None,
        responder: Any::new(context(2, true), OctetStringRef::new(&hash)?.to_der()?)?,
        produced: time(now)?,
        responses,
        extensions: nonce.map(|nonce| Ok::<_, der::Error>(vec![extension(nonce)?])).transpose()?,
    };
    body.to_der()
}

fn single(answered: &Answered, now: u64, life: u64) -> der::Result<Single> {
    let status = match answered.standing {
        Standing::Good => Any::new(context(0, false), Vec::new())?,
        Standing::Unknown => Any::new(context(2, false), Vec::new())?,
        Standing::Revoked { at, reason } => {
            let reason = AnyRef::new(context(0, true), &reason.to_der()?)?.to_der()?;
            Any::new(context(1, true), [time(at)?.to_der()?, reason].concat())?
        }
    };
    let until = Some(time(now + life)?);
    Ok(Single { certificate: answered.name.write()?, status, since: time(now)?, until, extensions: None })
}

/// The `OCSPResponse` around a `BasicOCSPResponse`.
///
/// # Errors
/// What DER cannot say.
pub fn successful(basic: Vec<u8>) -> der::Result<Vec<u8>> {
    let bytes = ResponseBytes { kind: BASIC, response: OctetString::new(basic)? };
    Response { status: Status::Successful, bytes: Some(bytes) }.to_der()
}

/// The `OCSPResponse` that has no answer.
#[must_use]
pub fn refusal(status: Status) -> Vec<u8> {
    // SEQUENCE { ENUMERATED }.
    vec![0x30, 3, 0x0a, 1, status as u8]
}

fn time(second: u64) -> der::Result<GeneralizedTime> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(second))
}

const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}
