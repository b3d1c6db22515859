//! `[account]`: accounts and their pages.

use std::path::PathBuf;

use rsign_api::algorithm::KeyType;
use serde::Deserialize;

use crate::identity_client::is_safe;

/// What people can do by themselves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountConfig {
    /// Whether anybody may open an account. What they say of themselves stands in their certificates, unproved: for
    /// sandboxes and closed circles.
    pub sign_up: bool,
    /// Kinds of keys that users may make, the recommended one first; none: only the operator makes keys.
    pub keys: Vec<KeyType>,
    /// What apps that have a key made may name as its `certificatePolicy`: the policies in the CA's certificates.
    pub certificate_policies: Vec<String>,
    /// Most keys of one user.
    pub keys_per_user: usize,
    /// Most signatures one authorization of such a key may cover.
    pub multisign: u32,
    /// Days that entries of the history are kept.
    pub history_days: u32,
    /// Others who know people here: OpenID providers.
    pub providers: Vec<ProviderConfig>,
    /// Header field in which a reverse proxy, and nobody else, names the address it was called from.
    pub address_field: Option<String>,
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self {
            sign_up: false,
            keys: Vec::new(),
            certificate_policies: Vec::new(),
            keys_per_user: 20,
            multisign: 100,
            history_days: 400,
            providers: Vec::new(),
            address_field: None,
        }
    }
}

impl AccountConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(1..=1000).contains(&self.multisign) {
            faults.push("[account] multisign must be 1 to 1000".to_owned());
        }
        if self.history_days == 0 {
            faults.push("[account] history_days must be at least 1".to_owned());
        }
        if self.address_field.as_ref().is_some_and(|field| field_name(field).is_none()) {
            faults.push("[account] address_field is no name of a header field".to_owned());
        }
        for (place, provider) in self.providers.iter().enumerate() {
            faults.extend(provider.faults());
            if self.providers.iter().take(place).any(|other| other.name == provider.name) {
                faults.push(format!("[[account.providers]] {} is there twice", provider.name));
            }
        }
        faults
    }
}

/// An OpenID provider that people may sign in with. What is bound to an account is its subject, never an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its part of our addresses: small letters, digits and dashes. `{public_url}/account/oidc/{name}/return` is the
    /// redirect URI to be registered there.
    pub name: String,
    /// What people know it by.
    pub title: String,
    /// Issuer identifier, exactly as its metadata say it.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// File with our client secret there; absent: we are a public client.
    pub client_secret_file: Option<PathBuf>,
    /// PEM of the only CA its server certificates may come from; absent: those the machine trusts.
    pub ca: Option<PathBuf>,
}

impl ProviderConfig {
    fn faults(&self) -> Vec<String> {
        let name = &self.name;
        let mut faults = Vec::new();
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            faults.push("[[account.providers]] name is 1 to 32 small letters, digits and dashes".to_owned());
        }
        if !is_safe(&self.issuer) {
            faults.push(format!("[[account.providers]] {name}: issuer must be https, or http on loopback"));
        }
        faults
    }
}

/// The name, if it can be a field's (RFC 9110, 5.1).
fn field_name(name: &str) -> Option<&str> {
    let token = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    (!name.is_empty() && name.bytes().all(token)).then_some(name)
}
