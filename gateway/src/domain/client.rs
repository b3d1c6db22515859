//! A registered signing app.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::seal::Sealed;

/// The client `auth/login` acts for; no registration may take this id.
pub const BASIC: &str = "basic";

/// The client that account pages count PIN tries under; no registration may take this id.
pub const ACCOUNT: &str = "account";

/// Which OAuth rules hold for a client; a property of its registration, never of a request (security.md 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Secret, exact redirect, optional PKCE: CSC v1 apps.
    Legacy,
    /// PAR, S256, asymmetric authentication.
    Hardened,
}

/// How a PIN reaches the signer (DESIGN 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PinTransport {
    /// In the JSON of credentials/authorize.
    Clear,
    /// End to end over RCH1; a PIN in clear is refused.
    Sealed,
}

/// Whether a client's tokens are bound to a key, so that a thief has no use for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Constraint {
    /// They are where the client shows a DPoP proof, and need not be.
    #[default]
    None,
    /// Every token is bound to a DPoP key (RFC 9449).
    Dpop,
    /// Every token is bound to the client's certificate (RFC 8705).
    Certificate,
}

/// Where the parameters of a token request may stand beside the form of RFC 6749, for clients that cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenRequest {
    /// In a JSON object.
    Json,
    /// In the query string; never a secret.
    Query,
}

/// Which certificate a client authenticates with (RFC 8705).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateRule {
    /// This one, whoever issued it: SHA-256 of its DER, base64url.
    Thumbprint(String),
    /// Any of this subject (RFC 4514) under the CAs of the configuration.
    Subject(String),
}

/// A client registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// What users know it by; the id where nothing is given.
    #[serde(default)]
    pub name: Option<String>,
    /// SHA-256(SHA-256(secret)); none where the client authenticates with a key.
    pub secret: Option<SecretDigest>,
    /// SHA-256(secret), the key of its account tokens, sealed; where it uses them.
    #[serde(default)]
    pub account_key: Option<Sealed>,
    /// Its OAuth rules.
    pub profile: Profile,
    /// Its PIN transport.
    pub pin_transport: PinTransport,
    /// Exact redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Exact `response_uri`s: where it may be told of signatures it fetches later.
    #[serde(default)]
    pub response_uris: Vec<String>,
    /// Which users its own tokens reach.
    pub reach: Reach,
    /// Whether it is given refresh tokens.
    pub refresh_tokens: bool,
    /// `SubjectPublicKeyInfo`, PEM, of a client that authenticates with a key.
    pub public_key: Option<String>,
    /// The certificate of a client that authenticates with mutual TLS.
    #[serde(default)]
    pub certificate: Option<CertificateRule>,
    /// Whether it cannot keep a secret (RFC 6749, 2.1): PKCE takes its place.
    #[serde(default)]
    pub public: bool,
    /// Whether its tokens are bound to a key.
    #[serde(default)]
    pub constraint: Constraint,
    /// Whether its authorization requests have to be signed (RFC 9101).
    #[serde(default)]
    pub signed_requests: bool,
    /// Where else its token requests may have their parameters.
    #[serde(default)]
    pub token_requests: Vec<TokenRequest>,
    /// Whether it takes a revocation for done only if it hears 200 (RFC 7009), not 204 (CSC).
    #[serde(default)]
    pub revokes_with_ok: bool,
    /// Whether it takes sendOTP for done only if it hears 200, not 204.
    #[serde(default)]
    pub sends_otp_with_ok: bool,
    /// Whether it is a worker of the SignServer-compatible interface: then who shows a credential's id and PIN signs.
    #[serde(default)]
    pub worker: bool,
    /// Whether an operator has put it out: then it is as if it were not registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// How often all that it held was ended: what it was given in an earlier era is dead.
    #[serde(default)]
    pub era: u32,
}

impl Client {
    /// The same client in the next era, with nothing that it held.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self { era: self.era.wrapping_add(1), ..self }
    }

    /// What users know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// Whether it may be told at this `response_uri`.
    #[must_use]
    pub fn calls_back(&self, uri: &str) -> bool {
        self.response_uris.iter().any(|registered| registered == uri)
    }

    /// Whether its authorization requests have to be pushed.
    #[must_use]
    pub fn must_push(&self) -> bool {
        self.profile == Profile::Hardened
    }

    /// Whether it has to use PKCE, and with S256 (security.md 2.1).
    #[must_use]
    pub fn must_challenge(&self) -> bool {
        self.profile == Profile::Hardened || self.public
    }
}

/// Which users a token without a user reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Those linked to the client.
    Linked,
    /// All: sandboxes.
    All,
}

/// What is stored of a client secret. Hashed twice, so that SHA-256(secret), the key of account tokens, is not here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretDigest(String);

impl SecretDigest {
    /// Of this secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(data_encoding::HEXLOWER.encode(&Sha256::digest(Sha256::digest(secret))))
    }

    /// Whether it is of this secret; takes the same time either way.
    #[must_use]
    pub fn fits(&self, secret: &str) -> bool {
        self.0.as_bytes().ct_eq(Self::of(secret).0.as_bytes()).into()
    }
}

impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[digest]")
    }
}

/// Whether a string can be a `client_id`: it stands in headers, forms and logs unescaped, and names a file at the signer.
#[must_use]
pub fn is_client_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let named = (1..=64).contains(&id.len()) && id.chars().all(plain) && !id.starts_with('.');
    named && ![ACCOUNT, BASIC].contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_44_a_secret_fits_only_its_digest() {
        let digest = SecretDigest::of("correct");
        assert!(digest.fits("correct") && !digest.fits("wrong") && !digest.fits(""));
        assert_eq!(format!("{digest:?}"), "[digest]");
    }

    #[test]
    fn ids_are_plain() {
        assert!(is_client_id("legacy-clear.1"));
        assert!(
            !is_client_id("")
                && !is_client_id("a b")
                && !is_client_id("basic")
                && !is_client_id("account")
                && !is_client_id("é")
        );
    }
}
