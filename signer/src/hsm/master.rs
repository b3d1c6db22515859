//! Which K_MK: the master key is replaced now and then, and what was wrapped under an earlier one stays so until it is
//! wrapped anew.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Version of K_MK, from 1; in the store, in key headers and for operators `master-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MasterVersion(u32);

impl MasterVersion {
    /// The ceremony's: that of every record which names none.
    pub const FIRST: Self = Self(1);

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// As a number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl Default for MasterVersion {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for MasterVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "master-{}", self.0)
    }
}

impl From<MasterVersion> for String {
    fn from(version: MasterVersion) -> Self {
        version.to_string()
    }
}

impl FromStr for MasterVersion {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let digits = text.strip_prefix("master-").ok_or(NoVersion)?;
        let version = Self(digits.parse().map_err(|_| NoVersion)?);
        // One spelling each: `master-01` and `master-+1` are nobody's.
        if version.0 > 0 && version.to_string() == text { Ok(version) } else { Err(NoVersion) }
    }
}

impl TryFrom<String> for MasterVersion {
    type Error = NoVersion;

    fn try_from(text: String) -> Result<Self, NoVersion> {
        text.parse()
    }
}

/// Not the name of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no version of K_MK: they are called master-1, master-2 and so on")]
pub struct NoVersion;

/// The versions that a process uses, each with its canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masters {
    /// The newest.
    pub current: MasterVersion,
    /// A throw-away key under a wrapping key of each, 40 bytes.
    pub canaries: BTreeMap<MasterVersion, Vec<u8>>,
}

impl Masters {
    /// The first alone, as a ceremony leaves it.
    #[must_use]
    pub fn first(canary: Vec<u8>) -> Self {
        Self { current: MasterVersion::FIRST, canaries: BTreeMap::from([(MasterVersion::FIRST, canary)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_spelling() {
        for (text, number) in [("master-1", 1), ("master-2", 2), ("master-10", 10)] {
            let version: MasterVersion = text.parse().unwrap();
            assert_eq!((version.number(), version.to_string().as_str()), (number, text));
            let json = serde_json::to_string(&version).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<MasterVersion>(&json).unwrap(), version);
        }
        for text in ["", "master", "master-", "master-0", "master-01", "master-+1", "Master-1", "master-1 ", "1"] {
            assert_eq!(text.parse::<MasterVersion>(), Err(NoVersion), "{text:?}");
        }
        assert_eq!(MasterVersion::default().next(), "master-2".parse().unwrap());
        assert!(MasterVersion(9) < MasterVersion(10));
    }
}
