//! Time-stamps (RFC 3161): what goes to a TSA and what comes back. Answers are read only as far as they are judged: a
//! TSA may put into its certificates and attributes what it likes.

use der::asn1::{AnyRef, ObjectIdentifier, OctetString, OctetStringRef, Uint};
use der::{Decode, Encode as _, Reader as _, Sequence, Tag, Tagged as _};
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

/// Why an answer is no stamp on what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No `TimeStampResp`, or no token where one must be.
    #[error("the TSA's answer is malformed: {0}")]
    Malformed(der::Error),
    /// `PKIStatus` other than granted.
    #[error("the TSA refused with status {0}")]
    Refused(u32),
    /// The token is not about what was asked.
    #[error("the time-stamp token has another {0}")]
    Foreign(&'static str),
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
    let status: u32 = status.sequence(|reader| {
        let status = reader.decode()?;
        while !reader.is_finished() {
            let _: AnyRef<'_> = reader.decode()?;
        }
        Ok::<_, der::Error>(status)
    })?;
    // granted, and grantedWithMods.
    if status > 1 {
        return Err(Unfit::Refused(status));
    }
    let token = token.ok_or_else(|| Unfit::Malformed(der::ErrorKind::Failed.into()))?;
    let content = content(token)?;
    let (policy, imprint, nonce) = stamped(&content)?;
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
    let (_, imprint, _) = stamped(&content(AnyRef::from_der(token)?)?)?;
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
    stamped(info).is_ok_and(|(_, imprint, _)| wanted.is_ok_and(|wanted| imprint.is(&wanted)))
}

/// Policy, imprint and nonce of a `TSTInfo`: after the time only the nonce is an INTEGER.
fn stamped(info: &[u8]) -> Result<(ObjectIdentifier, MessageImprint, Option<Uint>), Unfit> {
    Ok(AnyRef::from_der(info)?.sequence(|reader| {
        let _: u8 = reader.decode()?;
        let policy = reader.decode()?;
        let imprint = reader.decode()?;
        let _serial: AnyRef<'_> = reader.decode()?;
        let _time: AnyRef<'_> = reader.decode()?;
        let mut nonce = None;
        while !reader.is_finished() {
            let member: AnyRef<'_> = reader.decode()?;
            if member.tag() == Tag::Integer {
                nonce = Some(member.decode_as()?);
            }
        }
        Ok::<_, der::Error>((policy, imprint, nonce))
    })?)
}

#[cfg(test)]
mod tests {
    use der::Any;

    use super::*;

    /// DER of a constructed or primitive value.
    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u16::try_from(body.len()).unwrap();
        let mut out = vec![tag];
        match length {
            0..=127 => out.push(length as u8),
            128..=255 => out.extend([0x81, length as u8]),
            _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        out.extend(body);
        out
    }

    fn answer(status: u8, imprint: &[u8], nonce: &[u8], kind: ObjectIdentifier) -> Vec<u8> {
        let time = tlv(0x18, &[b"20261124120000.123Z"]);
        let policy = ObjectIdentifier::new_unwrap("1.2.3").to_der().unwrap();
        let info = tlv(0x30, &[&[2, 1, 1], &policy, imprint, &[2, 1, 7], &time, nonce, &tlv(0xa0, &[&[5, 0]])]);
        let encapsulated = tlv(0x30, &[&kind.to_der().unwrap(), &tlv(0xa0, &[&tlv(4, &[&info])])]);
        let signed = tlv(0x30, &[&[2, 1, 3], &tlv(0x31, &[]), &encapsulated, &tlv(0xa0, &[b"\x30\x03\x02\x01\x01"])]);
        let token = tlv(0x30, &[&SIGNED_DATA.to_der().unwrap(), &tlv(0xa0, &[&signed])]);
        let status = tlv(0x30, &[&[2, 1, status], &tlv(0x30, &[&tlv(0x0c, &[b"said"])])]);
        tlv(0x30, &[&status, &token])
    }

    #[test]
    fn only_a_stamp_on_what_was_asked_is_taken() {
        let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[0x80, 1]).unwrap();
        let (imprint, nonce) = (query.message_imprint.to_der().unwrap(), query.nonce.to_der().unwrap());
        for status in [0, 1] {
            let token = token(&answer(status, &imprint, &nonce, TST_INFO), &query).unwrap();
            assert_eq!(super::imprint(&token), Ok((HashAlgorithm::Sha256, vec![7; 32])));
        }
        assert!(super::imprint(&[0x30, 0]).is_err());
        // With NULL as parameters it is the same hash function.
        let null = AlgorithmIdentifierOwned { oid: HashAlgorithm::Sha256.oid(), parameters: Some(Any::null()) };
        let null = MessageImprint { hash_algorithm: null, ..query.message_imprint.clone() }.to_der().unwrap();
        assert!(token(&answer(0, &null, &nonce, TST_INFO), &query).is_ok());
        let other = MessageImprint::new(HashAlgorithm::Sha256, &[8; 32]).unwrap().to_der().unwrap();
        let long = MessageImprint::new(HashAlgorithm::Sha512, &[7; 32]).unwrap().to_der().unwrap();
        for (answer, fault) in [
            (answer(2, &imprint, &nonce, TST_INFO), Unfit::Refused(2)),
            (answer(0, &other, &nonce, TST_INFO), Unfit::Foreign("imprint")),
            (answer(0, &long, &nonce, TST_INFO), Unfit::Foreign("imprint")),
            (answer(0, &imprint, &[2, 1, 9], TST_INFO), Unfit::Foreign("nonce")),
            (answer(0, &imprint, &[], TST_INFO), Unfit::Foreign("nonce")),
            (answer(0, &imprint, &nonce, SIGNED_DATA), Unfit::Foreign("content type")),
        ] {
            assert_eq!(token(&answer, &query), Err(fault));
        }
        let under = |policy| Query { policy: Some(ObjectIdentifier::new_unwrap(policy)), ..query.clone() };
        let right = answer(0, &imprint, &nonce, TST_INFO);
        assert!(token(&right, &under("1.2.3")).is_ok());
        assert_eq!(token(&right, &under("1.2.4")), Err(Unfit::Foreign("policy")));
        // Refused, as TSAs say it: without a token.
        assert_eq!(token(&tlv(0x30, &[&tlv(0x30, &[&[2, 1, 2]])]), &query), Err(Unfit::Refused(2)));
        assert!(matches!(token(&tlv(0x30, &[&tlv(0x30, &[&[2, 1, 0]])]), &query), Err(Unfit::Malformed(_))));
    }

    #[test]
    fn a_nonce_keeps_its_first_bit() {
        let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[0x80]).unwrap();
        assert_eq!(query.nonce.to_der().unwrap(), [2, 2, 0, 0x80]);
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[1]).unwrap();
            let _ = token(&octets, &query);
        }
    }
}
