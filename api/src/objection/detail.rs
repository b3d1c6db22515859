//! What else there is to say of a refusal: words of a closed set, numbers of the service's own, and characters that the client
//! sent itself.

use serde::{Deserialize, Serialize};

/// Beside the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// The member of the entry that it is about.
    Member(Member),
    /// Octets that there may be.
    Limit(u64),
    /// The character that it is about.
    #[serde(with = "code_point")]
    Character(char),
}

/// A member of an entry of signDoc, or the one beside the entries that counts for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// `document`.
    Document,
    /// `hashes`.
    Hashes,
    /// `signature_format`.
    SignatureFormat,
    /// `conformance_level`.
    ConformanceLevel,
    /// `signAlgo`.
    #[serde(rename = "signAlgo")]
    SignAlgo,
    /// `signAlgoParams`.
    #[serde(rename = "signAlgoParams")]
    SignAlgoParams,
    /// `hashAlgorithmOID`.
    #[serde(rename = "hashAlgorithmOID")]
    HashAlgorithmOid,
    /// `signed_props`.
    SignedProps,
    /// `signed_envelope_property`.
    SignedEnvelopeProperty,
}

impl Member {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Document,
        Self::Hashes,
        Self::SignatureFormat,
        Self::ConformanceLevel,
        Self::SignAlgo,
        Self::SignAlgoParams,
        Self::HashAlgorithmOid,
        Self::SignedProps,
        Self::SignedEnvelopeProperty,
    ];
}

/// `U+0141`, as tables of characters have it; the character itself may be one that nobody sees.
mod code_point {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub(super) fn serialize<S: Serializer>(character: &char, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("U+{:04X}", u32::from(*character)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<char, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_prefix("U+").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.and_then(char::from_u32).ok_or_else(|| D::Error::custom("no code point"))
    }
}
