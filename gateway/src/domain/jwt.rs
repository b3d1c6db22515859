//! JSON Web Tokens of clients, read strictly: three parts, each name once, one algorithm for each key (A-15).

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use rsign_api::json::{Object, Value};

/// Longest token that is read.
const LONGEST: usize = 16 * 1024;

/// Levels of JSON in one.
const DEPTH: usize = 8;

/// A token in three well-formed parts. Nothing it says is true before [`Jwt::is_signed_by`].
#[derive(Debug)]
pub struct Jwt<'a> {
    message: &'a str,
    signature: &'a str,
    header: Vec<u8>,
    claims: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Takes it apart; `None` for anything else, an encrypted token among them.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        Self::parse_up_to(text, LONGEST)
    }

    /// The same for what may be longer.
    #[must_use]
    pub fn parse_up_to(text: &'a str, longest: usize) -> Option<Self> {
        if text.len() > longest {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let jwt = Self { message, signature, header: decode(header)?, claims: decode(claims)? };
        let strict = jwt.header().is_some() && jwt.claims().is_some() && decode(signature).is_some();
        strict.then_some(jwt)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> Option<Members<'_>> {
        Object::parse(&self.header, DEPTH).ok().map(Members)
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> Option<Members<'_>> {
        Object::parse(&self.claims, DEPTH).ok().map(Members)
    }

    /// Whether it is signed with this key, by one of the algorithms that the key is for. `none` and the confusion of
    /// public keys with secrets fail here, since no key is for both; so does what demands to be understood (`crit`).
    #[must_use]
    pub fn is_signed_by(&self, key: &DecodingKey, algorithms: &[Algorithm]) -> bool {
        let Some(header) = self.header() else { return false };
        let named = header.text("alg").and_then(|name| name.parse::<Algorithm>().ok());
        let Some(algorithm) = named.filter(|algorithm| algorithms.contains(algorithm)) else { return false };
        if header.has("crit") || header.has("b64") {
            return false;
        }
        jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), key, algorithm).unwrap_or(false)
    }
}

/// Members of a header or of claims.
#[derive(Debug)]
pub struct Members<'a>(Object<'a>);

impl<'a> Members<'a> {
    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::text)
    }

    /// A time, Unix seconds.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Value::Integer(seconds)) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether there is one of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// An object inside.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Object<'a>> {
        match self.0.get(name) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// Whether `aud` is exactly this: one string, or an array of only it. A token that also names others was made
    /// for somebody who could show it to us (the audience injection of 2025).
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::Text(only)) => only == audience,
            Some(Value::Array(several)) => matches!(several.as_slice(), [Value::Text(only)] if only == audience),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn signed(header: &str) -> String {
        let message = format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(b"{}"));
        let key = EncodingKey::from_secret(KEY);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn accepts(token: &str) -> bool {
        let key = DecodingKey::from_secret(KEY);
        Jwt::parse(token).is_some_and(|jwt| jwt.is_signed_by(&key, &[Algorithm::HS256]))
    }

    #[test]
    fn a_15_what_two_libraries_might_read_differently() {
        assert!(accepts(&signed(r#"{"alg":"HS256","typ":"JWT"}"#)));
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"HS256","crit":["x"],"x":1}"#,
            r#"{"alg":"HS256","b64":false}"#,
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{}"#,
            r#""HS256""#,
        ] {
            assert!(!accepts(&signed(header)), "{header}");
        }
        let good = signed(r#"{"alg":"HS256"}"#);
        for bad in [format!("{good}="), format!("{good}.x"), good.replace('.', ".."), good.replacen("e", "f", 1)] {
            assert!(!accepts(&bad), "{bad}");
        }
        let (message, _) = good.rsplit_once('.').unwrap();
        assert!(!accepts(&format!("{message}.")));
    }

    #[test]
    fn an_audience_is_one() {
        let is_for = |aud: serde_json::Value| {
            let token = encode(&Header::default(), &json!({ "aud": aud }), &EncodingKey::from_secret(KEY)).unwrap();
            Jwt::parse(&token).unwrap().claims().unwrap().is_for("https://a")
        };
        assert!(is_for(json!("https://a")) && is_for(json!(["https://a"])));
        assert!(!is_for(json!(["https://a", "https://b"])) && !is_for(json!("https://a/")) && !is_for(json!(null)));
    }
}
