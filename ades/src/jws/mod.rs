//! JAdES baseline signatures (TS 119 182-1 v1.2.1): JWS (RFC 7515) with the header parameters of ETSI.
//!
//! [`prepare`] forms the protected header, [`to_be_signed`] what is hashed and signed, [`finish`] the JWS. What is stored
//! between the steps is the protected header as it stands in the JWS, Base64url.
//!
//! B-B signatures are compact; time-stamps and what a signature is validated with stand in the unprotected header, which
//! only JSON has. So what has those, and what has further signatures beside it, is JSON: flattened for one signature,
//! general for more.

mod algorithm;
mod header;
mod parallel;
pub(crate) mod property;
mod stored;
mod unsigned;

use std::time::SystemTime;

use data_encoding::BASE64URL_NOPAD;
use rsign_api::objection::Reason;
use serde_json::json;

pub use parallel::{LIMIT, Signed, is_media_type};
pub use property::{NAMES, Said, read as read_properties};
pub(crate) use stored::{Stored, is_compact, is_json};

use crate::{Addition, Around, Hasher, Signatory, key};

/// Why something could not be formed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The signer's certificate is not DER, or the signature value is none.
    #[error("this is not what DER can say: {0}")]
    Der(#[from] der::Error),
    /// Nobody signs.
    #[error("the signer has no certificate")]
    NoCertificate,
    /// JWS ties each hash function to one curve and PSS to one length of the salt (RFC 7518, 3.4 and 3.5).
    #[error("JWS has no name for {0}")]
    NoName(&'static str),
    /// The digest is not of the scheme's hash function.
    #[error("the digest is not of the scheme's hash function")]
    Digest,
    /// The signature value is not of this key.
    #[error("the signature value has a wrong length")]
    Value,
    /// The clock is before 1970.
    #[error("the signing time cannot be written")]
    Time,
    /// The document is no JWS that a signature can be put beside.
    #[error("no signature can be put beside those of this document: {1}")]
    Parallel(Reason, &'static str),
    /// The signature is none that gets another archive time-stamp here.
    #[error("{0}")]
    Stored(&'static str),
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// The document is in the JWS.
    Attached {
        /// All of it.
        document: &'a [u8],
        /// `cty`: its media type, if it is known.
        media_type: Option<&'a str>,
    },
    /// The document stays outside; the header names it and has its digest (`sigD`, 5.2.8.3.3).
    Detached {
        /// URI reference of the document.
        name: &'a str,
        /// Digest by the hash function of the signatory's scheme.
        digest: &'a [u8],
        /// Its media type, if it is known.
        media_type: Option<&'a str>,
    },
    /// The payload of a JWS that is there, whose signatures stay.
    Parallel(&'a Signed),
}

/// That JWS has a name for what this signatory does: all that [`prepare`] can object to besides the content.
///
/// # Errors
/// When it has none.
pub fn sayable(signatory: &Signatory) -> Result<(), Error> {
    algorithm::name(signatory).map(drop)
}

/// The protected header, Base64url. `signing_time` becomes `iat`, which TS 119 182-1 v1.2.1 demands in place of `sigT` of
/// signatures made since 15 May 2025; only one of them may be there.
///
/// # Errors
/// See [`Error`].
pub fn prepare(
    content: &Content<'_>,
    said: &Said,
    signing_time: SystemTime,
    signatory: &Signatory,
) -> Result<String, Error> {
    header::protected(content, said, signing_time, signatory)
}

/// What is hashed and signed (RFC 7515, 5.1; with `b64` false RFC 7797, 3, and a payload of no octets).
#[must_use]
pub fn to_be_signed(protected: &str, content: &Content<'_>) -> Vec<u8> {
    let payload = match content {
        Content::Attached { document, .. } => BASE64URL_NOPAD.encode(document),
        Content::Detached { .. } => String::new(),
        Content::Parallel(signed) => signed.payload().to_owned(),
    };
    [protected, ".", &payload].concat().into_bytes()
}

/// What a time-stamp on the signature (`sigTst`, 5.3.4) is over.
///
/// # Errors
/// When the value is not of this key.
pub fn to_be_stamped(signatory: &Signatory, value: &[u8]) -> Result<Vec<u8>, Error> {
    encoded_value(signatory, value).map(String::into_bytes)
}

/// What an archive time-stamp (`arcTst`, 5.3.6.3) behind these additions is to be over: its digest by the hash function of
/// the signatory's scheme. `detached` is the document, all of it, where it is not in the JWS.
///
/// # Errors
/// When the value is not of this key.
pub fn archive_imprint(
    protected: &str,
    content: &Content<'_>,
    detached: &[u8],
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
) -> Result<Vec<u8>, Error> {
    let value = encoded_value(signatory, value)?;
    let mut hasher = Hasher::new(signatory.scheme.hash());
    match content {
        // A multiple of three octets at a time, so that nothing is padded in between.
        Content::Attached { document, .. } => {
            document.chunks(3 << 14).for_each(|part| hasher.update(BASE64URL_NOPAD.encode(part).as_bytes()));
        }
        Content::Detached { .. } => hasher.update(detached),
        Content::Parallel(signed) => hasher.update(signed.payload().as_bytes()),
    }
    for part in [".", protected, ".", &value, "."] {
        hasher.update(part.as_bytes());
    }
    unsigned::elements(additions).iter().for_each(|element| hasher.update(element.as_bytes()));
    Ok(hasher.finish())
}

/// The JWS. `value` is what the key made, ECDSA in DER.
///
/// # Errors
/// When the value is not of this key.
pub fn finish(
    protected: &str,
    content: &Content<'_>,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
) -> Result<Vec<u8>, Error> {
    let around = finish_around(protected, content, signatory, value, additions)?;
    Ok(match content {
        Content::Attached { document, .. } => around.filled(BASE64URL_NOPAD.encode(document).as_bytes()),
        Content::Detached { .. } => around.filled(&[]),
        Content::Parallel(signed) => around.filled(signed.payload().as_bytes()),
    })
}

/// What the JWS has before and behind its payload; the document of [`Content::Attached`] is not looked at.
///
/// # Errors
/// When the value is not of this key.
pub fn finish_around(
    protected: &str,
    content: &Content<'_>,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
) -> Result<Around, Error> {
    let value = encoded_value(signatory, value)?;
    let signature = || serde_json::Value::Object(json_signature(protected, &value, additions)).to_string();
    let (before, after) = match content {
        Content::Parallel(signed) => return Ok(signed.around(&signature())),
        _ if additions.is_empty() => (format!("{protected}."), format!(".{value}")),
        Content::Detached { .. } => (String::new(), signature()),
        Content::Attached { .. } => {
            let signature = signature();
            let members = signature.strip_prefix('{').unwrap_or_default();
            (r#"{"payload":""#.to_owned(), format!(r#"",{members}"#))
        }
    };
    Ok(Around { before: before.into_bytes(), after: after.into_bytes() })
}

/// One signature as JSON serialisations have it (RFC 7515, 7.2).
fn json_signature(protected: &str, value: &str, additions: &[Addition]) -> serde_json::Map<String, serde_json::Value> {
    let mut signature = serde_json::Map::new();
    signature.insert("protected".to_owned(), protected.into());
    signature.insert("signature".to_owned(), value.into());
    if !additions.is_empty() {
        signature.insert("header".to_owned(), json!({ "etsiU": unsigned::elements(additions) }));
    }
    signature
}

fn encoded_value(signatory: &Signatory, value: &[u8]) -> Result<String, Error> {
    let octets = match algorithm::length(signatory)? {
        Some(length) => key::fixed(value, length)?,
        None => value.to_vec(),
    };
    Ok(BASE64URL_NOPAD.encode(&octets))
}

#[cfg(test)]
mod tests;
