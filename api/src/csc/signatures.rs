//! `signatures/signHash` (11.9 in 1.0.4.0, 11.10 in 2.0.0.2) and `signatures/signPolling` (11.12 in 2.0.0.2).

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

    /// `operationMode`, and with A what belongs to it; with S `validity_period` and `response_uri` are ignored.
    ///
    /// # Errors
    /// The table's sentences.
    pub fn mode(&self, bounds: &Validities) -> Result<Mode, Fault> {
        match self.body.get("operationMode").map(Value::text) {
            None | Some(Some("S")) => return Ok(Mode::Synchronous),
            Some(Some("A")) => {}
            Some(_) => return Err(error::OPERATION_MODE),
        }
        let validity = match self.body.get("validity_period") {
            None => bounds.usual,
            Some(Value::Integer(asked)) => u64::try_from(*asked).map_err(|_| error::VALIDITY_PERIOD_BOUNDS)?,
            Some(_) => return Err(error::VALIDITY_PERIOD),
        };
        if !(bounds.shortest..=bounds.longest).contains(&validity) {
            return Err(error::VALIDITY_PERIOD_BOUNDS);
        }
        let response_uri = match self.body.get("response_uri") {
            None => None,
            Some(Value::Text(uri)) => Some(uri.clone().into_owned()),
            Some(_) => return Err(error::RESPONSE_URI),
        };
        Ok(Mode::Asynchronous(Deferral { validity, response_uri }))
    }

    /// `requestID` of `signPolling`.
    ///
    /// # Errors
    /// Missing, or no string.
    pub fn polled(&self) -> Result<&str, Fault> {
        self.string("requestID").ok_or(error::REQUEST_MISSING)
    }

    /// `userID` of `signPolling`; what is no string names nobody.
    #[must_use]
    pub fn polled_user(&self) -> Option<&str> {
        self.body.get("userID").map(|user| user.text().unwrap_or_default())
    }

    /// `signPolling` checks the type of `clientData` whatever the version.
    ///
    /// # Errors
    /// No string.
    pub fn polled_client_data(&self) -> Result<(), Fault> {
        match self.body.get("clientData") {
            Some(Value::Text(_)) | None => Ok(()),
            Some(_) => Err(error::CLIENT_DATA),
        }
    }
}

/// Between what bounds `validity_period` lies, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Validities {
    /// Least.
    pub shortest: u64,
    /// Most.
    pub longest: u64,
    /// Where a request names none.
    pub usual: u64,
}

/// When signatures are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// With the answer.
    Synchronous,
    /// Later, by polling.
    Asynchronous(Deferral),
}

/// What belongs to `operationMode` A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// How long they can be fetched, milliseconds.
    pub validity: u64,
    /// Whom to tell when they are there.
    pub response_uri: Option<String>,
}

/// Answer of `signHash`.
#[derive(Debug, Serialize)]
pub struct Signatures {
    /// In the order of the hashes.
    pub signatures: Vec<Bytes>,
}

/// Answer of `signHash` with `operationMode` A.
#[derive(Debug, Serialize)]
pub struct Deferred {
    /// What `signPolling` takes as `requestID`.
    #[serde(rename = "responseID")]
    pub response: String,
}
