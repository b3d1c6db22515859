//! A JWS of somebody else, read so that one more signature can be put beside those it has (RFC 7515, 7.2.1).
//!
//! What it says is kept as it is: only members that JWS defines are looked at, and foreign text stays text.

use std::fmt;
use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;
use rsign_api::objection::Reason;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Error;
use crate::Around;

/// Longest document that is read, in bytes.
pub const LIMIT: usize = 64 << 20;

/// Longest media type, in bytes: it is said again in the new signature.
const MEDIA_TYPE: usize = 256;

/// Most signatures that a document may have.
const SIGNATURES: usize = 64;

/// A JWS whose payload is in it.
#[derive(Debug)]
pub struct Signed {
    /// Base64url.
    payload: String,
    /// Where that stands in the document, in bytes.
    place: Range<usize>,
    /// Each a JSON object: `protected`, `header`, `signature`, and what else it had.
    signatures: Vec<Box<RawValue>>,
    content_type: Option<String>,
}

/// General or flattened: a JWS must not have members of both.
#[derive(Deserialize)]
struct Json<'a> {
    /// Base64url has nothing that JSON must escape.
    payload: Option<&'a str>,
    #[serde(borrow)]
    signatures: Option<Several<'a>>,
    signature: Option<String>,
    protected: Option<String>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
}

/// No more than [`SIGNATURES`]: nothing is read on behind them.
#[derive(Debug)]
pub(super) struct Several<'a>(pub(super) Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Several<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counting).map(Self)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("signatures")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(one) = all.next_element()? {
            if found.len() == SIGNATURES {
                return Err(A::Error::custom("too many signatures"));
            }
            found.push(one);
        }
        Ok(found)
    }
}

#[derive(Deserialize)]
struct One {
    protected: Option<String>,
    signature: String,
}

#[derive(Deserialize)]
struct Protected {
    b64: Option<bool>,
    cty: Option<String>,
}

impl Signed {
    /// Reads any of the three serialisations.
    ///
    /// # Errors
    /// When it is none of them, has no payload of its own, or one that is not Base64url.
    pub fn read(document: &[u8]) -> Result<Self, Error> {
        if document.len() > LIMIT {
            return Err(Error::Parallel(Reason::TooLong, "it is too long"));
        }
        let text = std::str::from_utf8(document).map_err(|_| no_jws())?.trim_ascii();
        let (payload, signatures) = if text.starts_with('{') { json(text)? } else { compact(text)? };
        if signatures.is_empty() {
            return Err(no_jws());
        }
        if payload.is_empty() {
            return Err(Error::Parallel(Reason::NoContent, "its payload is not in it"));
        }
        base64url(payload)?;
        let mut content_type = None;
        for signature in &signatures {
            let header = one(signature.get())?;
            // RFC 7797, 3: all signatures of a JWS have the same.
            if header.b64 == Some(false) {
                return Err(Error::Parallel(Reason::WrongFormat, "its payload is not Base64url"));
            }
            if header.cty.as_deref().is_some_and(|cty| !is_media_type(cty)) {
                return Err(Error::Parallel(Reason::WrongFormat, "its content type is none"));
            }
            content_type = content_type.or(header.cty);
        }
        let start = payload.as_ptr().addr() - document.as_ptr().addr();
        let place = start..start + payload.len();
        Ok(Self { payload: payload.to_owned(), place, signatures, content_type })
    }

    /// One of which this alone is known: what signs need. The payload is Base64url.
    ///
    /// # Errors
    /// When it is not.
    pub fn of_payload(payload: &str, content_type: Option<String>) -> Result<Self, Error> {
        base64url(payload)?;
        Ok(Self { payload: payload.to_owned(), place: 0..payload.len(), signatures: Vec::new(), content_type })
    }

    /// Where in the document its payload stands, in bytes.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// Base64url of the payload.
    pub(super) fn payload(&self) -> &str {
        &self.payload
    }

    /// The media type that a signature names.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// What the general serialisation has before and behind the payload, this signature last.
    pub(super) fn around(&self, signature: &str) -> Around {
        let all: Vec<_> = self.signatures.iter().map(|one| one.get()).chain([signature]).collect();
        let after = format!(r#"","signatures":[{}]}}"#, all.join(","));
        Around { before: br#"{"payload":""#.to_vec(), after: after.into_bytes() }
    }
}

/// Whether this may be a `cty` (RFC 7515, 4.1.10): a media type (RFC 2045, 5.1), `application/` left out or not, of at
/// most 256 octets.
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let token = |name: &str| {
        let fits = |octet: u8| octet.is_ascii_graphic() && !br#"()<>@,;:\"/[]?="#.contains(&octet);
        !name.is_empty() && name.bytes().all(fits)
    };
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    let (kind, subtype) = kind.trim_end().split_once('/').unwrap_or((kind.trim_end(), "x"));
    let shown = |octet: u8| matches!(octet, b' '..=b'~');
    text.len() <= MEDIA_TYPE && token(kind) && token(subtype) && parameters.bytes().all(shown)
}

fn base64url(payload: &str) -> Result<(), Error> {
    let octets = BASE64URL_NOPAD.decode(payload.as_bytes());
    octets.map(drop).map_err(|_| Error::Parallel(Reason::WrongFormat, "its payload is not Base64url"))
}

fn compact(text: &str) -> Result<(&str, Vec<Box<RawValue>>), Error> {
    let parts: Vec<_> = text.splitn(4, '.').collect();
    let [protected, payload, signature] = parts[..] else { return Err(no_jws()) };
    let mut members = Map::new();
    members.insert("protected".to_owned(), protected.into());
    members.insert("signature".to_owned(), signature.into());
    Ok((payload, vec![raw(&members)?]))
}

fn json(text: &str) -> Result<(&str, Vec<Box<RawValue>>), Error> {
    let json: Json<'_> = serde_json::from_str(text).map_err(|_| no_jws())?;
    if json.signatures.is_none() && json.signature.is_none() {
        return Err(no_jws());
    }
    let payload = json.payload.ok_or(Error::Parallel(Reason::NoContent, "its payload is not in it"))?;
    match (json.signatures, json.signature) {
        (Some(signatures), None) if json.protected.is_none() && json.header.is_none() => {
            Ok((payload, signatures.0.into_iter().map(ToOwned::to_owned).collect()))
        }
        (None, Some(signature)) => {
            let mut members = String::from("{");
            if let Some(protected) = json.protected {
                members += &format!(r#""protected":{},"#, Value::String(protected));
            }
            if let Some(header) = json.header {
                members += &format!(r#""header":{},"#, header.get());
            }
            members += &format!(r#""signature":{}}}"#, Value::String(signature));
            Ok((payload, vec![RawValue::from_string(members).map_err(|_| no_jws())?]))
        }
        _ => Err(no_jws()),
    }
}

fn raw(members: &Map<String, Value>) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(members).map_err(|_| no_jws())
}

const fn no_jws() -> Error {
    Error::Parallel(Reason::WrongFormat, "it is no JWS")
}

/// What the protected header of one signature says that concerns the payload.
fn one(signature: &str) -> Result<Protected, Error> {
    let one: One = serde_json::from_str(signature).map_err(|_| no_jws())?;
    BASE64URL_NOPAD.decode(one.signature.as_bytes()).map_err(|_| no_jws())?;
    let Some(protected) = one.protected.filter(|text| !text.is_empty()) else {
        return Ok(Protected { b64: None, cty: None });
    };
    let protected = BASE64URL_NOPAD.decode(protected.as_bytes()).map_err(|_| no_jws())?;
    serde_json::from_slice(&protected).map_err(|_| no_jws())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_a_media_type() {
        let long = format!("text/{}", "x".repeat(252));
        for good in ["json", "text/plain", "text/plain; charset=\"utf-8\"", "application/x.y+xml;a=b", &long[1..]] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "/", "text/", "/plain", "a b", "text/pl\nain", "text/plain;a=\u{e9}", "a/b/c", &long] {
            assert!(!is_media_type(bad), "{bad}");
        }
        let jws = |cty: &str| {
            let header = serde_json::json!({ "alg": "none", "cty": cty }).to_string();
            format!("{}.YQ.YQ", BASE64URL_NOPAD.encode(header.as_bytes()))
        };
        assert_eq!(Signed::read(jws("text/plain").as_bytes()).unwrap().content_type(), Some("text/plain"));
        let refused = Signed::read(jws(&"x".repeat(8 << 20)).as_bytes());
        assert!(matches!(refused, Err(Error::Parallel(_, "its content type is none"))));
    }

    #[test]
    fn signatures_are_counted_while_they_are_read() {
        let read = |count: usize, behind: &str| {
            serde_json::from_str::<Several<'_>>(&format!("[{}{behind}]", vec!["{}"; count].join(",")))
                .map(|several| several.0.len())
        };
        assert_eq!(read(SIGNATURES, "").unwrap(), SIGNATURES);
        assert!(read(SIGNATURES, "!").unwrap_err().is_syntax());
        // What stands behind was not looked at.
        assert!(read(SIGNATURES + 1, "!").unwrap_err().is_data());
    }
}
