//! The ready file, typed (DESIGN 8).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// All of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    pub csc_v1: String,
    pub csc_v2: String,
    pub oauth2: String,
    pub account: Option<String>,
    pub sign: Option<String>,
    pub tls_ca: Option<String>,
    pub signing_ca: String,
    pub tsa: Option<String>,
    pub codes: Option<String>,
    pub clients: Vec<Client>,
    pub users: Vec<User>,
    pub coded_user: Option<User>,
    pub implicit_user: Option<User>,
    pub worker: Option<String>,
    pub pids: BTreeMap<String, u32>,
}

/// A registered app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub client_id: String,
    pub client_secret: Option<String>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub profile: String,
    #[serde(default)]
    pub pin_transport: String,
    #[serde(default)]
    pub client_key: Option<String>,
}

/// A person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    #[serde(rename = "userID")]
    pub id: String,
    pub username: String,
    pub password: String,
    pub totp_secret: Option<String>,
    pub credentials: Vec<Credential>,
}

/// A signing key and its PIN.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    #[serde(rename = "credentialID")]
    pub id: String,
    pub key: String,
    pub scal: String,
    pub pin: String,
}

impl Ready {
    /// Reads a ready file.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    /// The client of this profile and PIN transport.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn client(&self, profile: &str, transport: &str) -> &Client {
        let fits = |client: &&Client| client.profile == profile && client.pin_transport == transport;
        self.clients.iter().find(fits).expect("the sandbox has a client of each pair")
    }
}

impl User {
    /// Their credential of this key type.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn credential(&self, key: &str) -> &Credential {
        self.credentials.iter().find(|credential| credential.key == key).expect("one of each key type")
    }
}
