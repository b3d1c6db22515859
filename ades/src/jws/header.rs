//! The protected header of a JAdES B-B signature, and what it says of the document (TS 119 182-1, 5.1 and 5.2).

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use rsign_api::algorithm::HashAlgorithm;
use serde::Serialize;

use super::{Content, Error, Said, algorithm};
use crate::{Signatory, digest};

/// Members in the order in which they are written.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
    /// Seconds since 1970 (RFC 7519, 4.1.6).
    iat: u64,
    #[serde(flatten)]
    certificate: Thumbprint,
    /// Base64, not Base64url (RFC 7515, 4.1.6).
    x5c: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64: Option<bool>,
    #[serde(flatten)]
    said: &'a Said,
    #[serde(rename = "sigD", skip_serializing_if = "Option::is_none")]
    detached: Option<Detached<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crit: Vec<&'static str>,
}

/// Which certificate is the signer's: `x5t#S256` if the hash function is SHA-256, else `x5t#o` (5.1.7, 5.2.2.2).
#[derive(Serialize)]
enum Thumbprint {
    #[serde(rename = "x5t#S256")]
    Sha256(String),
    #[serde(rename = "x5t#o", rename_all = "camelCase")]
    Other { dig_alg: &'static str, dig_val: String },
}

/// `sigD` with one object, by `ObjectIdByURIHash` (5.2.8.3.3).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detached<'a> {
    m_id: &'static str,
    pars: [&'a str; 1],
    hash_m: &'static str,
    hash_v: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    ctys: Option<[&'a str; 1]>,
}

pub(super) fn protected(
    content: &Content<'_>,
    said: &Said,
    signing_time: SystemTime,
    signatory: &Signatory,
) -> Result<String, Error> {
    let alg = algorithm::name(signatory)?;
    let iat = signing_time.duration_since(UNIX_EPOCH).map_err(|_| Error::Time)?.as_secs();
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    let mut header = Header {
        alg,
        cty: None,
        iat,
        certificate: thumbprint(signatory.scheme.hash(), certificate),
        x5c: signatory.chain.iter().map(|certificate| BASE64.encode(certificate)).collect(),
        b64: None,
        said,
        detached: None,
        crit: said.names().collect(),
    };
    let said = said.media_type.as_deref();
    if let Thumbprint::Other { .. } = header.certificate {
        header.crit.push("x5t#o");
    }
    match *content {
        Content::Attached { media_type, .. } => header.cty = media_type.or(said).map(short),
        Content::Detached { name, digest, media_type } => {
            // With `b64` true the digest would have to be of the document's Base64url.
            header.b64 = Some(false);
            header.detached = Some(detached(signatory.scheme.hash(), name, digest, media_type.or(said))?);
            header.crit.extend(["sigD", "b64"]);
        }
        Content::Parallel(signed) => {
            header.cty = said.or(signed.content_type()).map(short);
        }
    }
    // None of the values can fail to become JSON.
    Ok(BASE64URL_NOPAD.encode(&serde_json::to_vec(&header).map_err(|_| Error::Time)?))
}

fn thumbprint(hash: HashAlgorithm, certificate: &[u8]) -> Thumbprint {
    let dig_val = BASE64URL_NOPAD.encode(&digest(hash, certificate));
    match hash {
        HashAlgorithm::Sha256 => Thumbprint::Sha256(dig_val),
        _ => Thumbprint::Other { dig_alg: algorithm::hash(hash), dig_val },
    }
}

fn detached<'a>(
    hash: HashAlgorithm,
    name: &'a str,
    digest: &[u8],
    media_type: Option<&'a str>,
) -> Result<Detached<'a>, Error> {
    if digest.len() != hash.len() {
        return Err(Error::Digest);
    }
    Ok(Detached {
        m_id: "http://uri.etsi.org/19182/ObjectIdByURIHash",
        pars: [name],
        hash_m: algorithm::hash(hash),
        hash_v: [BASE64URL_NOPAD.encode(digest)],
        ctys: media_type.map(|one| [short(one)]),
    })
}

/// `application/` may be left out, and should be, where nothing else has a slash (RFC 7515, 4.1.10).
fn short(media_type: &str) -> &str {
    media_type.strip_prefix("application/").filter(|rest| !rest.contains('/')).unwrap_or(media_type)
}
