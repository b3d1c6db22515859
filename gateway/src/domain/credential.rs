//! A credential as the gateway keeps it: what never changes, and the certificate.

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::csc::authentication::{OTP, PIN};
use rsign_api::csc::expression::Expression;
use rsign_api::signer::{FactorKind, Scal};
use serde::{Deserialize, Serialize};

use super::certificate::Facts;

/// A credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credential {
    /// `credentialID`: 128 random bits, never used again.
    pub id: String,
    /// Its owner.
    pub user: String,
    /// Kind of key.
    pub key_type: KeyType,
    /// What a SAD of it binds.
    pub scal: Scal,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// What it needs besides its PIN, as the signer told.
    #[serde(default)]
    pub factor: FactorKind,
    /// How apps get a SAD of it.
    #[serde(default)]
    pub mode: AuthMode,
    /// Header, MAC and wrapped key, opaque here; sent to the signer with each signature.
    pub key: Bytes,
    /// Whether its certificate has arrived; until then it does not exist for clients.
    pub certified: bool,
    /// Where it stands, as far as the gateway knows: the signer's word counts.
    pub state: Known,
}

impl Credential {
    /// What has to be brought to explicit authorization.
    #[must_use]
    pub fn expression(&self) -> Expression {
        let pin = Expression::object(PIN);
        match self.factor {
            FactorKind::None => pin,
            FactorKind::Totp | FactorKind::Online => pin.and(Expression::object(OTP)),
        }
    }
}

/// How apps get a SAD of a credential through `credentials/authorize` (CSC 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// With what its owner knows: the PIN, in clear or sealed.
    #[default]
    Explicit,
    /// With nothing: its owner is asked in the account, and types the PIN on the signing page.
    Implicit,
}

/// The certificate of a credential: kept apart, since signing does not read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Certificate {
    /// DER.
    pub end_entity: Bytes,
    /// DER, issuer first.
    pub chain: Vec<Bytes>,
    /// What answers say of it.
    pub facts: Facts,
    /// Whether another CA than the built-in one issued it: who takes the key away has it revoked there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// PKCS#10 request of the key, DER, which that CA is asked for the next one with; none for the built-in CA, which asks
    /// for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Bytes>,
    /// Certificates of other CAs that the key had before, while their time is not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Facts>,
}

/// What the gateway knows of a credential's state. The rest (locks, blocks) only the signer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// Was not active when last seen: the owner has no PIN yet.
    Enrolling,
    /// Was active.
    Active,
    /// Set aside through this gateway.
    Suspended,
    /// Gone; the entry stays so that the id is never given again.
    Destroyed,
}

/// An enrolment that is not finished: what housekeeping looks through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Unix milliseconds.
    pub started_at: i64,
    /// Whose key it makes; none in what an older rsign wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// PKCS#10 request of the key, DER, where another CA than the built-in one certifies it: it may have to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Bytes>,
}
