//! Failures that are known and have a reason: data, not code.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::check::Version;

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// It is not such a file.
    #[error("{0}: {1}")]
    Toml(PathBuf, Box<toml::de::Error>),
    /// It names a check there is none of.
    #[error("{0}: there is no check {1}")]
    Check(PathBuf, String),
}

/// The list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default)]
    known: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    check: String,
    /// `v1` or `v2`; both without it.
    version: Option<String>,
    reason: String,
}

impl Known {
    /// Reads it.
    ///
    /// # Errors
    /// It cannot be read, is no such file, or names a check there is none of.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(file).map_err(|error| Error::Read(file.to_owned(), error))?;
        let known: Self = toml::from_str(&text).map_err(|error| Error::Toml(file.to_owned(), Box::new(error)))?;
        let unknown = known.known.iter().find(|entry| crate::checks::find(&entry.check).is_none());
        match unknown {
            Some(entry) => Err(Error::Check(file.to_owned(), entry.check.clone())),
            None => Ok(known),
        }
    }

    /// Why this check is expected to fail in this version, if it is.
    #[must_use]
    pub fn reason(&self, check: &str, version: Version) -> Option<&str> {
        let fits = |entry: &&Entry| {
            entry.check == check && entry.version.as_deref().is_none_or(|wanted| wanted == version.name())
        };
        self.known.iter().find(fits).map(|entry| entry.reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_may_be_of_one_version() {
        let known: Known =
            toml::from_str("[[known]]\ncheck = \"info.logo\"\nversion = \"v1\"\nreason = \"no logo yet\"").unwrap();
        assert_eq!(known.reason("info.logo", Version::V1), Some("no logo yet"));
        assert_eq!(known.reason("info.logo", Version::V2), None);
    }

    #[test]
    fn a_check_that_does_not_exist_is_a_mistake() {
        let file = std::env::temp_dir().join(format!("rsign-known-{}", std::process::id()));
        std::fs::write(&file, "[[known]]\ncheck = \"no.such\"\nreason = \"x\"").unwrap();
        let outcome = Known::read(&file);
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(outcome, Err(Error::Check(_, id)) if id == "no.such"));
    }
}
