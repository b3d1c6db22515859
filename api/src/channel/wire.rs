//! How the channel travels: JSON, octets in base64url (RFC 4648 section 5) without padding.
//!
//! | method | body | answer |
//! |---|---|---|
//! | `POST /rch/{tx}/hello` | [`HelloRequest`] | [`HelloAnswer`] |
//! | `POST /rch/{tx}/record` | [`RecordRequest`] | [`RecordAnswer`] |
//!
//! The gateway relays these between page and signer as they are. What the signer has for the gateway itself (a grant)
//! never stands in them.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Octets that appear as unpadded base64url in JSON; there is one spelling of each.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64Url(pub Vec<u8>);

impl std::fmt::Debug for Base64Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl std::ops::Deref for Base64Url {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Base64Url {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(|_| D::Error::custom("not unpadded base64url"))
    }
}

/// Opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelloRequest {
    /// ClientHello, 137 octets.
    pub hello: Base64Url,
}

/// The signer's part of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelloAnswer {
    /// ServerHello, 159 octets.
    pub hello: Base64Url,
    /// The identity signature, raw r|s, 64 octets.
    pub signature: Base64Url,
    /// fin_s, 32 octets.
    pub finished: Base64Url,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRequest {
    /// fin_c, 32 octets: with the first record, and with no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Base64Url>,
    /// The record, at most [`super::record::MAX_RECORD`] octets.
    pub record: Base64Url,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordAnswer {
    /// The record.
    pub record: Base64Url,
    /// What the gateway has of the transaction.
    pub state: State,
}

/// How far a transaction has come, by the gateway's word: what was said inside stands in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something is still to come.
    Open,
    /// What was asked for is done, and kept.
    Done,
    /// Nothing will come of it; where the record says that it was done, the gateway could not keep it.
    Failed,
}
