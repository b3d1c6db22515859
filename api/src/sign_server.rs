//! The one call of SignServer's REST interface that its clients need (`/rest/v1/workers/{id}/process`): a hash in, a
//! signature out (clients.md 2k).

use data_encoding::BASE64;
use serde::Serialize;

use crate::algorithm::HashAlgorithm;
use crate::bytes::Bytes;
use crate::json::{Object, Value};

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not JSON, or a member is missing or of another type.
    #[error("the request is malformed")]
    Malformed,
    /// Whole documents are not taken.
    #[error("USING_CLIENTSUPPLIED_HASH must be true, with CLIENTSIDE_HASHDIGESTALGORITHM")]
    NoHash,
    /// No hash function of ours.
    #[error("the hash function is not supported")]
    Algorithm,
    /// Not as long as the function says.
    #[error("the hash has the wrong length")]
    Length,
}

/// What shall be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub hash: Vec<u8>,
}

/// SHA-256 of nothing: what clients send to learn the certificate.
const NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

impl Process {
    /// Reads a body.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn parse(body: &[u8], depth: usize) -> Result<Self, Unfit> {
        let body = Object::parse(body, depth).map_err(|_| Unfit::Malformed)?;
        let text = |name| body.get(name).and_then(Value::text);
        let Some(Value::Object(meta)) = body.get("metaData") else { return Err(Unfit::NoHash) };
        let meta = |name| meta.get(name).and_then(Value::text);
        let algorithm = match (meta("USING_CLIENTSUPPLIED_HASH"), meta("CLIENTSIDE_HASHDIGESTALGORITHM")) {
            (Some("true"), Some(named)) => algorithm(named).ok_or(Unfit::Algorithm)?,
            _ => return Err(Unfit::NoHash),
        };
        let data = text("data").filter(|_| text("encoding") == Some("BASE64")).ok_or(Unfit::Malformed)?;
        let hash = BASE64.decode(data.as_bytes()).map_err(|_| Unfit::Malformed)?;
        if hash.len() == algorithm.len() { Ok(Self { algorithm, hash }) } else { Err(Unfit::Length) }
    }

    /// Whether only the certificate is wanted. So nobody signs an empty file this way.
    #[must_use]
    pub fn asks_for_the_certificate(&self) -> bool {
        self.algorithm == HashAlgorithm::Sha256 && self.hash == NOTHING
    }
}

/// By the names of the Java platform.
fn algorithm(named: &str) -> Option<HashAlgorithm> {
    match named {
        "SHA-256" => Some(HashAlgorithm::Sha256),
        "SHA-384" => Some(HashAlgorithm::Sha384),
        "SHA-512" => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Processed {
    /// The signature; empty where only the certificate was wanted.
    pub data: Bytes,
    /// What it verifies with, DER.
    #[serde(rename = "signerCertificate")]
    pub certificate: Bytes,
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    fn body(data: &str, algorithm: &str) -> String {
        let meta = format!(r#"{{"USING_CLIENTSUPPLIED_HASH":"true","CLIENTSIDE_HASHDIGESTALGORITHM":"{algorithm}"}}"#);
        format!(r#"{{"data":"{data}","encoding":"BASE64","metaData":{meta}}}"#)
    }

    #[test]
    fn a_hash_and_nothing_else() {
        let nothing = BASE64.encode(&sha2::Sha256::digest(b""));
        let parsed = Process::parse(body(&nothing, "SHA-256").as_bytes(), 4).unwrap();
        assert!(parsed.asks_for_the_certificate());
        let something = BASE64.encode(&sha2::Sha256::digest(b"x"));
        assert!(!Process::parse(body(&something, "SHA-256").as_bytes(), 4).unwrap().asks_for_the_certificate());
        for (body, fault) in [
            (body(&nothing, "SHA-1"), Unfit::Algorithm),
            (body(&nothing, "SHA-512"), Unfit::Length),
            (body("?", "SHA-256"), Unfit::Malformed),
            (body(&nothing, "SHA-256").replace("BASE64", "NONE"), Unfit::Malformed),
            (body(&nothing, "SHA-256").replace("\"true\"", "\"false\""), Unfit::NoHash),
            (r#"{"data":"x"}"#.to_owned(), Unfit::NoHash),
            ("[]".to_owned(), Unfit::Malformed),
        ] {
            assert_eq!(Process::parse(body.as_bytes(), 4), Err(fault), "{body}");
        }
    }
}
