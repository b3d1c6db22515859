//! `authorization_details` (RFC 9396; csc.md 3.5): types `credential` of 2.0 and its 2025 URI of 2.2.

use serde::{Deserialize, Serialize};

use super::{BadHash, Errand, LONGEST_ID, Limits, Wish, decode, entry, text};
use crate::bytes::Bytes;
use crate::error::{Fault, oauth2 as wire};
use crate::json::{Object, Value};
use crate::sign_algo;
use crate::signer::EntryType;

/// What has to be said again when it is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Under which name it was asked for.
    pub r#type: Type,
    /// `hashAlgorithmOID`, as it came.
    pub algorithm: String,
    /// `locations`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    /// 2.0.0.2 and 2.1.
    #[serde(rename = "credential")]
    Credential,
    /// 2.2.
    #[serde(rename = "https://cloudsignatureconsortium.org/2025/credential")]
    Credential2025,
}

impl Type {
    fn read(name: &str) -> Option<Self> {
        match name {
            "credential" => Some(Self::Credential),
            "https://cloudsignatureconsortium.org/2025/credential" => Some(Self::Credential2025),
            _ => None,
        }
    }
}

const DEPTH: usize = 8;

/// Most `locations`, and most characters of one.
const LOCATIONS: (usize, usize) = (8, 500);

/// What one object asks for.
#[derive(Debug)]
pub(super) enum Detail {
    /// Signatures.
    Wish(Box<Wish>),
    /// A credential made, or its end.
    Errand(Errand),
}

/// Types of 2.2 that are no signatures.
const CREATION: &str = "https://cloudsignatureconsortium.org/2025/credential-creation";
const DELETION: &str = "https://cloudsignatureconsortium.org/2025/credential-deletion";

/// One object, alone or in an array: more would be more than one SAD.
pub(super) fn read(json: &str, limits: Limits) -> Result<Detail, Fault> {
    match Value::parse(json.as_bytes(), DEPTH).map_err(|_| wire::DETAILS)? {
        Value::Object(object) => detail(&object, limits),
        Value::Array(items) => match items.as_slice() {
            [Value::Object(object)] => detail(object, limits),
            _ => Err(wire::DETAILS),
        },
        _ => Err(wire::DETAILS),
    }
}

fn detail(object: &Object<'_>, limits: Limits) -> Result<Detail, Fault> {
    Ok(match object.get("type").and_then(Value::text) {
        Some(CREATION) => Detail::Errand(Errand::Create { policy: policy(object)? }),
        Some(DELETION) => {
            let credential = id(object, "credentialID")?.ok_or(wire::DETAILS)?;
            Detail::Errand(Errand::Delete { credential })
        }
        _ => Detail::Wish(Box::new(wish(object, limits)?)),
    })
}

/// `certificatePolicy` of `credentialCreationRequest`. What is said of the subject the service knows better.
fn policy(object: &Object<'_>) -> Result<Option<String>, Fault> {
    let request = match object.get("credentialCreationRequest") {
        None => return Ok(None),
        Some(Value::Object(request)) => request,
        Some(_) => return Err(wire::DETAILS),
    };
    match request.get("certificatePolicy") {
        None => Ok(None),
        Some(Value::Text(oid)) if oid.len() <= LONGEST_ID => Ok(Some(oid.to_string())),
        Some(_) => Err(wire::DETAILS),
    }
}

fn wish(object: &Object<'_>, limits: Limits) -> Result<Wish, Fault> {
    let r#type = object.get("type").and_then(Value::text).and_then(Type::read).ok_or(wire::DETAILS_TYPE)?;
    let (credential, qualifier) = (id(object, "credentialID")?, id(object, "signatureQualifier")?);
    if credential.is_none() && qualifier.is_none() {
        return Err(wire::DETAILS);
    }
    let oid = object.get("hashAlgorithmOID").and_then(Value::text).ok_or(wire::DETAILS)?;
    let algorithm = sign_algo::hash(oid).map_err(|_| wire::DETAILS)?;
    let Some(Value::Array(digests)) = object.get("documentDigests") else { return Err(wire::DETAILS) };
    if digests.is_empty() || digests.len() > limits.hashes {
        return Err(wire::DETAILS);
    }
    let (mut list, mut labels) = (Vec::with_capacity(digests.len()), Vec::with_capacity(digests.len()));
    for digest in digests {
        let Value::Object(digest) = digest else { return Err(wire::DETAILS) };
        let hash = digest.get("hash").and_then(Value::text).ok_or(wire::DETAILS)?;
        let label = label(digest)?;
        let entry = decode(hash).and_then(|hash| entry(kind(digest, r#type)?, Some(algorithm), hash, label.as_deref()));
        list.push(entry.map_err(|BadHash| wire::DETAILS)?);
        labels.push(label);
    }
    let signatures = signatures(object, list.len())?;
    let details = Details { r#type, algorithm: oid.to_owned(), locations: locations(object)? };
    Ok(Wish { credential, qualifier, signatures, list, labels, description: None, details: Some(details) })
}

fn id(object: &Object<'_>, name: &str) -> Result<Option<String>, Fault> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::Text(id)) if id.len() <= LONGEST_ID && !id.contains(char::is_control) => Ok(Some(id.to_string())),
        Some(_) => Err(wire::DETAILS),
    }
}

/// 2.0 has no such member: the number of digests is the count.
fn signatures(object: &Object<'_>, count: usize) -> Result<u32, Fault> {
    let count = u32::try_from(count).map_err(|_| wire::DETAILS)?;
    match object.get("numSignatures") {
        None => Ok(count),
        Some(Value::Integer(signatures)) => {
            u32::try_from(*signatures).ok().filter(|signatures| *signatures >= count).ok_or(wire::DETAILS)
        }
        Some(_) => Err(wire::DETAILS),
    }
}

/// `hashType`, in any case. Without it, 2.2 means data to be signed; 2.0 has no types (DESIGN 4).
fn kind(digest: &Object<'_>, r#type: Type) -> Result<EntryType, BadHash> {
    match digest.get("hashType").map(|kind| kind.text().map(str::to_ascii_lowercase)) {
        None => Ok(match r#type {
            Type::Credential => EntryType::Untyped,
            Type::Credential2025 => EntryType::Dtbsr,
        }),
        Some(Some(kind)) => match kind.as_str() {
            "dtbsr" => Ok(EntryType::Dtbsr),
            "sdr" => Ok(EntryType::Sdr),
            "sodr" => Ok(EntryType::Sodr),
            _ => Err(BadHash),
        },
        Some(None) => Err(BadHash),
    }
}

fn label(digest: &Object<'_>) -> Result<Option<String>, Fault> {
    match digest.get("label") {
        None => Ok(None),
        Some(Value::Text(label)) => text(label).map(Some).map_err(|_| wire::DETAILS),
        Some(_) => Err(wire::DETAILS),
    }
}

fn locations(object: &Object<'_>) -> Result<Vec<String>, Fault> {
    let Some(locations) = object.get("locations") else { return Ok(Vec::new()) };
    let Value::Array(items) = locations else { return Err(wire::DETAILS) };
    let (most, longest) = LOCATIONS;
    let read = |item: &Value<'_>| item.text().filter(|text| text.len() <= longest).map(str::to_owned);
    let read: Option<Vec<_>> = items.iter().map(read).collect();
    read.filter(|locations| locations.len() <= most).ok_or(wire::DETAILS)
}

/// What was granted, in the answer of `oauth2/token` (RFC 9396, 7).
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Granted {
    /// Signatures.
    Signatures(GrantedDetails),
    /// A credential made, or its end.
    Errand(GrantedErrand),
}

/// Which credential was made, or is to end.
#[derive(Debug, Serialize)]
pub struct GrantedErrand {
    r#type: &'static str,
    #[serde(rename = "credentialID")]
    credential: String,
}

impl GrantedErrand {
    /// Of an errand for this credential.
    #[must_use]
    pub fn of(errand: &Errand, credential: &str) -> Self {
        let r#type = match errand {
            Errand::Create { .. } => CREATION,
            Errand::Delete { .. } => DELETION,
        };
        Self { r#type, credential: credential.to_owned() }
    }
}

/// What was granted, in the answer of `oauth2/token`: everything the EUDI library insists on (clients.md 2c).
#[derive(Debug, Serialize)]
pub struct GrantedDetails {
    r#type: Type,
    #[serde(rename = "credentialID")]
    credential: String,
    #[serde(rename = "signatureQualifier", skip_serializing_if = "Option::is_none")]
    qualifier: Option<String>,
    #[serde(rename = "numSignatures")]
    signatures: u32,
    #[serde(rename = "documentDigests")]
    digests: Vec<GrantedDigest>,
    #[serde(rename = "hashAlgorithmOID")]
    algorithm: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GrantedDigest {
    hash: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(rename = "hashType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

impl GrantedDetails {
    /// Of a wish that came as `authorization_details`, with the credential the user chose.
    #[must_use]
    pub fn of(wish: &Wish, credential: &str) -> Option<Self> {
        let Details { r#type, algorithm, locations } = wish.details.clone()?;
        let labels = wish.labels.iter().cloned().chain(std::iter::repeat(None));
        let digest = |(entry, label): (&crate::signer::Entry, _)| GrantedDigest {
            hash: entry.hash.clone(),
            label,
            kind: match entry.r#type {
                EntryType::Untyped => None,
                EntryType::Dtbsr => Some("DTBSR"),
                EntryType::Sdr => Some("SDR"),
                EntryType::Sodr => Some("SODR"),
            },
        };
        Some(Self {
            r#type,
            credential: credential.to_owned(),
            qualifier: wish.qualifier.clone(),
            signatures: wish.signatures,
            digests: wish.list.iter().zip(labels).map(digest).collect(),
            algorithm,
            locations,
        })
    }
}
