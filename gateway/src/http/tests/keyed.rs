//! Clients that sign who they are (RFC 7523), and account tokens (8.3.1): A-08, A-15 (security.md 2.3).

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::flow::{encode, parameter};
use super::{Bench, Heard, PUBLIC, registration};
use crate::domain::client::Reach;
use crate::port::clock::Clock as _;
use crate::service::clients::Registration;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client with a P-256 key, and one with a secret that makes account tokens.
struct Keyed {
    bench: Bench,
    key: EncodingKey,
    public: String,
    secret: String,
}

impl Keyed {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let pair = rcgen::KeyPair::generate().unwrap();
        let public = pair.public_key_pem();
        let keyed = Registration { secret: false, public_key: Some(public.clone()), ..registration("keyed") };
        bench.register(keyed).await;
        bench.register(Registration { secret: false, public_key: Some(public.clone()), ..registration("twin") }).await;
        let known = Registration { account_tokens: true, reach: Reach::All, ..registration("app") };
        let secret = bench.register(known).await;
        Self { bench, key: EncodingKey::from_ec_der(&pair.serialize_der()), public, secret }
    }

    fn now(&self) -> i64 {
        self.bench.clock.now() / 1000
    }

    fn claims(&self, id: &str) -> Value {
        json!({ "iss": "keyed", "sub": "keyed", "aud": PUBLIC, "jti": id, "exp": self.now() + 60 })
    }

    fn signed(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &self.key).unwrap()
    }

    /// Its own signature over any header and body.
    fn sign_as(&self, header: &str, body: &str) -> String {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let message = format!("{}.{}", encode(header), encode(body));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    async fn show(&self, assertion: &str, more: &[(&str, &str)]) -> Heard {
        let form = [("grant_type", "client_credentials"), ("client_assertion_type", JWT_BEARER)];
        self.bench.token(&[&form[..], &[("client_assertion", assertion)], more].concat()).await
    }

    fn account_token(&self, header: &Header, claims: &Value, key: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(key)).unwrap()
    }

    async fn ask(&self, account_token: &str) -> String {
        let asked = [("response_type", "code"), ("client_id", "app"), ("account_token", account_token)];
        self.bench.authorize(&asked).await.location().to_owned()
    }
}

const INVALID: (u16, &str, &str) = (401, "invalid_client", "Invalid client assertion");

#[tokio::test]
async fn a_client_signs_who_it_is_once() {
    let keyed = Keyed::new().await;
    let assertion = keyed.signed(&keyed.claims("1"));
    assert_eq!(keyed.show(&assertion, &[]).await.status, 200);
    assert_eq!(keyed.show(&assertion, &[]).await.error(), INVALID, "twice");
    let assertion = keyed.signed(&keyed.claims("2"));
    assert_eq!(keyed.show(&assertion, &[("client_id", "keyed")]).await.status, 200);
    let assertion = keyed.signed(&keyed.claims("3"));
    assert_eq!(keyed.show(&assertion, &[("client_id", "app")]).await.error().2, "Invalid parameter client_id");
    assert_eq!(
        keyed.show(&assertion, &[("client_secret", "x")]).await.error().2,
        "More than one client authentication"
    );
    let form = [("grant_type", "client_credentials"), ("client_assertion", assertion.as_str())];
    assert_eq!(keyed.bench.token(&form).await.error().2, "Invalid parameter client_assertion_type");
    // A pushed request is authenticated the same way.
    let form = [("response_type", "code"), ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)];
    assert_eq!(keyed.bench.form("/oauth2/pushed_authorize", &encode(&form), None).await.status, 201);
}

#[tokio::test]
async fn an_assertion_is_for_us_and_for_a_minute() {
    let keyed = Keyed::new().await;
    let now = keyed.now();
    for (name, value) in [
        ("aud", json!(format!("{PUBLIC}/oauth2/token"))),
        ("aud", json!([PUBLIC, "https://evil.example"])),
        ("aud", Value::Null),
        ("exp", json!(now - 10)),
        ("exp", json!(now + 71)),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("nbf", json!(now + 11)),
        ("iat", json!(now + 11)),
        ("jti", Value::Null),
        ("jti", json!("x".repeat(256))),
        ("iss", json!("app")),
        ("sub", json!("twin")),
    ] {
        let mut claims = keyed.claims("4");
        claims[name] = value.clone();
        assert_eq!(keyed.show(&keyed.signed(&claims), &[]).await.error(), INVALID, "{name} {value}");
    }
    let mut alone = keyed.claims("4");
    alone["aud"] = json!([PUBLIC]);
    assert_eq!(keyed.show(&keyed.signed(&alone), &[]).await.status, 200);
}

#[tokio::test]
async fn a_15_an_assertion_that_another_key_or_no_key_signed() {
    let keyed = Keyed::new().await;
    let claims = keyed.claims("5");
    let signed = keyed.signed(&claims);
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let (_, body) = message.split_once('.').unwrap();
    let other = rcgen::KeyPair::generate().unwrap();
    let other = EncodingKey::from_ec_der(&other.serialize_der());
    // The public key's octets as an HMAC key: the old confusion.
    let confused = EncodingKey::from_secret(keyed.public.as_bytes());
    let header = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let mut embedded = Header::new(Algorithm::ES256);
    embedded.kid = Some("../../dev/null' OR 1=1 --".to_owned());
    embedded.jwk = Some(jsonwebtoken::jwk::Jwk::from_encoding_key(&other, Algorithm::ES256).unwrap());
    for forged in [
        format!("{}.{body}.", header(r#"{"alg":"none"}"#)),
        format!("{}.{body}.{signature}", header(r#"{"alg":"none"}"#)),
        format!("{}.{body}.{signature}", header(r#"{"alg":"ES256","alg":"none"}"#)),
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &other).unwrap(),
        jsonwebtoken::encode(&embedded, &claims, &other).unwrap(),
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &confused).unwrap(),
        format!("{message}.{}", "A".repeat(86)),
        format!("{message}.{signature}.x.y"),
        // Another token inside, encrypted (JWE) or not.
        format!("{}.{body}.{body}.{body}.{signature}", header(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#)),
        keyed.sign_as(r#"{"alg":"ES256","cty":"JWT"}"#, &signed),
        // Extensions that have to be understood, and what two readers would read differently.
        keyed.sign_as(r#"{"alg":"ES256","crit":["x"],"x":1}"#, &claims.to_string()),
        keyed.sign_as(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, &claims.to_string()),
        keyed.sign_as(r#"{"alg":"none","alg":"ES256"}"#, &claims.to_string()),
        keyed.sign_as(r#"{"alg":"ES256"}"#, &claims.to_string().replacen('{', r#"{"sub":"twin","#, 1)),
        "x".to_owned(),
    ] {
        assert_eq!(keyed.show(&forged, &[]).await.error(), INVALID, "{forged}");
    }
    assert_eq!(keyed.show(&signed, &[]).await.status, 200);
    // Its own signature over such a body is one all the same, where the body is.
    let plain = keyed.sign_as(r#"{"alg":"ES256"}"#, &keyed.claims("6").to_string());
    assert_eq!(keyed.show(&plain, &[]).await.status, 200);
    // A client of a key has no secret to be guessed (A-44).
    let guess = [("grant_type", "client_credentials"), ("client_id", "keyed"), ("client_secret", "")];
    assert_eq!(keyed.bench.token(&guess).await.error().2, "Client authorization required");
}

#[tokio::test]
async fn an_account_token_names_the_user() {
    let keyed = Keyed::new().await;
    let ann = keyed.bench.ann.clone();
    let key = Sha256::digest(&keyed.secret);
    let header = Header::new(Algorithm::HS256);
    let claims = |id: &str| json!({ "sub": ann, "iat": keyed.now(), "jti": id, "azp": "app", "iss": "An App" });
    let token = keyed.account_token(&header, &claims("1"), &key);
    let location = keyed.ask(&token).await;
    let request = location.split("request=").nth(1).unwrap();
    let shown = keyed.bench.site.app.requests.describe(request).await.unwrap();
    assert_eq!(shown.account.as_deref(), Some(ann.as_str()));
    // Somebody else who is signed in cannot agree in her place.
    let bob = keyed.bench.user("bob").await;
    let (_, session) = keyed.bench.browser(&bob).await;
    assert!(keyed.bench.site.app.requests.approve(request, &session, None).await.is_err());

    let denied = async |token: &str| parameter(&keyed.ask(token).await, "error").unwrap();
    assert_eq!(denied(&token).await, "access_denied", "twice");
    for (name, value) in [
        ("iat", json!(keyed.now() - 301)),
        ("iat", json!(keyed.now() + 31)),
        ("azp", json!("keyed")),
        ("sub", json!("nobody")),
    ] {
        let mut changed = claims("2");
        changed[name] = value;
        assert_eq!(denied(&keyed.account_token(&header, &changed, &key)).await, "access_denied", "{name}");
    }
    // A-15: the secret itself is not the key, no other algorithm is, and a key of the sender's choice is none.
    let mut odd = header.clone();
    odd.kid = Some("/dev/null".to_owned());
    odd.jku = Some("https://evil.example/keys".to_owned());
    for forged in [
        keyed.account_token(&header, &claims("3"), keyed.secret.as_bytes()),
        keyed.account_token(&Header::new(Algorithm::HS512), &claims("3"), &key),
        keyed.account_token(&odd, &claims("3"), b""),
    ] {
        assert_eq!(denied(&forged).await, "access_denied");
    }
    assert_eq!(denied(&token.replacen('.', "..", 1)).await, "invalid_request");
    let none = format!("{}.{}.", BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#), token.split('.').nth(1).unwrap());
    assert_eq!(denied(&none).await, "access_denied");
}
