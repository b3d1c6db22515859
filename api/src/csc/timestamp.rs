//! `signatures/timestamp` (11.10 in 1.0.4.0, 11.13 in 2.0.0.2): the member names are the same in all versions.

use data_encoding::BASE64;
use serde::Serialize;

use super::Ask;
use crate::algorithm::HashAlgorithm;
use crate::bytes::Bytes;
use crate::error::{self, Fault};
use crate::sign_algo;

/// What shall be stamped.
#[derive(Debug)]
pub struct Stampable {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash, as long as the function says.
    pub hash: Vec<u8>,
    /// What the client wants to find in the token, big-endian.
    pub nonce: Option<Vec<u8>>,
}

/// Most hexadecimal digits of a nonce.
const LONGEST_NONCE: usize = 64;

impl Ask<'_> {
    /// The rows of the table; the length of a hash can only be judged once its function is known.
    ///
    /// # Errors
    /// The table's sentences.
    pub fn stampable(&self) -> Result<Stampable, Fault> {
        let hash = self.string("hash").ok_or(error::STAMP_HASH_MISSING)?;
        if hash.is_empty() {
            return Err(error::STAMP_HASH_EMPTY);
        }
        let hash = BASE64.decode(hash.as_bytes()).map_err(|_| error::HASH_BASE64)?;
        let algorithm = self.hash_algorithm().and_then(|named| sign_algo::hash(named).ok());
        let algorithm = algorithm.ok_or(error::STAMP_HASH_ALGO)?;
        if hash.len() != algorithm.len() {
            return Err(error::DIGEST_LENGTH);
        }
        Ok(Stampable { algorithm, hash, nonce: self.nonce()? })
    }

    /// A string of hexadecimal digits.
    fn nonce(&self) -> Result<Option<Vec<u8>>, Fault> {
        let Some(nonce) = self.body.get("nonce") else { return Ok(None) };
        let digits = nonce.text().filter(|digits| (1..=LONGEST_NONCE).contains(&digits.len())).ok_or(error::NONCE)?;
        let even = format!("{}{digits}", if digits.len().is_multiple_of(2) { "" } else { "0" });
        data_encoding::HEXLOWER_PERMISSIVE.decode(even.as_bytes()).map(Some).map_err(|_| error::NONCE)
    }
}

/// Answer of `signatures/timestamp`.
#[derive(Debug, Serialize)]
pub struct Stamp {
    /// The `TimeStampToken` (RFC 3161).
    pub timestamp: Bytes,
}
