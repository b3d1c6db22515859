//! One check's connection to the service: calls, tokens, authorizations to sign, and a transcript of its own.

mod activation;
mod answer;
mod exchange;
mod http;
mod row;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use crate::algorithm::{Hash, Way};
use crate::check::{Need, Stop, Version};
use crate::profile::{Credential, Profile};
use crate::verify::PublicKey;

pub(crate) use activation::{Sad, signatures};
pub(crate) use answer::Answer;
pub use exchange::Exchange;
pub(crate) use exchange::Mask;
pub(crate) use http::{Ask, client};
pub(crate) use row::{Expected, Rows};
pub(crate) use tokens::{Code, finish, metadata_url, with};

/// What all checks of a run share: where the service is, and who asks.
pub(crate) struct Shared {
    pub(crate) profile: Profile,
    pub(crate) version: Version,
    /// With the version, without a slash at the end.
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    /// What `info` said; null where it said nothing.
    pub(crate) info: Value,
    pub(crate) mask: Mask,
    /// The one service token that checks share which leave it as it is.
    pub(crate) token: tokio::sync::Mutex<Option<String>>,
    /// Why the profile's PIN is not tried again, once the service refused it: nothing is to be locked.
    pub(crate) refused: OnceLock<String>,
    /// Makes what is signed in this run differ from what was signed in others.
    pub(crate) seed: String,
    pub(crate) counter: AtomicU64,
}

/// One check's.
pub struct Session {
    pub(crate) shared: std::sync::Arc<Shared>,
    seen: Mutex<Vec<Exchange>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("base", &self.shared.base).finish_non_exhaustive()
    }
}

/// A credential and what the service says of it.
pub(crate) struct Described<'a> {
    pub(crate) credential: &'a Credential,
    pub(crate) info: Value,
    pub(crate) key: PublicKey,
}

impl Session {
    pub(crate) const fn new(shared: std::sync::Arc<Shared>) -> Self {
        Self { shared, seen: Mutex::new(Vec::new()) }
    }

    /// Everything that was asked and answered, in order.
    pub(crate) fn transcript(self) -> Vec<Exchange> {
        self.seen.into_inner().unwrap_or_default()
    }

    pub(crate) fn version(&self) -> Version {
        self.shared.version
    }

    pub(crate) fn is_v1(&self) -> bool {
        self.shared.version == Version::V1
    }

    pub(crate) fn info(&self) -> &Value {
        &self.shared.info
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.shared.profile
    }

    /// Whether `info` names this method.
    pub(crate) fn offers(&self, method: &str) -> bool {
        self.names("methods", method)
    }

    /// Whether `info` names this way of authorization.
    pub(crate) fn auth_type(&self, kind: &str) -> bool {
        self.names("authType", kind)
    }

    fn names(&self, member: &str, name: &str) -> bool {
        self.info()[member].as_array().is_some_and(|names| names.iter().any(|known| known == name))
    }

    /// Whether what a check needs is there.
    pub(crate) fn meets(&self, need: Need) -> Result<(), Stop> {
        let lacks = |what: &str| Err(Stop::NotChecked(format!("the profile names no {what}")));
        match need {
            Need::Method(name) if !self.offers(name) => {
                Err(Stop::NotApplicable(format!("info does not name {name} in methods")))
            }
            Need::Client if !self.auth_type("oauth2client") && !self.auth_type("oauth2code") => {
                Err(Stop::NotApplicable("info names no OAuth 2.0 in authType".to_owned()))
            }
            Need::Client if self.profile().client.is_none() => lacks("client"),
            Need::Login if !self.auth_type("basic") => {
                Err(Stop::NotApplicable("info does not name basic in authType".to_owned()))
            }
            Need::Login if self.profile().login.is_none() => lacks("login"),
            Need::Implicit if self.profile().implicit.is_none() => lacks("implicit credential"),
            Need::Coded if self.profile().coded.is_empty() => lacks("coded credential"),
            Need::Lifecycle if self.profile().lifecycle.is_none() => lacks("lifecycle"),
            Need::Credential if self.profile().credentials.is_empty() => lacks("credentials"),
            _ => Ok(()),
        }
    }

    /// The first credential of the profile.
    pub(crate) fn credential(&self) -> Result<&Credential, Stop> {
        let first = self.profile().credentials.first();
        first.ok_or_else(|| Stop::NotChecked("the profile names no credentials".to_owned()))
    }

    /// Another one of the same user.
    pub(crate) fn other_credential(&self) -> Result<&Credential, Stop> {
        let second = self.profile().credentials.get(1);
        second.ok_or_else(|| Stop::NotChecked("the profile names no second credential of the same user".to_owned()))
    }

    /// So many different digests nobody had before.
    pub(crate) fn digests(&self, hash: Hash, count: usize) -> Vec<Vec<u8>> {
        let next = || self.shared.counter.fetch_add(1, Ordering::Relaxed);
        (0..count)
            .map(|_| hash.digest(format!("rsign conformance {} {}", self.shared.seed, next()).as_bytes()))
            .collect()
    }

    /// A text nobody had before.
    pub(crate) fn nonce(&self) -> String {
        let next = self.shared.counter.fetch_add(1, Ordering::Relaxed);
        format!("{}{next}", self.shared.seed)
    }

    /// What the service says of a credential, and its public key.
    pub(crate) async fn describe<'a>(&self, credential: &'a Credential) -> Result<Described<'a>, Stop> {
        let ask = json!({ "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true });
        let info = self.call("credentials/info", &ask).await?.ok()?.clone();
        let der = info["cert"]["certificates"][0].as_str().and_then(|text| base64(text).ok());
        let der = der.ok_or_else(|| Stop::Wrong("credentials/info shows no certificate in Base64".to_owned()))?;
        let key = PublicKey::of_certificate(&der).map_err(Stop::Wrong)?;
        Ok(Described { credential, info, key })
    }
}

impl Described<'_> {
    /// OIDs of `key.algo`.
    pub(crate) fn algorithms(&self) -> Vec<&str> {
        let named = self.info["key"]["algo"].as_array();
        named.map(|oids| oids.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// The way most apps ask: SHA-256, with the function in the algorithm's name if there is such a one.
    pub(crate) fn usual(&self) -> Result<Way, Stop> {
        let ways: Vec<Way> = self.algorithms().into_iter().flat_map(Way::of).collect();
        let rank = |way: &&Way| (way.hash != Hash::Sha256, way.names_hash, way.params.is_some());
        let best = ways.iter().min_by_key(rank).cloned();
        best.ok_or_else(|| Stop::NotChecked("this checker knows none of the algorithms in key.algo".to_owned()))
    }

    /// Most signatures of one authorization.
    pub(crate) fn multisign(&self) -> u64 {
        self.info["multisign"].as_u64().unwrap_or(1)
    }

    /// Whether hashes have to be named when signing is authorized.
    pub(crate) fn is_scal2(&self) -> bool {
        self.info["SCAL"] == "2"
    }
}

/// Standard Base64, padded, in one line (RFC 4648, 4).
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, String> {
    data_encoding::BASE64.decode(text.as_bytes()).map_err(|error| format!("no standard Base64: {error}"))
}
