//! Signed authorization requests (RFC 9101): what a client asks for cannot be changed on its way, not even by us, since
//! the signer reads the same signature (DESIGN 5).

use std::sync::Arc;

use rsign_api::csc::authorization::Parameters as _;
use rsign_api::csc::request_object::RequestObject;
use rsign_api::error::{Fault, oauth2 as wire};

use super::assertions::key;
use crate::domain::client::Client;
use crate::domain::jwt::Jwt;
use crate::port::clock::Clock;

/// How long a signed request may be good, seconds.
const LONGEST_LIFE: i64 = 3600;

/// How far a client's clock may be off, seconds.
const SKEW: i64 = 10;

/// Longest request that is read.
const LONGEST: usize = 512 * 1024;

/// The service.
#[derive(Debug)]
pub struct SignedRequests {
    issuer: String,
    clock: Arc<dyn Clock>,
}

impl SignedRequests {
    /// The service of this issuer.
    #[must_use]
    pub fn new(issuer: String, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, clock }
    }

    /// The parameters that this client has signed for us, now. Whatever stands beside them is not looked at.
    ///
    /// # Errors
    /// What the client hears.
    pub fn read(&self, client: &Client, jws: &str) -> Result<RequestObject, Fault> {
        let pem = client.public_key.as_deref().ok_or(wire::REQUEST_UNSIGNABLE)?;
        let object = RequestObject::parse(jws).map_err(|_| wire::REQUEST_OBJECT)?;
        match self.judge(client, pem, jws, &object) {
            Ok(()) => Ok(object),
            Err(reason) => {
                tracing::warn!(client.id = client.id, reason, "a signed request was not accepted");
                Err(wire::REQUEST_OBJECT)
            }
        }
    }

    fn judge(&self, client: &Client, pem: &str, jws: &str, object: &RequestObject) -> Result<(), &'static str> {
        let (key, algorithms) = key(pem, client.profile).ok_or("the client's key is of no use")?;
        let jwt = Jwt::parse_up_to(jws, LONGEST).ok_or("it is no JWT")?;
        if !jwt.is_signed_by(&key, algorithms) {
            return Err("the signature is wrong");
        }
        let own = Some(client.id.as_str());
        if object.get("iss") != own || object.get("client_id") != own {
            return Err("iss and client_id are not the client");
        }
        if !jwt.claims().is_some_and(|claims| claims.is_for(&self.issuer)) {
            return Err("aud is not this issuer alone");
        }
        if object.get("request").is_some() || object.get("request_uri").is_some() {
            return Err("a request inside a request");
        }
        let now = self.clock.now() / 1000;
        let expires = object.time("exp").ok_or("exp is missing")?;
        if expires <= now - SKEW || expires > now + LONGEST_LIFE + SKEW {
            return Err("exp has passed, or is further away than an hour");
        }
        let future = |name| object.time(name).is_some_and(|time| time > now + SKEW);
        if future("nbf") || future("iat") { Err("it is not good yet") } else { Ok(()) }
    }
}
