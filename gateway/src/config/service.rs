//! `[info]` and `[auth]`: what the service says of itself, and how people and apps sign in.

use std::path::PathBuf;

use anyhow::Context as _;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use crate::domain::client::PinTransport;
use crate::domain::seal::Material;

/// How `info` says where OAuth is; v1 knows the first only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OauthMember {
    /// `oauth2`, which the most clients read (clients.md 2d).
    #[default]
    Base,
    /// `oauth2Issuer`.
    Issuer,
    /// `oauth2Servers`.
    Servers,
}

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
    /// How it says where OAuth is.
    pub oauth: OauthMember,
    /// `signatureQualifier`s that every credential here satisfies, e.g. `eu_eidas_aes`.
    pub signature_qualifiers: Vec<String>,
}

impl Default for InfoConfig {
    fn default() -> Self {
        Self {
            name: "rsign".to_owned(),
            description: "Open remote signing service".to_owned(),
            region: "PT".to_owned(),
            lang: "en-US".to_owned(),
            logo: None,
            oauth: OauthMember::Base,
            signature_qualifiers: Vec::new(),
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
    /// Whether DPoP proofs have to carry a nonce of this service, so that none can be made in advance.
    pub dpop_nonces: bool,
}

impl Default for AuthConfig {
    fn default() -> Self {
        // Who turns Basic on turns on apps that know no other way to carry a PIN.
        Self { basic: false, basic_pin_transport: PinTransport::Clear, configuration_key_file: None, dpop_nonces: true }
    }
}

impl AuthConfig {
    /// The configuration key, where there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn configuration_key(&self) -> anyhow::Result<Option<Material>> {
        let Some(path) = &self.configuration_key_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).map(zeroize::Zeroizing::new);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let octets = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map(zeroize::Zeroizing::new);
        let octets = octets.ok().filter(|octets| octets.len() == 32);
        let octets = octets.with_context(|| format!("{} must hold 64 hexadecimal digits", path.display()))?;
        Ok(Some(Material::new(&octets)))
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.configuration_key().err().map(|error| format!("[auth] {error:#}")).into_iter().collect()
    }
}
