//! What a client asks a user for at `oauth2/authorize` (8.3.2 / 8.4.2): the service, or signatures of one credential.
//! The latter comes in flat parameters, in `authorization_details` (RFC 9396), or in both if they agree.

mod details;
#[cfg(test)]
mod tests;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};

use details::Detail;
pub use details::{Details, Granted, GrantedDetails, GrantedErrand};

use super::Limits;
use crate::algorithm::HashAlgorithm;
use crate::bytes::Bytes;
use crate::channel::list::{List, label_digest};
use crate::error::{self, Fault, oauth2 as wire};
use crate::sign_algo;
use crate::signer::{Entry, EntryType};

/// Parameters of a request.
pub trait Parameters {
    /// The parameter of this name; one without value is absent (RFC 6749, 3.1), and so is one that stands there twice.
    fn get(&self, name: &str) -> Option<&str>;

    /// Whether a parameter of this name stands there more than once.
    fn repeats(&self, _: &str) -> bool {
        false
    }

    /// Whether any does.
    fn is_clear(&self) -> bool {
        true
    }
}

/// `scope`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The methods of the API, for the user who agrees.
    Service,
    /// Signatures of one credential: the token is a SAD.
    Credential(Wish),
    /// A credential made, or its end (2.2).
    Errand(Errand),
}

/// What else an app may ask a user for (2.2, 11.4 and 11.5): the token is good for that alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Errand {
    /// A new credential.
    Create {
        /// `certificatePolicy`, where the app names one.
        policy: Option<String>,
    },
    /// The end of one.
    Delete {
        /// `credentialID`.
        credential: String,
    },
}

impl Errand {
    /// Its `scope`.
    #[must_use]
    pub const fn scope(&self) -> &'static str {
        match self {
            Self::Create { .. } => "credential_creation",
            Self::Delete { .. } => "credential_deletion",
        }
    }

    /// Whether the `authorization_details` of a token request ask for the same again (8.4.4).
    #[must_use]
    pub fn is_repeated_by(&self, json: &str, limits: Limits) -> bool {
        matches!(details::read(json, limits), Ok(Detail::Errand(other)) if other == *self)
    }
}

/// Signatures that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// `credentialID`.
    pub credential: Option<String>,
    /// `signatureQualifier`, where the user shall choose the credential.
    pub qualifier: Option<String>,
    /// `numSignatures`.
    pub signatures: u32,
    /// Hashes to approve; may be empty where the credential is SCAL 1.
    pub list: Vec<Entry>,
    /// What the client calls the documents, in the order of the list.
    pub labels: Vec<Option<String>>,
    /// `description`.
    pub description: Option<String>,
    /// How `authorization_details` were written, where they were used.
    pub details: Option<Details>,
}

/// Which version of the standard a request speaks: the end points have no version in their path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `token_type` of a credential token is `SAD`.
    V1,
    /// It is `Bearer`.
    V2,
}

/// Longest text of a client that is shown to a user, in characters (8.3.2 says so of `description`).
const LONGEST_TEXT: usize = 500;

/// Longest id that is read.
const LONGEST_ID: usize = 64;

impl Scope {
    /// Reads `scope` and what belongs to it. Without `scope` it is `service`, or what `authorization_details` ask for.
    ///
    /// # Errors
    /// `invalid_scope`, `invalid_authorization_details`, or `invalid_request` naming the parameter.
    pub fn read(parameters: &impl Parameters, limits: Limits) -> Result<Self, Fault> {
        let details = parameters.get("authorization_details").map(|text| details::read(text, limits)).transpose()?;
        let flat = Flat::read(parameters, limits)?;
        match (parameters.get("scope"), details) {
            (None | Some("credential"), Some(Detail::Wish(wish))) => flat.agree(*wish).map(Self::Credential),
            (scope, Some(Detail::Errand(errand))) if flat.is_empty() => match scope {
                None | Some("credential") => Ok(Self::Errand(errand)),
                Some(named) if named == errand.scope() => Ok(Self::Errand(errand)),
                Some(_) => Err(error::INVALID_SCOPE),
            },
            (Some("credential"), None) => flat.wish().map(Self::Credential),
            (None | Some("service"), None) if flat.is_empty() => Ok(Self::Service),
            (None | Some("service"), _) => Err(wire::CREDENTIAL_SCOPE),
            (Some(_), _) => Err(error::INVALID_SCOPE),
        }
    }
}

impl Wish {
    /// Whether the `authorization_details` of a token request ask for the same again (8.4.4). Compared as octets: a
    /// client may write a hash in another alphabet.
    #[must_use]
    pub fn is_repeated_by(&self, json: &str, limits: Limits) -> bool {
        let Ok(Detail::Wish(other)) = details::read(json, limits) else { return false };
        self.details.as_ref().map(|details| details.r#type) == other.details.map(|details| details.r#type)
            && (other.credential.is_none() || self.credential == other.credential)
            && self.signatures == other.signatures
            && self.list.iter().map(|entry| &entry.hash).eq(other.list.iter().map(|entry| &entry.hash))
    }
}

impl Dialect {
    /// `hash` is a word of v1 only; `hashes`, qualifiers and `authorization_details` are of v2 only. A request with none
    /// of them says it by PKCE or by having been pushed, which v1 does not know and v2 wants.
    #[must_use]
    pub fn of(parameters: &impl Parameters, pushed: bool) -> Self {
        let any = |names: &[&str]| names.iter().any(|name| parameters.get(name).is_some());
        if any(&["hashes", "signatureQualifier", "authorization_details"]) {
            Self::V2
        } else if any(&["hash"]) || !(pushed || any(&["code_challenge"])) {
            Self::V1
        } else {
            Self::V2
        }
    }
}

/// The flat parameters.
struct Flat {
    credential: Option<String>,
    qualifier: Option<String>,
    signatures: Option<u32>,
    algorithm: Option<HashAlgorithm>,
    hashes: Vec<Bytes>,
    description: Option<String>,
}

impl Flat {
    fn read(parameters: &impl Parameters, limits: Limits) -> Result<Self, Fault> {
        let id = |name, fault: Fault| match parameters.get(name) {
            Some(id) if id.len() > LONGEST_ID || id.contains(char::is_control) => Err(fault),
            found => Ok(found.map(str::to_owned)),
        };
        let hashes = match (parameters.get("hash"), parameters.get("hashes")) {
            (Some(_), Some(_)) => return Err(wire::HASHES),
            (one, other) => one.or(other).map_or(Ok(Vec::new()), |list| hashes(list, limits))?,
        };
        let algorithm = parameters.get("hashAlgorithmOID").map(sign_algo::hash).transpose();
        let description = parameters.get("description").map(text).transpose();
        Ok(Self {
            credential: id("credentialID", error::CREDENTIAL)?,
            qualifier: id("signatureQualifier", wire::QUALIFIER)?,
            signatures: parameters.get("numSignatures").map(signatures).transpose()?,
            algorithm: algorithm.map_err(|_| wire::HASH_ALGORITHM)?,
            hashes,
            description: description.map_err(|TooLong| wire::DESCRIPTION)?,
        })
    }

    const fn is_empty(&self) -> bool {
        self.credential.is_none() && self.qualifier.is_none() && self.signatures.is_none() && self.hashes.is_empty()
    }

    /// What the flat parameters ask for by themselves.
    fn wish(self) -> Result<Wish, Fault> {
        if self.credential.is_none() && self.qualifier.is_none() {
            return Err(wire::CREDENTIAL_MISSING);
        }
        let count = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        let signatures = match self.signatures {
            Some(signatures) if count > signatures => return Err(error::SIGNATURES_VALUE),
            Some(signatures) => signatures,
            None if count > 0 => count,
            None => return Err(wire::SIGNATURES_MISSING),
        };
        let entry = |hash| entry(EntryType::Untyped, self.algorithm, hash, None);
        let list = self.hashes.into_iter().map(entry).collect::<Result<Vec<_>, _>>().map_err(|BadHash| wire::HASHES)?;
        // A list has one hash function; where none is named, the length of its digests tells it.
        if !list.is_empty() && List::registered(&list).is_err() {
            return Err(wire::HASHES);
        }
        Ok(Wish {
            credential: self.credential,
            qualifier: self.qualifier,
            signatures,
            labels: vec![None; list.len()],
            list,
            description: self.description,
            details: None,
        })
    }

    /// What `authorization_details` ask for, if the flat parameters say nothing else.
    fn agree(self, wish: Wish) -> Result<Wish, Fault> {
        fn agrees<T: PartialEq>(flat: Option<&T>, detail: Option<&T>) -> bool {
            flat.is_none() || flat == detail
        }
        let algorithms: Vec<_> = wish.list.iter().filter_map(|entry| entry.algorithm).collect();
        let same = agrees(self.credential.as_ref(), wish.credential.as_ref())
            && agrees(self.qualifier.as_ref(), wish.qualifier.as_ref())
            && agrees(self.signatures.as_ref(), Some(&wish.signatures))
            && self.algorithm.is_none_or(|flat| algorithms.iter().all(|algorithm| *algorithm == flat))
            && (self.hashes.is_empty() || self.hashes.iter().eq(wish.list.iter().map(|entry| &entry.hash)));
        if same { Ok(Wish { description: self.description, ..wish }) } else { Err(wire::CONTRADICTION) }
    }
}

fn signatures(text: &str) -> Result<u32, Fault> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    match text.parse() {
        Ok(0) | Err(_) => Err(error::SIGNATURES_VALUE),
        Ok(signatures) if digits => Ok(signatures),
        Ok(_) => Err(error::SIGNATURES_VALUE),
    }
}

/// Base64url by the standard, comma-separated; Base64 is read too, padded or not (clients.md 2m, rule 6).
fn hashes(list: &str, limits: Limits) -> Result<Vec<Bytes>, Fault> {
    let hashes: Result<Vec<_>, _> = list.split(',').take(limits.hashes + 1).map(decode).collect();
    hashes.ok().filter(|hashes| hashes.len() <= limits.hashes).ok_or(wire::HASHES)
}

/// What is no hash.
#[derive(Debug)]
struct BadHash;

fn decode(text: &str) -> Result<Bytes, BadHash> {
    let bare = text.trim().trim_end_matches('=').as_bytes();
    let octets = BASE64URL_NOPAD.decode(bare).or_else(|_| BASE64_NOPAD.decode(bare));
    octets.ok().filter(|octets| !octets.is_empty()).map(Bytes).ok_or(BadHash)
}

fn entry(
    r#type: EntryType,
    algorithm: Option<HashAlgorithm>,
    hash: Bytes,
    label: Option<&str>,
) -> Result<Entry, BadHash> {
    let fits = match algorithm {
        Some(algorithm) => hash.len() == algorithm.len(),
        None => HashAlgorithm::ALL.iter().any(|algorithm| hash.len() == algorithm.len()),
    };
    let label = label.map(|label| Bytes(label_digest(label).to_vec()));
    if fits { Ok(Entry { r#type, algorithm, hash, label }) } else { Err(BadHash) }
}

/// More than a user would read.
#[derive(Debug)]
pub(super) struct TooLong;

/// A client's words as they are shown to a user: what does not print, or turns the direction of writing around, is
/// left out.
pub(super) fn text(words: &str) -> Result<String, TooLong> {
    let shown: String = words.chars().filter(|c| !deceives(*c)).collect();
    if shown.chars().count() <= LONGEST_TEXT { Ok(shown) } else { Err(TooLong) }
}

/// Control and format characters, but for the joiners that Arabic, Indic scripts and emoji are written with.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
