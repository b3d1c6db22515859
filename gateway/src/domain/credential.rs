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

impl Certificate {
    /// This one in the place of another, which it remembers if nobody here can revoke that.
    #[must_use]
    pub fn after(mut self, before: Self) -> Self {
        if self.end_entity != before.end_entity {
            let all = before.earlier.into_iter().chain(before.elsewhere.then_some(before.facts));
            self.earlier = all.collect();
        } else {
            self.earlier = before.earlier;
        }
        self
    }

    /// Those of other CAs among this one and those before it, which are valid at this Unix second.
    pub fn not_ours(self, now: i64) -> impl Iterator<Item = Facts> {
        let all = self.earlier.into_iter().chain(self.elsewhere.then_some(self.facts));
        all.filter(move |facts| facts.not_after > now)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(serial: &str, elsewhere: bool, not_after: i64) -> Certificate {
        let (issuer, subject) = ("CN=ca".to_owned(), "CN=ann".to_owned());
        let (organization, common_name) = (String::new(), "ann".to_owned());
        let serial_number = serial.to_owned();
        let facts = Facts { issuer, subject, serial_number, not_before: 0, not_after, organization, common_name };
        let end_entity = Bytes(serial.as_bytes().to_vec());
        Certificate { end_entity, chain: Vec::new(), facts, elsewhere, request: None, earlier: Vec::new() }
    }

    fn serials(certificate: &Certificate, now: i64) -> Vec<String> {
        certificate.clone().not_ours(now).map(|facts| facts.serial_number).collect()
    }

    #[test]
    fn what_another_ca_issued_is_not_forgotten_while_it_is_valid() {
        let first = certificate("1", true, 10);
        let second = certificate("2", false, 30).after(first);
        let third = certificate("3", true, 40).after(second.clone());
        assert_eq!(serials(&second, 5), ["1"]);
        assert_eq!(serials(&third, 5), ["1", "3"]);
        assert_eq!(serials(&third, 10), ["3"]);
        // The same once more, by somebody who saw the one before.
        let again = certificate("3", true, 40).after(third);
        assert_eq!(serials(&again, 5), ["1", "3"]);
    }

    #[test]
    fn a_certificate_of_a_time_before_other_cas_is_read() {
        let json = serde_json::to_value(certificate("1", false, 10)).unwrap();
        let members: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["chain", "end_entity", "facts"]);
        let read: Certificate = serde_json::from_value(json).unwrap();
        assert!(!read.elsewhere && read.request.is_none() && read.earlier.is_empty());
    }
}
