//! What every handler is given.

use rsign_api::csc::Limits;
use rsign_api::version::Version;

use super::csc::info;
use super::openapi::Shelf;
use crate::app::App;
use crate::config::Config;

/// The services, and what does not change while the gateway runs.
#[derive(Debug)]
pub struct Site {
    /// The services.
    pub app: App,
    /// The configuration.
    pub config: Config,
    /// What apps and browsers call this service by, without trailing slash.
    pub public_url: String,
    /// Answers of `info`, ready to be sent: v1, v2.
    info: [Vec<u8>; 2],
    /// The OpenAPI documents.
    pub(super) documents: Shelf,
}

impl Site {
    /// A site that apps call `public_url`.
    ///
    /// # Errors
    /// When the answer of `info` cannot be written as JSON.
    pub fn new(app: App, config: Config, public_url: &str) -> Result<Self, serde_json::Error> {
        let answer = |version| serde_json::to_vec(&info::answer(version, &config, public_url));
        let info = [answer(Version::V1)?, answer(Version::V2)?];
        Ok(Self { app, config, public_url: public_url.to_owned(), info, documents: Shelf::default() })
    }

    /// The answer of `info`.
    pub(super) fn info(&self, version: Version) -> &[u8] {
        let [v1, v2] = &self.info;
        match version {
            Version::V1 => v1,
            Version::V2 => v2,
        }
    }

    /// Whether browsers reach it over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// What a CSC body may hold.
    pub(super) fn limits(&self) -> Limits {
        Limits { depth: self.config.limits.depth, hashes: self.config.limits.hashes }
    }
}
