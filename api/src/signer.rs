//! What the gateway and the signer say to each other: JSON over mutual TLS, one POST each.
//!
//! Every message names the user and the client it is for; the signer checks them against its own rows. The answer of
//! a refusal is [`Refused`] with HTTP status 409 (the domain said no), 503 (busy or away, with `Retry-After`) or 500.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

mod channel;
mod code;
mod completion;
mod documents;
mod ocsp;
pub mod path;
mod refusal;
mod renewal;

pub use channel::{
    ChannelAnswer, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, Enrol, Obstacle, Operation, Registration,
};
pub use code::{DrawCode, DrawnCode};
pub use completion::{ArchiveStamp, CompleteSignature, CompletedSignature, EvidenceOctets, KnownDocument};
pub use documents::{
    CheckSad, DocumentSubject, DocumentToSign, Property, SignDocuments, SignedDocument, SignedDocuments,
    WITH_DOCUMENTS, WithDocuments,
};
pub use ocsp::{AnsweredOcsp, AskOcsp, CertificateName};
pub use refusal::{Refusal, Refused, RefusedDocument};
pub use renewal::{NewestStamp, RENEWAL, RenewDocument, RenewedDocument, StampImprint};

use crate::algorithm::{HashAlgorithm, KeyType, Scheme};
use crate::bytes::Bytes;
use crate::secret::{expose, expose_some};

/// How much the PIN is stretched before the HSM sees what was derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Stretch {
    /// Argon2id with the service's parameters.
    #[default]
    Argon2id,
    /// HMAC-SHA-256 with the salt as key: for policies that put all their trust in the HSM.
    Hmac,
}

/// What a credential needs besides its PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum FactorKind {
    /// Nothing.
    #[default]
    None,
    /// A code of six digits from an authenticator app (RFC 6238), a new one every 30 seconds.
    Totp,
    /// A code of six digits that the signer draws when it is asked for and the gateway has delivered, by e-mail or
    /// otherwise.
    Online,
}

/// Sole control assurance level as CSC reports it: `"2"` binds the SAD to the hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scal {
    /// Hashes may arrive after authorization, up to the authorized number.
    #[serde(rename = "1")]
    One,
    /// Only hashes named at authorization are signed.
    #[serde(rename = "2")]
    Two,
}

/// Makes a key in the HSM. The PIN is drawn by the signer and leaves it only on its own host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateCredential {
    /// Tenant of the user.
    pub tenant: String,
    /// The user the key is for, `userID`.
    pub user: String,
    /// The id allocated for the credential: 128 random bits or more, never used again.
    pub credential: String,
    /// Kind of key.
    pub key: KeyType,
    /// What the SAD of this credential binds.
    pub scal: Scal,
    /// Most signatures one authorization may cover, at least 1.
    pub multisign: u32,
    /// How the PIN is stretched.
    #[serde(default)]
    pub stretch: Stretch,
    /// What the credential needs besides its PIN.
    #[serde(default)]
    pub factor: FactorKind,
    /// What its owner calls the account in an authenticator app; the credential's id where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Subject of the PKCS#10.
    pub subject: Subject,
}

/// Distinguished name of a natural person (EN 319 412-2), in the order it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `C`, ISO 3166-1 alpha-2.
    pub country: String,
    /// `O`, where the person signs for an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// `givenName`.
    pub given_name: String,
    /// `SN`.
    pub surname: String,
    /// `serialNumber` (EN 319 412-1 semantics), so that two people of one name differ.
    pub serial_number: String,
    /// `CN`.
    pub common_name: String,
}

/// What the gateway stores of a new credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedCredential {
    /// Header, MAC and wrapped signing key; opaque to the gateway and sent back with each use.
    pub key: Bytes,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki: Bytes,
    /// PKCS#10 request (RFC 2986), DER: the proof of possession a CA asks for.
    pub request: Bytes,
    /// What it needs besides its PIN.
    #[serde(default)]
    pub factor: FactorKind,
}

/// Asks the built-in CA for the certificate of a credential made here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssueCertificate {
    /// The credential.
    pub credential: String,
    /// Subject of the certificate.
    pub subject: Subject,
}

/// A certificate of the built-in CA.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedCertificate {
    /// The end entity's certificate, DER.
    pub certificate: Bytes,
    /// What stands above it up to the root, DER, issuer first.
    pub chain: Vec<Bytes>,
}

/// Ties a certificate to the key; the signer checks that it is this key's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkCertificate {
    /// The credential.
    pub credential: String,
    /// The end entity's certificate, DER.
    pub certificate: Bytes,
}

/// Names a credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CredentialName {
    /// The credential.
    pub credential: String,
}

/// Where a credential stands in its life (security.md F-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The key exists, no certificate yet.
    Generated,
    /// Certificate linked, PIN not yet handed over.
    Linked,
    /// Can sign.
    Active,
    /// Set aside by its owner or an officer; can come back.
    Suspended,
    /// Too many wrong PINs in all; only two officers together bring it back.
    Blocked,
    /// Gone: the PIN slot is deleted.
    Destroyed,
}

/// State of a credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CredentialStatus {
    /// Where it stands.
    pub state: State,
    /// What it needs besides its PIN.
    #[serde(default)]
    pub factor: FactorKind,
    /// End of a running PIN lock, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<i64>,
}

/// Suspends, reactivates or destroys a credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeState {
    /// The credential.
    pub credential: String,
    /// `Suspended`, `Active` or `Destroyed`.
    pub state: State,
}

/// Gives the credential another PIN; a wrong old one counts as a try.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangePin {
    /// The credential.
    pub credential: String,
    /// Its owner.
    pub user: String,
    /// The client whose tries are counted.
    pub client: String,
    /// The PIN so far.
    #[serde(serialize_with = "expose")]
    pub pin: SecretString,
    /// The PIN from now on.
    #[serde(serialize_with = "expose")]
    pub new_pin: SecretString,
    /// A code of the second factor, where the credential has one.
    #[serde(default, serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub code: Option<SecretString>,
}

/// What an approved hash may be spent on (DESIGN 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum EntryType {
    /// Takes its type from its first use.
    #[default]
    Untyped,
    /// Data to be signed, representation: signHash.
    Dtbsr,
    /// Signer's document representation: signDoc with documentDigests.
    Sdr,
    /// Signer's original document representation: signDoc with documents.
    Sodr,
}

/// One hash of a list to be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it may be spent on.
    #[serde(default)]
    pub r#type: EntryType,
    /// Its hash function; `None` where the client named none (v1 authorize has no such member): then the length
    /// says it, and the algorithm is fixed at first use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<HashAlgorithm>,
    /// The digest.
    pub hash: Bytes,
    /// SHA-256 of the UTF-8 label shown to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Bytes>,
}

/// Asks for a SAD with the owner's PIN.
#[derive(Debug, Serialize, Deserialize)]
pub struct Authorize {
    /// The credential.
    pub credential: String,
    /// Its owner.
    pub user: String,
    /// The client the SAD is for.
    pub client: String,
    /// Signatures asked for.
    pub signatures: u32,
    /// The hashes to approve; may be empty for SCAL 1.
    pub list: Vec<Entry>,
    /// The owner's PIN, as it came: any string is judged.
    #[serde(serialize_with = "expose")]
    pub pin: SecretString,
    /// A code of the second factor, where the credential has one.
    #[serde(default, serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub code: Option<SecretString>,
}

/// A SAD.
#[derive(Debug, Serialize, Deserialize)]
pub struct Authorized {
    /// The signature activation data, ready for the wire (`sad_…`).
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
    /// Seconds it is good for.
    pub expires_in: u32,
}

/// Renews a SAD.
#[derive(Debug, Serialize, Deserialize)]
pub struct Extend {
    /// The credential.
    pub credential: String,
    /// The client that asks.
    pub client: String,
    /// The user the bearer speaks for, where it does for one.
    #[serde(default)]
    pub user: Option<String>,
    /// The SAD so far.
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
    /// Hashes the renewed SAD shall cover; for SCAL 2 unspent approved ones.
    pub list: Vec<Entry>,
}

/// Ends a SAD early.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeSad {
    /// The client that asks.
    pub client: String,
    /// The SAD.
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
}

/// Spends approved hashes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sign {
    /// The credential.
    pub credential: String,
    /// The client that asks.
    pub client: String,
    /// The user the bearer speaks for, where it does for one.
    #[serde(default)]
    pub user: Option<String>,
    /// The SAD.
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
    /// What the gateway stored as [`CreatedCredential::key`].
    pub key: Bytes,
    /// How to sign; its hash function must fit every hash's length.
    pub scheme: Scheme,
    /// Digests to sign, 1 to 1000.
    pub hashes: Vec<Bytes>,
}

/// Signatures in the order of [`Sign::hashes`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {
    /// RSA: the signature block as long as the modulus; ECDSA: DER.
    pub signatures: Vec<Bytes>,
}

/// The built-in CA's public side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authority {
    /// The CA certificate, DER.
    pub certificate: Bytes,
    /// A CRL formed now, DER.
    pub crl: Bytes,
}

/// It was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// How the signer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The store answers.
    pub store: bool,
    /// HSM workers that are ready.
    pub workers: u32,
    /// Number of this instance: the first four bytes of its channels' `sid`, big-endian, by which a gateway that has
    /// several signers finds the one a channel lives in.
    #[serde(default)]
    pub instance: u32,
}
