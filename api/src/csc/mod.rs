//! Requests and answers of the CSC methods, one file per method family.
//!
//! v1 and v2 share every file: real clients call `/csc/v2` with v1 member names and the other way round (clients.md
//! 2m, rule 1), so a request may use either spelling under either URL, answers carry the union of both, and only the
//! sentences of errors depend on the URL. A request is an [`Ask`], questioned in the order of the standard's rows.

pub mod approval;
pub mod auth;
pub mod authentication;
pub mod authorization;
pub mod credentials;
pub mod documents;
pub mod errands;
pub mod expression;
pub mod info;
pub mod oauth2;
pub mod request_object;
pub mod signatures;
pub mod timestamp;

use data_encoding::BASE64;

use self::documents::Lifted;
use crate::bytes::Bytes;
use crate::error::{self, Fault};
use crate::json::{Object, Value};
use crate::version::Version;

/// What a body may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Levels of nesting.
    pub depth: usize,
    /// Hashes in one list.
    pub hashes: usize,
}

/// A request body, not yet judged.
#[derive(Debug)]
pub struct Ask<'a> {
    body: Object<'a>,
    /// The version of the URL.
    pub version: Version,
    limits: Limits,
    lifted: Option<&'a Lifted>,
}

impl<'a> Ask<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// The long sentence of Table 3.
    pub fn parse(body: &'a [u8], version: Version, limits: Limits) -> Result<Self, Fault> {
        let body = Object::parse(body, limits.depth).map_err(|_| error::MALFORMED)?;
        Ok(Self { body, version, limits, lifted: None })
    }

    /// The same body, out of which these documents were taken before.
    #[must_use]
    pub fn without(self, lifted: &'a Lifted) -> Self {
        Self { lifted: Some(lifted), ..self }
    }

    /// `credentialID`, opaque to clients and to us until it is looked up.
    ///
    /// # Errors
    /// Missing, or no string.
    pub fn credential(&self) -> Result<&str, Fault> {
        self.string("credentialID").ok_or(error::CREDENTIAL_MISSING)
    }

    /// `SAD`.
    ///
    /// # Errors
    /// Missing, or no string; or a string that no SAD of this service looks like.
    pub fn sad(&self) -> Result<&str, Fault> {
        self.optional_sad()?.ok_or(error::SAD_MISSING)
    }

    /// `SAD` where a credential-scope token may stand in its place (v2).
    ///
    /// # Errors
    /// A string that no SAD of this service looks like; what is no string counts as absent, as its row says.
    pub fn optional_sad(&self) -> Result<Option<&str>, Fault> {
        match self.string("SAD") {
            Some(sad) if !sad.starts_with("sad_") => Err(error::SAD),
            found => Ok(found),
        }
    }

    /// `hash` or `hashes` where it must be there.
    ///
    /// # Errors
    /// Missing, empty, not Base64.
    pub fn hashes(&self) -> Result<Vec<Bytes>, Fault> {
        let Some(Value::Array(items)) = self.either("hash", "hashes") else { return Err(error::HASH_MISSING) };
        if items.is_empty() {
            return Err(error::HASH_EMPTY);
        }
        if items.len() > self.limits.hashes {
            return Err(error::MALFORMED);
        }
        items.iter().map(digest).collect()
    }

    /// `hash` or `hashes` where it may be left out.
    ///
    /// # Errors
    /// Present, but not an array of Base64 texts.
    pub fn optional_hashes(&self) -> Result<Vec<Bytes>, Fault> {
        match self.either("hash", "hashes") {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.is_empty() => Ok(Vec::new()),
            Some(_) => self.hashes(),
        }
    }

    /// `hashAlgo` or `hashAlgorithmOID`; what is no string counts as absent, as its row says.
    #[must_use]
    pub fn hash_algorithm(&self) -> Option<&str> {
        self.either("hashAlgo", "hashAlgorithmOID").and_then(Value::text)
    }

    /// A member that is a string.
    fn string(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::text)
    }

    /// A switch; anything but `true` is off.
    fn switch(&self, name: &str) -> bool {
        self.body.get(name) == Some(&Value::Bool(true))
    }

    /// One member under its v1 or its v2 name, the name of the URL's version first.
    fn either(&self, v1: &str, v2: &str) -> Option<&Value<'a>> {
        let (own, other) = match self.version {
            Version::V1 => (v1, v2),
            Version::V2 => (v2, v1),
        };
        self.body.get(own).or_else(|| self.body.get(other))
    }
}

/// Standard Base64, padded, in one line (RFC 4648 section 4).
fn digest(item: &Value<'_>) -> Result<Bytes, Fault> {
    let text = item.text().ok_or(error::HASH_BASE64)?;
    match BASE64.decode(text.as_bytes()) {
        Ok(octets) if !octets.is_empty() => Ok(Bytes(octets)),
        _ => Err(error::HASH_BASE64),
    }
}

#[cfg(test)]
mod tests;
