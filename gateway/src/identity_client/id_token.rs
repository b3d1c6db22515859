//! An identity token (OpenID Connect Core 1.0, 3.1.3.7), read as strictly as any other JWT here.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::domain::external::Identity;
use crate::domain::jwt::{Jwt, Members};
use crate::domain::plain::plain;
use crate::port::identity::Error;

/// How far clocks may differ, seconds.
const SKEW: i64 = 60;

/// How long ago a token may have been issued, seconds: it comes fresh with the code.
const OLDEST: i64 = 10 * 60;

/// Most characters of a `sub` (Core 1.0, 2).
const LONGEST_SUBJECT: usize = 255;

/// What a token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Unix seconds.
    pub(super) now: i64,
}

/// Why it is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It names a key that is not among the provider's.
    UnknownKey,
    /// Anything else.
    Invalid(&'static str),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::UnknownKey => Self::Refused("the identity token's key is not the provider's"),
            Fault::Invalid(why) => Self::Refused(why),
        }
    }
}

/// Whom the token speaks of.
pub(super) fn judge(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Identity, Fault> {
    let jwt = Jwt::parse(token).ok_or(Fault::Invalid("the identity token is no JWT"))?;
    let header = jwt.header().ok_or(Fault::Invalid("the identity token is no JWT"))?;
    let key = find(keys, header.text("kid")).ok_or(Fault::UnknownKey)?;
    let decoding = DecodingKey::from_jwk(key).map_err(|_| Fault::Invalid("the provider's key is of no use"))?;
    if !jwt.is_signed_by(&decoding, algorithms(key)) {
        return Err(Fault::Invalid("the identity token's signature is wrong"));
    }
    let claims = jwt.claims().ok_or(Fault::Invalid("the identity token is no JWT"))?;
    identity(&claims, expected)
}

fn identity(claims: &Members<'_>, expected: &Expected<'_>) -> Result<Identity, Fault> {
    let require = |holds: bool, why| if holds { Ok(()) } else { Err(Fault::Invalid(why)) };
    require(claims.text("iss") == Some(expected.issuer), "the identity token is another issuer's")?;
    require(claims.is_for(expected.client), "the identity token is for another client")?;
    let party = claims.text("azp");
    require(!claims.has("azp") || party == Some(expected.client), "the identity token was issued to another client")?;
    require(claims.text("nonce") == Some(expected.nonce), "the identity token answers another question")?;
    let (expires, issued) = (claims.time("exp"), claims.time("iat"));
    require(expires.is_some_and(|at| at > expected.now - SKEW), "the identity token has expired")?;
    let fresh = |at: i64| (expected.now - OLDEST..=expected.now + SKEW).contains(&at);
    require(issued.is_some_and(fresh), "the identity token is old, or not good yet")?;
    let subject = claims.text("sub").filter(|subject| (1..=LONGEST_SUBJECT).contains(&subject.chars().count()));
    let name = |claim| claims.text(claim).map(|name| plain(name, 64)).filter(|name| !name.is_empty());
    Ok(Identity {
        issuer: expected.issuer.to_owned(),
        subject: subject.ok_or(Fault::Invalid("the identity token names nobody"))?.to_owned(),
        given_name: name("given_name"),
        family_name: name("family_name"),
    })
}

/// The key of this id; without one, the only key there is for signatures.
fn find<'a>(keys: &'a JwkSet, id: Option<&str>) -> Option<&'a Jwk> {
    let mut usable = keys.keys.iter().filter(|key| {
        !algorithms(key).is_empty() && matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature))
    });
    match id {
        Some(id) => usable.find(|key| key.common.key_id.as_deref() == Some(id)),
        None => usable.next().filter(|_| usable.next().is_none()),
    }
}

/// One family for each kind of key, and never a secret one.
fn algorithms(key: &Jwk) -> &'static [Algorithm] {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    struct Provider {
        key: EncodingKey,
        keys: JwkSet,
    }

    fn provider(id: Option<&str>) -> Provider {
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = id.map(str::to_owned);
        Provider { key, keys: JwkSet { keys: vec![jwk] } }
    }

    fn good() -> Value {
        json!({ "iss": "https://idp", "aud": "rsign", "sub": "s1", "nonce": "n", "iat": NOW, "exp": NOW + 300,
                "given_name": "Inês\u{202e}", "email": "ines@example.org" })
    }

    fn judged(provider: &Provider, id: Option<&str>, claims: &Value) -> Result<Identity, Fault> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = id.map(str::to_owned);
        let token = encode(&header, claims, &provider.key).unwrap();
        let expected = Expected { issuer: "https://idp", client: "rsign", nonce: "n", now: NOW };
        judge(&token, &provider.keys, &expected)
    }

    #[test]
    fn a_good_token_names_its_subject() {
        let provider = provider(Some("k"));
        let identity = judged(&provider, Some("k"), &good()).unwrap();
        assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), ("https://idp", "s1"));
        assert_eq!((identity.given_name.as_deref(), identity.family_name), (Some("Inês"), None));
        assert!(judged(&provider, None, &good()).is_ok());
        assert_eq!(judged(&provider, Some("other"), &good()), Err(Fault::UnknownKey));
    }

    #[test]
    fn every_claim_is_checked() {
        let provider = provider(None);
        for (claim, value) in [
            ("iss", json!("https://evil")),
            ("iss", json!("https://idp/")),
            ("aud", json!("other")),
            ("aud", json!(["rsign", "other"])),
            ("azp", json!("other")),
            ("azp", json!(1)),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
            ("exp", json!(NOW - 61)),
            ("exp", json!("soon")),
            ("iat", json!(NOW - 601)),
            ("iat", json!(NOW + 61)),
            ("sub", json!("")),
            ("sub", json!("x".repeat(256))),
            ("sub", json!(1)),
        ] {
            let mut claims = good();
            claims[claim] = value;
            assert!(matches!(judged(&provider, None, &claims), Err(Fault::Invalid(_))), "{claims}");
        }
        assert!(judged(&Provider { keys: self::provider(None).keys, ..provider }, None, &good()).is_err());
    }

    #[test]
    fn a_15_a_secret_key_is_never_a_providers() {
        let secret = EncodingKey::from_secret(b"0123456789abcdef0123456789abcdef");
        let jwk = Jwk::from_encoding_key(&secret, Algorithm::HS256).unwrap();
        let token = encode(&Header::new(Algorithm::HS256), &good(), &secret).unwrap();
        let expected = Expected { issuer: "https://idp", client: "rsign", nonce: "n", now: NOW };
        assert_eq!(judge(&token, &JwkSet { keys: vec![jwk] }, &expected), Err(Fault::UnknownKey));
    }
}
