//! Signed authorization requests (RFC 9101): the parameters of `oauth2/authorize` as claims of a JWS. Gateway and
//! signer read them with the same eyes, so that a gateway cannot tell the signer of another request than the one a
//! client has signed (DESIGN 5). Whose signature it is, each of them checks for itself.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use serde_json::value::RawValue;

use super::Limits;
use super::authorization::{Parameters, Scope};
use crate::channel::list::MAX_ENTRIES;
use crate::json::{Malformed, Object, Value};
use crate::signer::{Operation, Registration};

/// Longest request that is read: 1000 digests and what stands around them.
const LONGEST: usize = 512 * 1024;

const DEPTH: usize = 8;

/// A request object in three well-formed parts. Nothing it says is true before its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestObject {
    message: String,
    signature: Vec<u8>,
    algorithm: String,
    parameters: BTreeMap<String, String>,
}

impl RequestObject {
    /// Takes a compact JWS apart. Names that stand twice, demands to be understood (`crit`) and another type of JWT are
    /// refused.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(jws: &str) -> Result<Self, Malformed> {
        if jws.len() > LONGEST {
            return Err(Malformed);
        }
        let (message, signature) = jws.rsplit_once('.').ok_or(Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Malformed)?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Malformed);
        let (header, claims) = (decode(header)?, decode(claims)?);
        let header = Object::parse(&header, DEPTH)?;
        let typed = header.get("typ").is_none_or(|typ| matches!(typ.text(), Some("oauth-authz-req+jwt" | "JWT")));
        let algorithm = header.get("alg").and_then(Value::text).ok_or(Malformed)?.to_owned();
        if !typed || header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(Malformed);
        }
        Ok(Self { message: message.to_owned(), signature: decode(signature)?, algorithm, parameters: read(&claims)? })
    }

    /// What is signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// The signature, as JWS writes it (ECDSA: raw r|s).
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// `alg`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// Whether a transaction was registered for exactly what this asks for: client, count and list with its labels, and
    /// the credential where it names one (otherwise its user chose).
    #[must_use]
    pub fn asks_for(&self, registration: &Registration) -> bool {
        let limits = Limits { depth: DEPTH, hashes: MAX_ENTRIES };
        let Ok(Scope::Credential(wish)) = Scope::read(self, limits) else { return false };
        self.get("iss") == Some(&registration.client)
            && registration.operation == Operation::Authorise
            && wish.credential.is_none_or(|credential| credential == registration.credential)
            && wish.signatures == registration.signatures
            && wish.list == registration.list
    }

    /// A time, Unix seconds.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }
}

impl Parameters for RequestObject {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Texts are taken as they are; numbers, arrays and objects as they are written, so that `authorization_details` may
/// be JSON inside or a text of it.
fn read(claims: &[u8]) -> Result<BTreeMap<String, String>, Malformed> {
    // First strictly: a name that stands twice, at any depth, would be read differently by others.
    Object::parse(claims, DEPTH)?;
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(claims).map_err(|_| Malformed)?;
    let mut parameters = BTreeMap::new();
    for (name, value) in members {
        let raw = value.get();
        let text = match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_err(|_| Malformed)?,
            Some(b'n') => continue,
            _ => raw.to_owned(),
        };
        parameters.insert(name, text);
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn jws(header: &serde_json::Value, claims: &str) -> String {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.AAAA", part(&header.to_string()), part(claims))
    }

    #[test]
    fn claims_are_parameters_however_json_writes_them() {
        let details = r#"[{"type":"credential","credentialID":"c","hashAlgorithmOID":"2.16.840.1.101.3.4.2.1",
            "documentDigests":[{"hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}]"#;
        let text = serde_json::to_string(details).unwrap();
        for written in [details, &text] {
            let claims = format!(r#"{{"iss":"app","exp":17,"state":null,"authorization_details":{written}}}"#);
            let object = RequestObject::parse(&jws(&json!({ "alg": "ES256" }), &claims)).unwrap();
            assert_eq!((object.get("iss"), object.time("exp"), object.get("state")), (Some("app"), Some(17), None));
            assert_eq!((object.algorithm(), object.signature()), ("ES256", &[0, 0, 0][..]));
            let Ok(Scope::Credential(wish)) = Scope::read(&object, Limits { depth: 16, hashes: 10 }) else { panic!() };
            assert_eq!((wish.credential.as_deref(), wish.list.len()), (Some("c"), 1));
        }
    }

    #[test]
    fn a_37_a_registration_is_what_was_signed_or_it_is_not() {
        let digest = |label: &str| json!({ "hash": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "label": label });
        let claims = json!({ "iss": "app", "authorization_details": [{ "type": "credential", "credentialID": "c",
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "documentDigests": [digest("a"), digest("b")] }] });
        let object = RequestObject::parse(&jws(&json!({ "alg": "ES256" }), &claims.to_string())).unwrap();
        let Ok(Scope::Credential(wish)) = Scope::read(&object, Limits { depth: 16, hashes: 10 }) else { panic!() };
        let honest = Registration {
            operation: Operation::Authorise,
            tx: "tx".to_owned(),
            tenant: "t".to_owned(),
            user: "u".to_owned(),
            client: "app".to_owned(),
            credential: "c".to_owned(),
            key_version: 1,
            signatures: 2,
            list: wish.list,
            enrol: None,
            label: None,
        };
        assert!(object.asks_for(&honest));
        let lies: [fn(&mut Registration); 7] = [
            |told| told.client = "other".to_owned(),
            |told| told.credential = "d".to_owned(),
            |told| told.signatures = 3,
            |told| told.operation = Operation::Sign,
            |told| told.list[1].hash.0[0] = 1,
            |told| told.list[1].label = None,
            |told| told.list.truncate(1),
        ];
        for (place, lie) in lies.into_iter().enumerate() {
            let mut told = honest.clone();
            lie(&mut told);
            assert!(!object.asks_for(&told), "{place}");
        }
    }

    #[test]
    fn a_15_what_two_parsers_might_read_differently_is_none() {
        let header = json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" });
        assert!(RequestObject::parse(&jws(&header, "{}")).is_ok());
        for (header, claims) in [
            (header.clone(), r#"{"scope":"service","scope":"credential"}"#),
            (header.clone(), r#"{"a":{"b":1,"b":2}}"#),
            (header, "[]"),
            (json!({ "alg": "ES256", "typ": "dpop+jwt" }), "{}"),
            (json!({ "alg": "ES256", "crit": ["x"] }), "{}"),
            (json!({ "typ": "JWT" }), "{}"),
        ] {
            assert_eq!(RequestObject::parse(&jws(&header, claims)), Err(Malformed), "{header} {claims}");
        }
        for text in ["", "a.b", "e30.e30.!"] {
            assert_eq!(RequestObject::parse(text), Err(Malformed));
        }
    }
}
