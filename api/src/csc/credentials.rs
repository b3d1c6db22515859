//! `credentials/list` (11.4), `info` (11.5), `authorize` (11.6), `extendTransaction` (11.9).

use secrecy::SecretString;
use serde::Serialize;

use super::Ask;
use crate::algorithm::HashAlgorithm;
use crate::bytes::Bytes;
use crate::error::{self, Fault};
use crate::json::Value;
use crate::sign_algo;
use crate::signer::{Entry, Scal};

/// Which certificates an answer shall hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificates {
    /// `none`.
    None,
    /// `single`: the end entity's.
    #[default]
    Single,
    /// `chain`: end entity first.
    Chain,
}

/// The switches of `credentials/info`, and of `credentials/list` with `credentialInfo`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// `certificates`.
    pub certificates: Certificates,
    /// `authInfo`: PIN and OTP in detail.
    pub auth_info: bool,
}

impl Ask<'_> {
    /// `userID` of a list.
    ///
    /// # Errors
    /// Present, but no string.
    pub fn user(&self) -> Result<Option<&str>, Fault> {
        self.body.get("userID").map(|value| value.text().ok_or(error::USER)).transpose()
    }

    /// `maxResults`; anything odd means the service's own maximum, never an error.
    #[must_use]
    pub fn max_results(&self, most: usize) -> usize {
        match self.body.get("maxResults") {
            Some(Value::Integer(wanted)) => {
                usize::try_from(*wanted).ok().filter(|wanted| (1..=most).contains(wanted)).unwrap_or(most)
            }
            _ => most,
        }
    }

    /// `pageToken`.
    ///
    /// # Errors
    /// Present, but no string.
    pub fn page_token(&self) -> Result<Option<&str>, Fault> {
        self.body.get("pageToken").map(|value| value.text().ok_or(error::PAGE_TOKEN)).transpose()
    }

    /// `credentialInfo`: whether a list shall describe each credential.
    #[must_use]
    pub fn credential_info(&self) -> bool {
        self.switch("credentialInfo")
    }

    /// `onlyValid`.
    #[must_use]
    pub fn only_valid(&self) -> bool {
        self.switch("onlyValid")
    }

    /// The switches of a description.
    ///
    /// # Errors
    /// `certificates` is none of its three words.
    pub fn wanted(&self) -> Result<Wanted, Fault> {
        let certificates = match self.body.get("certificates").map(Value::text) {
            None => Certificates::default(),
            Some(Some("none")) => Certificates::None,
            Some(Some("single")) => Certificates::Single,
            Some(Some("chain")) => Certificates::Chain,
            Some(_) => return Err(error::CERTIFICATES),
        };
        Ok(Wanted { certificates, auth_info: self.switch("authInfo") })
    }

    /// `numSignatures`, against the credential's `multisign`.
    ///
    /// # Errors
    /// Missing, less than one, too high.
    pub fn signatures(&self, multisign: u32) -> Result<u32, Fault> {
        let Some(Value::Integer(wanted)) = self.body.get("numSignatures") else {
            return Err(error::SIGNATURES_MISSING);
        };
        match u32::try_from(*wanted) {
            Ok(wanted) if wanted > multisign => Err(error::SIGNATURES_TOO_HIGH),
            Ok(0) => Err(error::SIGNATURES_VALUE),
            Ok(wanted) => Ok(wanted),
            Err(_) if *wanted > 0 => Err(error::SIGNATURES_TOO_HIGH),
            Err(_) => Err(error::SIGNATURES_VALUE),
        }
    }

    /// The hashes to approve. SCAL 2 wants exactly as many as signatures, SCAL 1 at most as many.
    ///
    /// # Errors
    /// The sentences of signHash; a count that does not fit is a wrong `numSignatures`.
    pub fn approved(&self, scal: Scal, signatures: u32) -> Result<Vec<Entry>, Fault> {
        let hashes = match scal {
            Scal::One => self.optional_hashes()?,
            Scal::Two => self.hashes()?,
        };
        let fits = match scal {
            Scal::One => hashes.len() <= signatures as usize,
            Scal::Two => hashes.len() == signatures as usize,
        };
        if fits { self.entries(hashes) } else { Err(error::SIGNATURES_VALUE) }
    }

    /// The hashes a renewed SAD shall cover.
    ///
    /// # Errors
    /// The sentences of signHash.
    pub fn renewed(&self, scal: Scal) -> Result<Vec<Entry>, Fault> {
        let hashes = match scal {
            Scal::One => self.optional_hashes()?,
            Scal::Two => self.hashes()?,
        };
        self.entries(hashes)
    }

    fn entries(&self, hashes: Vec<Bytes>) -> Result<Vec<Entry>, Fault> {
        let algorithm = match self.hash_algorithm() {
            Some(dotted) if !hashes.is_empty() => Some(sign_algo::hash(dotted)?),
            _ => None,
        };
        let fits = |hash: &Bytes| match algorithm {
            Some(algorithm) => hash.len() == algorithm.len(),
            None => HashAlgorithm::ALL.iter().any(|algorithm| hash.len() == algorithm.len()),
        };
        if !hashes.iter().all(fits) {
            return Err(error::DIGEST_LENGTH);
        }
        let entry = |hash| Entry { r#type: crate::signer::EntryType::default(), algorithm, hash, label: None };
        Ok(hashes.into_iter().map(entry).collect())
    }

    /// `authObjectID`.
    ///
    /// # Errors
    /// Missing, or no string.
    pub fn auth_object(&self) -> Result<&str, Fault> {
        self.string("authObjectID").ok_or(error::AUTH_OBJECT)
    }

    /// `operation` of a registration for the channel.
    ///
    /// # Errors
    /// Present, but no string.
    pub fn operation(&self) -> Result<Option<&str>, Fault> {
        self.body.get("operation").map(|value| value.text().ok_or(error::OPERATION)).transpose()
    }

    /// `request` of a registration for the channel: what is asked for, as the client signed it. The signer reads it.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.string("request")
    }

    /// `lang`, if it is a text.
    #[must_use]
    pub fn lang(&self) -> Option<&str> {
        self.string("lang")
    }
}

/// Answer of `credentials/list`.
#[derive(Debug, Serialize)]
pub struct List {
    /// The ids.
    #[serde(rename = "credentialIDs")]
    pub ids: Vec<String>,
    /// Their descriptions, with `credentialInfo`.
    #[serde(rename = "credentialInfos", skip_serializing_if = "Option::is_none")]
    pub infos: Option<Vec<Described>>,
    /// v1 and clients of 2.2 that page.
    #[serde(rename = "nextPageToken", skip_serializing_if = "Option::is_none")]
    pub next_page: Option<String>,
    /// `true` where it was asked for.
    #[serde(rename = "onlyValid", skip_serializing_if = "Option::is_none")]
    pub only_valid: Option<bool>,
}

/// Element of `credentialInfos`.
#[derive(Debug, Serialize)]
pub struct Described {
    /// The id.
    #[serde(rename = "credentialID")]
    pub id: String,
    /// What `credentials/info` would say.
    #[serde(flatten)]
    pub description: Description,
}

/// Answer of `credentials/info`: the union of 6.1 and 6.2 (clients.md 2m, rule 2).
#[derive(Debug, Serialize)]
pub struct Description {
    /// `key`.
    pub key: Key,
    /// `cert`.
    pub cert: Certificate,
    /// v1.
    #[serde(rename = "authMode")]
    pub auth_mode: &'static str,
    /// v2.
    pub auth: Auth,
    /// v1, with `authInfo`.
    #[serde(rename = "PIN", skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// v1, with `authInfo`.
    #[serde(rename = "OTP", skip_serializing_if = "Option::is_none")]
    pub otp: Option<Otp>,
    /// `"1"` or `"2"`.
    #[serde(rename = "SCAL")]
    pub scal: Scal,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// Language of labels.
    pub lang: String,
}

/// `key`.
#[derive(Debug, Serialize)]
pub struct Key {
    /// `enabled` or `disabled`.
    pub status: &'static str,
    /// OIDs the key can sign with.
    pub algo: Vec<String>,
    /// Bits.
    pub len: u32,
    /// OID of the curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
}

/// `cert`.
#[derive(Debug, Serialize)]
pub struct Certificate {
    /// `valid` or `expired`.
    pub status: &'static str,
    /// DER, end entity first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<Bytes>>,
    /// RFC 4514.
    #[serde(rename = "issuerDN")]
    pub issuer: String,
    /// Hexadecimal.
    #[serde(rename = "serialNumber")]
    pub serial_number: String,
    /// RFC 4514.
    #[serde(rename = "subjectDN")]
    pub subject: String,
    /// `YYYYMMDDHHMMSSZ`.
    #[serde(rename = "validFrom")]
    pub valid_from: String,
    /// `YYYYMMDDHHMMSSZ`.
    #[serde(rename = "validTo")]
    pub valid_to: String,
}

/// `auth` of v2.
#[derive(Debug, Serialize)]
pub struct Auth {
    /// `explicit`.
    pub mode: &'static str,
    /// Which objects it takes, with `authInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The objects; the member must be there even when empty.
    pub objects: Vec<AuthObject>,
}

/// An authentication object of v2.
#[derive(Debug, Serialize)]
pub struct AuthObject {
    /// `Password`, `PasswordOOB` for one that is typed elsewhere (then `authData` has no value of it), or
    /// `ChallengeResponse` where `credentials/getChallenge` comes before.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Name in `authData`.
    pub id: &'static str,
    /// `A` or `N`.
    pub format: &'static str,
    /// What makes it, where a thing of its owner does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<&'static str>,
    /// What to call it.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
}

/// `PIN` of v1.
#[derive(Debug, Serialize)]
pub struct Pin {
    /// `"true"`, a string.
    pub presence: &'static str,
    /// `A` or `N`.
    pub format: &'static str,
    /// What to call it.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
}

/// `OTP` of v1.
#[derive(Debug, Serialize)]
pub struct Otp {
    /// `"true"` or `"false"`, strings.
    pub presence: &'static str,
    /// What there is to say of one that is present.
    #[serde(flatten)]
    pub generator: Option<OtpGenerator>,
}

/// What `OTP` of v1 says of a generator.
#[derive(Debug, Serialize)]
pub struct OtpGenerator {
    /// `offline`: nothing is sent; `online`: `credentials/sendOTP` comes before.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `A` or `N`.
    pub format: &'static str,
    /// What to call it.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Name of the generator.
    #[serde(rename = "ID")]
    pub id: &'static str,
    /// What it is made by.
    pub provider: &'static str,
}

/// Answer of `credentials/authorize` and `extendTransaction`.
#[derive(Debug, Serialize)]
pub struct Activation {
    /// The SAD.
    #[serde(rename = "SAD", serialize_with = "crate::secret::expose")]
    pub sad: SecretString,
    /// Seconds it is good for.
    #[serde(rename = "expiresIn")]
    pub expires_in: u32,
}
