//! `[timestamp]`, or several `[[timestamp]]`: the time-stamping authorities behind `signatures/timestamp` and the levels
//! from B-T; without one they are not offered. They are asked in the order of the file, the next one where one fails.

use std::fmt;
use std::path::PathBuf;

use der::asn1::ObjectIdentifier;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::evidence::certificates;

/// An authority.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampConfig {
    /// URL of an RFC 3161 authority, http or https.
    pub url: String,
    /// PEM of the CAs its TLS certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// PEM of the root that its own certificate leads to, and of what lies between, as far as its answers do not bring
    /// that: a stamp that leads elsewhere is not taken. Not needed where the built-in CA made the authority's certificate.
    pub authorities: Option<PathBuf>,
    /// How long it may take for one answer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// OID of the policy that stamps must be made under; absent: any.
    pub policy: Option<String>,
}

impl TimestampConfig {
    /// The certificates above the authority's own, DER.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn authorities(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        self.authorities.as_deref().map_or_else(|| Ok(Vec::new()), certificates)
    }

    /// The policy that is wanted, if any.
    #[must_use]
    pub fn policy(&self) -> Option<ObjectIdentifier> {
        self.policy.as_ref().and_then(|policy| policy.parse().ok())
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !url::Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            faults.push("[timestamp] url is no http or https URL".to_owned());
        }
        if self.timeout_seconds == 0 {
            faults.push("[timestamp] timeout_seconds must be at least 1".to_owned());
        }
        if self.policy.is_some() && self.policy().is_none() {
            faults.push("[timestamp] policy is no object identifier".to_owned());
        }
        faults
    }
}

const fn default_timeout() -> u64 {
    10
}

/// Reads a table, or an array of tables.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<TimestampConfig>, D::Error> {
    struct Both;

    impl<'de> Visitor<'de> for Both {
        type Value = Vec<TimestampConfig>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one time-stamping authority or several")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Ok(vec![TimestampConfig::deserialize(MapAccessDeserializer::new(map))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list))
        }
    }
    reader.deserialize_any(Both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        #[serde(default, deserialize_with = "one_or_several")]
        timestamp: Vec<TimestampConfig>,
    }

    fn read(text: &str) -> Result<Vec<TimestampConfig>, toml::de::Error> {
        toml::from_str::<File>(text).map(|file| file.timestamp)
    }

    #[test]
    fn one_authority_or_several_in_their_order() {
        assert!(read("").unwrap().is_empty());
        let one = read("[timestamp]\nurl = \"http://a.example\"\npolicy = \"1.2.3\"").unwrap();
        assert_eq!(one[0].policy(), Some(ObjectIdentifier::new_unwrap("1.2.3")));
        let two = read("[[timestamp]]\nurl = \"http://a.example\"\n[[timestamp]]\nurl = \"http://b.example\"").unwrap();
        let urls: Vec<_> = two.iter().map(|one| (one.url.as_str(), one.timeout_seconds)).collect();
        assert_eq!(urls, [("http://a.example", 10), ("http://b.example", 10)]);
        let wrong = read("[timestamp]\nurl = \"x\"\nport = 3").unwrap_err().to_string();
        assert!(wrong.contains("unknown field `port`"), "{wrong}");
        assert!(read("timestamp = 3").is_err());
        let faults = read("[timestamp]\nurl = \"ftp://x\"\npolicy = \"one\"\ntimeout_seconds = 0").unwrap()[0].faults();
        assert_eq!(faults.len(), 3);
    }
}
