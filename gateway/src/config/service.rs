//! `[info]` and `[auth]`: what the service says of itself, and how people and apps sign in.

use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::client::PinTransport;

/// What `info` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InfoConfig {
    /// Name of the service.
    pub name: String,
    /// What it is.
    pub description: String,
    /// ISO 3166-1 alpha-2.
    pub region: String,
    /// Language of answers.
    pub lang: String,
    /// URI of a JPEG or PNG; absent: one the gateway serves.
    pub logo: Option<String>,
}

impl Default for InfoConfig {
    fn default() -> Self {
        Self {
            name: "rsign".to_owned(),
            description: "Open remote signing service".to_owned(),
            region: "PT".to_owned(),
            lang: "en-US".to_owned(),
            logo: None,
        }
    }
}

/// How people and apps sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// `auth/login` with user name and password, as the built-in client `basic`.
    pub basic: bool,
    /// PIN transport of that client.
    pub basic_pin_transport: PinTransport,
    /// 32 octets in hexadecimal: seals what must not lie in the store in clear. Checked at start.
    pub configuration_key_file: Option<PathBuf>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        // Who turns Basic on turns on apps that know no other way to carry a PIN.
        Self { basic: false, basic_pin_transport: PinTransport::Clear, configuration_key_file: None }
    }
}

impl AuthConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        let Some(path) = &self.configuration_key_file else { return Vec::new() };
        let key = std::fs::read_to_string(path).map(zeroize::Zeroizing::new);
        match key.map(|key| key.trim().len() == 64 && key.trim().bytes().all(|c| c.is_ascii_hexdigit())) {
            Ok(true) => Vec::new(),
            Ok(false) => vec![format!("[auth] {} must hold 64 hexadecimal digits", path.display())],
            Err(error) => vec![format!("[auth] cannot read {}: {error}", path.display())],
        }
    }
}
