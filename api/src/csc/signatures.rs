//! `signatures/signHash` (11.9 in 1.0.4.0, 11.10 in 2.0.0.2).

use serde::Serialize;

use super::Ask;
use crate::algorithm::{KeyType, Scheme};
use crate::bytes::Bytes;
use crate::error::{self, Fault};
use crate::json::Value;
use crate::sign_algo::Named;
use crate::version::Version;

/// What shall be signed, and how.
#[derive(Debug)]
pub struct Digests {
    /// The scheme.
    pub scheme: Scheme,
    /// The digests, each as long as the scheme's hash function says.
    pub hashes: Vec<Bytes>,
}

impl Ask<'_> {
    /// Everything after `SAD` and `credentialID`, in the order of the table.
    ///
    /// # Errors
    /// The table's sentences.
    pub fn digests(&self, key: KeyType) -> Result<Digests, Fault> {
        let hashes = self.hashes()?;
        let algorithm = self.string("signAlgo").ok_or(error::SIGN_ALGO_MISSING)?;
        let named = Named { algorithm, params: self.string("signAlgoParams"), hash: self.hash_algorithm() };
        let scheme = named.scheme(key)?;
        self.client_data()?;
        if hashes.iter().any(|hash| hash.len() != scheme.hash().len()) {
            return Err(error::DIGEST_LENGTH);
        }
        self.synchronous()?;
        Ok(Digests { scheme, hashes })
    }

    /// v1 checks the type of `clientData`, v2 has no such row.
    fn client_data(&self) -> Result<(), Fault> {
        match self.body.get("clientData") {
            Some(Value::Text(_)) | None => Ok(()),
            Some(_) if self.version == Version::V1 => Err(error::CLIENT_DATA),
            Some(_) => Ok(()),
        }
    }

    /// `operationMode` S only; `validity_period` and `response_uri` belong to A and are ignored.
    fn synchronous(&self) -> Result<(), Fault> {
        match self.body.get("operationMode").map(Value::text) {
            None | Some(Some("S")) => Ok(()),
            Some(_) => Err(error::OPERATION_MODE),
        }
    }
}

/// Answer of `signHash`.
#[derive(Debug, Serialize)]
pub struct Signatures {
    /// In the order of the hashes.
    pub signatures: Vec<Bytes>,
}
