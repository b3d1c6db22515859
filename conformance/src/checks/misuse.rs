//! What a SAD must not be good for: other hashes, credentials, clients and users, more signatures, later times.

use std::time::Duration;

use serde_json::Value;

use crate::algorithm::Way;
use crate::check::{Stop, Verdict, ensure};
use crate::session::{Answer, Described, Sad, Session, signatures};

/// A SAD for some digests, and what signs them.
struct Held<'a> {
    described: Described<'a>,
    way: Way,
    digests: Vec<Vec<u8>>,
    sad: Sad,
}

impl<'a> Held<'a> {
    async fn of(s: &'a Session, count: usize) -> Result<Self, Stop> {
        Self::by(s, s.describe(s.credential()?).await?, count).await
    }

    async fn by(s: &Session, described: Described<'a>, count: usize) -> Result<Self, Stop> {
        let way = described.usual()?;
        let digests = s.digests(way.hash, count);
        let sad = s.activate(&described, way.hash, &digests).await?;
        Ok(Self { described, way, digests, sad })
    }

    fn ask(&self, s: &Session, digests: &[Vec<u8>]) -> Value {
        s.signing(self.described.credential, &self.sad.value, &self.way, digests)
    }

    async fn sign(&self, s: &Session, digests: &[Vec<u8>]) -> Result<Answer, Stop> {
        s.call("signatures/signHash", &self.ask(s, digests)).await
    }

    /// The SAD is still good for what it was given for.
    async fn still_signs(&self, s: &Session, digests: &[Vec<u8>]) -> Verdict {
        signatures(&self.sign(s, digests).await?, digests.len()).map(|_| ())
    }
}

pub(super) async fn other_hash(s: &Session) -> Verdict {
    let held = Held::of(s, 1).await?;
    held.sign(s, &s.digests(held.way.hash, 1)).await?.refused("a hash that was not authorized")
}

pub(super) async fn other_credential(s: &Session) -> Verdict {
    let other = s.describe(s.other_credential()?).await?;
    let held = Held::of(s, 1).await?;
    let way = other.usual()?;
    // What the other key can do, so that nothing else is wrong with the request.
    let way = if way.hash == held.way.hash { way } else { held.way.clone() };
    let ask = s.signing(other.credential, &held.sad.value, &way, &held.digests);
    s.call("signatures/signHash", &ask).await?.refused("another credential of the same user")
}

pub(super) async fn too_many(s: &Session) -> Verdict {
    let held = Held::of(s, 1).await?;
    let more = [held.digests.clone(), s.digests(held.way.hash, 1)].concat();
    held.sign(s, &more).await?.refused("two hashes with a SAD for one signature")
}

/// A spent SAD makes no further signature. Whoever answers a repeated request repeats the bytes it gave.
pub(super) async fn spent(s: &Session) -> Verdict {
    let held = Held::by(s, randomized(s).await?, 1).await?;
    let way = held.described.algorithms().into_iter().flat_map(Way::of).find(|way| way.params.is_some());
    // PSS and ECDSA draw a random number for each signature, PKCS#1 does not.
    let way = way.filter(|way| way.hash == held.way.hash).unwrap_or_else(|| held.way.clone());
    let held = Held { way, ..held };
    let first = signatures(&held.sign(s, &held.digests).await?, 1)?;
    let again = held.sign(s, &held.digests).await?;
    if again.status == 200 {
        ensure(signatures(&again, 1)? == first, "a spent SAD made a second signature of the same hash")?;
    } else {
        again.refused("a spent SAD")?;
    }
    held.sign(s, &s.digests(held.way.hash, 1)).await?.refused("a spent SAD with another hash")
}

/// A credential whose signatures differ each time, if the profile has one.
async fn randomized(s: &Session) -> Result<Described<'_>, Stop> {
    for credential in &s.profile().credentials {
        let described = s.describe(credential).await?;
        if described.key.curve().is_some() {
            return Ok(described);
        }
    }
    s.describe(s.credential()?).await
}

pub(super) async fn other_client(s: &Session) -> Verdict {
    let other = s.profile().other_client.as_ref();
    let other = other.ok_or_else(|| Stop::NotChecked("the profile names no other_client".to_owned()))?;
    if !s.auth_type("oauth2client") {
        return Err(Stop::NotApplicable("info does not name oauth2client in authType".to_owned()));
    }
    let stranger = s.client_grant(other).await?.access;
    s.shared.mask.learn(&stranger);
    let held = Held::of(s, 1).await?;
    let answer = s.call_as(&stranger, "signatures/signHash", &held.ask(s, &held.digests)).await?;
    answer.refused("another client with this client's SAD")?;
    held.still_signs(s, &held.digests).await
}

pub(super) async fn other_user(s: &Session) -> Verdict {
    let other = s.profile().other_login.as_ref();
    let other = other.ok_or_else(|| Stop::NotChecked("the profile names no other_login".to_owned()))?;
    if !s.auth_type("basic") {
        return Err(Stop::NotApplicable("info does not name basic in authType".to_owned()));
    }
    let stranger = s.sign_in(other, false).await?.access;
    s.shared.mask.learn(&stranger);
    let held = Held::of(s, 1).await?;
    let answer = s.call_as(&stranger, "signatures/signHash", &held.ask(s, &held.digests)).await?;
    answer.refused("another user with this user's SAD")?;
    let ask = serde_json::json!({ "credentialID": held.described.credential.id });
    s.call_as(&stranger, "credentials/info", &ask).await?.refused("another user asking about this user's credential")
}

pub(super) async fn expired(s: &Session) -> Verdict {
    let held = Held::of(s, 1).await?;
    let (seconds, patience) = (held.sad.expires_in, s.profile().patience);
    if seconds > patience {
        let why = format!("a SAD lives for {seconds} seconds, and the profile's patience is {patience}");
        return Err(Stop::NotChecked(why));
    }
    tokio::time::sleep(Duration::from_secs(seconds) + Duration::from_millis(1100)).await;
    held.sign(s, &held.digests).await?.refused("a SAD that has expired")
}

/// Without any SAD, with a service token alone, nothing is signed.
pub(super) async fn no_sad(s: &Session) -> Verdict {
    let held = Held::of(s, 1).await?;
    for wrong in ["", "dummy", "null"] {
        let mut ask = held.ask(s, &held.digests);
        ask["SAD"] = serde_json::json!(wrong);
        s.call("signatures/signHash", &ask).await?.refused(&format!("the SAD \"{wrong}\""))?;
    }
    let mut ask = held.ask(s, &held.digests);
    ask["SAD"] = Value::Null;
    s.call("signatures/signHash", &ask).await?.refused("a service token without a SAD")
}
