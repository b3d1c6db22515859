//! Time-stamps (RFC 3161): what goes to a TSA and what comes back. Answers are read only as far as they are judged: a
//! TSA may put into its certificates and attributes what it likes.

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier, OctetString, OctetStringRef, Uint};
use der::{Decode, Encode as _, Reader as _, Sequence, Tag, TagNumber, Tagged as _};
use spki::AlgorithmIdentifierOwned;

use crate::algorithm::HashAlgorithm;

/// `id-ct-TSTInfo`.
pub const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// `id-signedData`.
pub const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// Media type of a request over HTTP (RFC 3161, 3.4).
pub const QUERY: &str = "application/timestamp-query";
/// Media type of an answer.
pub const REPLY: &str = "application/timestamp-reply";

/// Longest token that is taken into a signature, octets: so much room is left for it in PDFs. With its certificates one has
/// some thousand.
pub const LONGEST: usize = 10 << 10;

/// What is stamped.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct MessageImprint {
    /// The hash function.
    pub hash_algorithm: AlgorithmIdentifierOwned,
    /// The hash.
    pub hashed_message: OctetString,
}

impl MessageImprint {
    /// Of this hash; parameters are absent (RFC 5754, 2).
    ///
    /// # Errors
    /// A hash longer than DER can say.
    pub fn new(algorithm: HashAlgorithm, hash: &[u8]) -> der::Result<Self> {
        Ok(Self {
            hash_algorithm: AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None },
            hashed_message: OctetString::new(hash)?,
        })
    }

    /// Whether both say the same; NULL and absent parameters are the same.
    fn is(&self, other: &Self) -> bool {
        self.hash_algorithm.oid == other.hash_algorithm.oid && self.hashed_message == other.hashed_message
    }
}

/// `TimeStampReq`, version 1, without extensions.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct Query {
    /// 1.
    pub version: u8,
    /// What is to be stamped.
    pub message_imprint: MessageImprint,
    /// Which policy is wanted; any where absent.
    #[asn1(optional = "true")]
    pub policy: Option<ObjectIdentifier>,
    /// Comes back in the token.
    #[asn1(optional = "true")]
    pub nonce: Option<Uint>,
    /// Whether the token shall hold the TSA's certificate.
    #[asn1(default = "no")]
    pub certificate: bool,
}

const fn no() -> bool {
    false
}

impl Query {
    /// For a stamp on this hash, with the TSA's certificate.
    ///
    /// # Errors
    /// What DER cannot say.
    pub fn new(algorithm: HashAlgorithm, hash: &[u8], nonce: &[u8]) -> der::Result<Self> {
        Ok(Self {
            version: 1,
            message_imprint: MessageImprint::new(algorithm, hash)?,
            policy: None,
            nonce: Some(Uint::new(nonce)?),
            certificate: true,
        })
    }
}

/// Bits of `PKIFailureInfo` that say nothing of the request.
const TIME_NOT_AVAILABLE: usize = 14;
const SYSTEM_FAILURE: usize = 25;

/// Why an answer is no stamp on what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No `TimeStampResp`, or no token where one must be.
    #[error("the TSA's answer is malformed: {0}")]
    Malformed(der::Error),
    /// `PKIStatus` other than granted, for this request.
    #[error("the TSA refused with status {0}")]
    Refused(u32),
    /// `PKIStatus` other than granted, for any request: it has no time, or is out of order (RFC 3161, 2.4.2).
    #[error("the TSA cannot stamp now, and refused with status {0}")]
    Unable(u32),
    /// The token is not about what was asked.
    #[error("the time-stamp token has another {0}")]
    Foreign(&'static str),
    /// What is said in the token must not be believed without something that is not understood here.
    #[error("the time-stamp token has a critical extension")]
    Critical,
}

impl From<der::Error> for Unfit {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error)
    }
}

/// The `TimeStampToken` of a `TimeStampResp`, if it is a stamp on what was asked: granted, the same imprint, the same
/// nonce, the policy that was wanted, if any (RFC 3161, 2.4.2). Its signature is for whoever relies on it.
///
/// # Errors
/// See [`Unfit`].
pub fn token(answer: &[u8], query: &Query) -> Result<Vec<u8>, Unfit> {
    let (status, token) = AnyRef::from_der(answer)?.sequence(|reader| {
        let status: AnyRef<'_> = reader.decode()?;
        let token: Option<AnyRef<'_>> = if reader.is_finished() { None } else { Some(reader.decode()?) };
        Ok::<_, der::Error>((status, token))
    })?;
    let (status, failure) = status.sequence(|reader| {
        let status: u32 = reader.decode()?;
        let mut failure = None;
        while !reader.is_finished() {
            let one: AnyRef<'_> = reader.decode()?;
            // After words for people, if there are any.
            failure = one.decode_as::<BitStringRef<'_>>().ok();
        }
        Ok::<_, der::Error>((status, failure))
    })?;
    // granted, and grantedWithMods.
    if status > 1 {
        let says = |wanted: usize| failure.is_some_and(|failure| failure.bits().nth(wanted) == Some(true));
        let is_unable = says(TIME_NOT_AVAILABLE) || says(SYSTEM_FAILURE);
        return Err(if is_unable { Unfit::Unable(status) } else { Unfit::Refused(status) });
    }
    let token = token.ok_or_else(|| Unfit::Malformed(der::ErrorKind::Failed.into()))?;
    let content = content(token)?;
    let Info { policy, imprint, nonce, .. } = Info::read(&content)?;
    if query.policy.is_some_and(|wanted| wanted != policy) {
        return Err(Unfit::Foreign("policy"));
    }
    if !imprint.is(&query.message_imprint) {
        return Err(Unfit::Foreign("imprint"));
    }
    if nonce != query.nonce {
        return Err(Unfit::Foreign("nonce"));
    }
    Ok(token.to_der()?)
}

/// What a `TimeStampToken` is over: the hash function, and the hash. Its signature is for whoever relies on it.
///
/// # Errors
/// [`Unfit::Malformed`] for what is no token, and for hash functions that are not known.
pub fn imprint(token: &[u8]) -> Result<(HashAlgorithm, Vec<u8>), Unfit> {
    let Info { imprint, .. } = Info::read(&content(AnyRef::from_der(token)?)?)?;
    let function = HashAlgorithm::from_oid(imprint.hash_algorithm.oid);
    let function = function.ok_or_else(|| Unfit::Malformed(der::ErrorKind::Failed.into()))?;
    Ok((function, imprint.hashed_message.as_bytes().to_vec()))
}

/// `eContent` of a `ContentInfo` with `SignedData` over `TSTInfo`.
fn content(token: AnyRef<'_>) -> Result<Vec<u8>, Unfit> {
    let (kind, signed) = tagged(token)?;
    if kind != SIGNED_DATA {
        return Err(Unfit::Foreign("content type"));
    }
    let encapsulated = AnyRef::from_der(signed)?.sequence(|reader| {
        let _: u8 = reader.decode()?;
        let _: AnyRef<'_> = reader.decode()?;
        let encapsulated: AnyRef<'_> = reader.decode()?;
        while !reader.is_finished() {
            let _: AnyRef<'_> = reader.decode()?;
        }
        Ok::<_, der::Error>(encapsulated)
    })?;
    let (kind, octets) = tagged(encapsulated)?;
    if kind != TST_INFO {
        return Err(Unfit::Foreign("content type"));
    }
    Ok(<&OctetStringRef>::from_der(octets)?.as_bytes().to_vec())
}

/// A sequence of a type and a value in [0].
fn tagged(value: AnyRef<'_>) -> Result<(ObjectIdentifier, &[u8]), Unfit> {
    let pair = value.sequence(|reader| {
        let kind = reader.decode()?;
        let value: AnyRef<'_> = reader.decode()?;
        Ok::<_, der::Error>((kind, value))
    })?;
    Ok((pair.0, pair.1.value()))
}

/// Whether a `TSTInfo` is over this hash.
#[must_use]
pub fn is_over(info: &[u8], algorithm: HashAlgorithm, hash: &[u8]) -> bool {
    let wanted = MessageImprint::new(algorithm, hash);
    Info::read(info).is_ok_and(|info| wanted.is_ok_and(|wanted| info.imprint.is(&wanted)))
}

/// When a `TSTInfo` says that it was made, Unix seconds.
///
/// # Errors
/// See [`Unfit`].
pub fn time(info: &[u8]) -> Result<u64, Unfit> {
    Info::read(info).map(|info| info.time)
}

/// What is read of a `TSTInfo`.
struct Info {
    policy: ObjectIdentifier,
    imprint: MessageImprint,
    /// Unix seconds.
    time: u64,
    nonce: Option<Uint>,
}

impl Info {
    /// Each member once, in the order of RFC 3161, 2.4.2, and no extension that must be understood.
    fn read(info: &[u8]) -> Result<Self, Unfit> {
        let (info, extensions) = AnyRef::from_der(info)?.sequence(|reader| {
            if reader.decode::<u8>()? != 1 {
                return Err(der::ErrorKind::Failed.into());
            }
            let policy = reader.decode()?;
            let imprint = reader.decode()?;
            let serial: AnyRef<'_> = reader.decode()?;
            serial.tag().assert_eq(Tag::Integer)?;
            let time = second(reader.decode()?)?;
            let (mut nonce, mut extensions, mut last) = (None, None, 0);
            while !reader.is_finished() {
                let member: AnyRef<'_> = reader.decode()?;
                let place = match member.tag() {
                    Tag::Sequence => 1,
                    Tag::Boolean => 2,
                    Tag::Integer => 3,
                    Tag::ContextSpecific { constructed: true, number: TagNumber(0) } => 4,
                    Tag::ContextSpecific { constructed: true, number: TagNumber(1) } => 5,
                    other => return Err(other.unexpected_error(None).into()),
                };
                if place <= last {
                    return Err(der::ErrorKind::Failed.into());
                }
                last = place;
                match place {
                    3 => nonce = Some(member.decode_as()?),
                    5 => extensions = Some(member.value()),
                    _ => {}
                }
            }
            Ok::<_, der::Error>((Self { policy, imprint, time, nonce }, extensions))
        })?;
        if is_critical(extensions.unwrap_or_default())? { Err(Unfit::Critical) } else { Ok(info) }
    }
}

/// A GeneralizedTime to the second; behind it there may be fractions of one.
fn second(time: AnyRef<'_>) -> der::Result<u64> {
    time.tag().assert_eq(Tag::GeneralizedTime)?;
    let failed = || der::Error::from(der::ErrorKind::Failed);
    let (whole, rest) = time.value().split_at_checked(14).ok_or_else(failed)?;
    let fraction = rest.strip_suffix(b"Z").ok_or_else(failed)?;
    if !matches!(fraction, [] | [b'.', _, ..]) || !fraction.iter().skip(1).all(u8::is_ascii_digit) {
        return Err(failed());
    }
    let whole = [&[0x18, 15], whole, b"Z"].concat();
    Ok(GeneralizedTime::from_der(&whole)?.to_unix_duration().as_secs())
}

/// Whether one of these `Extension`s is critical.
fn is_critical(mut extensions: &[u8]) -> der::Result<bool> {
    while !extensions.is_empty() {
        let (extension, rest) = AnyRef::from_der_partial(extensions)?;
        let critical = extension.sequence(|reader| {
            let _: ObjectIdentifier = reader.decode()?;
            let critical: Option<bool> = reader.decode()?;
            let _: &OctetStringRef = reader.decode()?;
            Ok::<_, der::Error>(critical.unwrap_or_default())
        })?;
        if critical {
            return Ok(true);
        }
        extensions = rest;
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
