//! Signed requests (RFC 9101): where a client signs, no gateway can tell page and signer alike that it asked for
//! something else.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::channel::list::List;
use rsign_api::csc::Limits;
use rsign_api::csc::authorization::{Parameters as _, Scope};
use rsign_api::csc::request_object::RequestObject;
use rsign_api::json::Value;
use rsign_api::signer::{Entry, Operation, Registration};
use sha2::{Digest as _, Sha256, Sha384};

use super::super::{Error, Result, Signer};
use crate::certificate::{spki, verify};
use crate::clients::Standing;
use crate::hsm::ecdsa;
use crate::sad::MAX_ENTRIES;

/// How long a signed request may be good, and how far a client's clock may be off, seconds: as at the gateway.
const LONGEST_LIFE: i64 = 3600;
const SKEW: i64 = 10;

const LIMITS: Limits = Limits { depth: 16, hashes: MAX_ENTRIES };

/// Why what was registered is not what the client asked for.
type Judged = std::result::Result<(), &'static str>;

impl Signer {
    /// Whether a transaction may be, as far as its client has a say: one that approves hashes is what the client
    /// signed, where it signs. The other operations approve nothing a gateway could have made up: a native list comes
    /// from the device itself.
    pub(super) async fn is_asked_for(&self, registration: &Registration, request: Option<&str>) -> Result<Judged> {
        if registration.operation != Operation::Authorise {
            return Ok(Ok(()));
        }
        let standing = self.clients.standing(&registration.client).await;
        let standing = standing.map_err(|error| Error::Incident(format!("a client's key: {error}")))?;
        Ok(match (standing, request) {
            (Standing::Free, _) => Ok(()),
            (Standing::Unknown, _) => Err("the client has no key here"),
            (Standing::Signs(_), None) => Err("the client did not sign the request"),
            (Standing::Signs(key), Some(request)) => self.compare(registration, &key, request),
        })
    }

    fn compare(&self, registration: &Registration, key: &[u8], request: &str) -> Judged {
        let object = RequestObject::parse(request).map_err(|_| "the signed request is malformed")?;
        if !is_signed(&object, key) {
            return Err("the request's signature is not the client's");
        }
        let own = Some(registration.client.as_str());
        if object.get("iss") != own || object.get("client_id") != own {
            return Err("the signed request is of another client");
        }
        if self.clients.audience().is_some_and(|audience| !is_for(&object, audience)) {
            return Err("the signed request is for another service");
        }
        let now = self.clock.now() / 1000;
        let good = |expires| now - SKEW < expires && expires <= now + LONGEST_LIFE + SKEW;
        let early = |name| object.time(name).is_some_and(|time| time > now + SKEW);
        if !object.time("exp").is_some_and(good) || early("nbf") || early("iat") {
            return Err("the signed request is not of now");
        }
        let Ok(Scope::Credential(wish)) = Scope::read(&object, LIMITS) else {
            return Err("the signed request asks for no signatures");
        };
        // Without a credential the client left the choice to the user.
        let same = wish.credential.is_none_or(|credential| credential == registration.credential)
            && wish.signatures == registration.signatures
            && digest(&wish.list) == digest(&registration.list);
        if same { Ok(()) } else { Err("the client asked for something else than was registered") }
    }
}

/// One digest for what page, client and signer call the same list; none for no list.
fn digest(list: &[Entry]) -> Option<[u8; 32]> {
    List::registered(list).ok().map(|list| list.digest())
}

/// One family of algorithms for each kind of key.
fn is_signed(object: &RequestObject, key: &[u8]) -> bool {
    let (message, signature) = (object.message(), object.signature());
    match (object.algorithm(), spki::key_type(key)) {
        ("ES256", Ok(KeyType::P256)) if signature.len() == 64 => {
            let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
            ecdsa::der(signature).is_some_and(|signature| verify(key, scheme, &Sha256::digest(message), &signature))
        }
        ("ES384", Ok(KeyType::P384)) if signature.len() == 96 => {
            let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha384 };
            ecdsa::der(signature).is_some_and(|signature| verify(key, scheme, &Sha384::digest(message), &signature))
        }
        ("PS256", Ok(kind)) if kind.is_rsa() => {
            let scheme = Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 };
            verify(key, scheme, &Sha256::digest(message), signature)
        }
        _ => false,
    }
}

/// Whether `aud` is this service, alone or as the only one of an array.
fn is_for(object: &RequestObject, audience: &str) -> bool {
    let Some(named) = object.get("aud") else { return false };
    let only = |value: &Value<'_>| match value {
        Value::Array(items) => matches!(items.as_slice(), [item] if item.text() == Some(audience)),
        _ => false,
    };
    named == audience || Value::parse(named.as_bytes(), 2).is_ok_and(|value| only(&value))
}
