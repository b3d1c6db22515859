//! Where to sign, and as whom: as the command line says, or the ready file of a sandbox.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use super::Options;
use super::consent::App;
use super::plan::unread;

/// Where to sign and as whom.
pub(super) struct Place {
    pub(super) service: String,
    pub(super) app: App,
    pub(super) roots: Option<PathBuf>,
    /// Who certified the keys, PEM, where that is known.
    pub(super) authority: Option<PathBuf>,
}

impl Place {
    /// What the options say.
    ///
    /// # Errors
    /// A file that they name cannot be read, or is no ready file.
    pub(super) fn of(options: &Options) -> anyhow::Result<Self> {
        if let Some(file) = &options.sandbox {
            return Self::of_ready_file(file);
        }
        let secret = options.client_secret_file.as_ref().map(|file| {
            let secret = std::fs::read_to_string(file);
            secret.map_err(|error| anyhow!("{}: {}", file.display(), unread(&error)))
        });
        Ok(Self {
            service: options.service.clone().unwrap_or_default(),
            app: App {
                client_id: options.client_id.clone().unwrap_or_default(),
                client_secret: secret.transpose()?.map(|secret| secret.trim().to_owned()),
            },
            roots: options.tls_ca.clone(),
            authority: None,
        })
    }

    fn of_ready_file(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let text = std::fs::read(file);
        let text = text.map_err(|error| anyhow!("{name}: {}; is a sandbox running there?", unread(&error)))?;
        let ready = serde_json::from_slice(&text).ok();
        let place = ready.and_then(|ready| Self::of_ready(&ready));
        place.with_context(|| format!("{name} is no ready file of rsign sandbox"))
    }

    fn of_ready(ready: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut clients = ready["clients"].as_array()?.iter();
        let client = clients.find(|client| client["client_secret"].is_string())?;
        Some(Self {
            service: text(&ready["csc_v2"])?,
            app: App { client_id: text(&client["client_id"])?, client_secret: text(&client["client_secret"]) },
            roots: text(&ready["tls_ca"]).map(PathBuf::from),
            authority: text(&ready["signing_ca"]).map(PathBuf::from),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_no_ready_file() {
        let folder = tempfile::tempdir().unwrap();
        let said = |content: &[u8]| {
            let file = folder.path().join("field.pdf");
            std::fs::write(&file, content).unwrap();
            Place::of_ready_file(&file).err().map(|error| format!("{error:#}"))
        };
        for other in [&b"%PDF-1.7"[..], b"", b"[]", b"{}", br#"{"csc_v2":"x","clients":[{"client_id":"a"}]}"#] {
            assert!(said(other).unwrap().ends_with("field.pdf is no ready file of rsign sandbox"));
        }
        assert_eq!(said(br#"{"csc_v2":"x","clients":[{},{"client_id":"a","client_secret":"s"}]}"#), None);
        let missing = Place::of_ready_file(&folder.path().join("none")).err().unwrap().to_string();
        assert!(missing.ends_with("none: there is no such file; is a sandbox running there?"), "{missing}");
    }
}
