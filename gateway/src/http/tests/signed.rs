//! Requests that a client signs (RFC 9101): what it asked for reaches the signer as it was signed (DESIGN 5).

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsign_api::signer::Scal;
use serde_json::{Value, json};

use super::flow::{CHALLENGE, SHA256, encode, parameter};
use super::{Bench, HASH, PUBLIC, registration};
use crate::port::clock::Clock as _;
use crate::service::clients::Registration;
use crate::service::oauth::requests::Next;

struct Signing {
    bench: Bench,
    key: EncodingKey,
}

impl Signing {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let pair = rcgen::KeyPair::generate().unwrap();
        let keyed = Registration {
            secret: false,
            public_key: Some(pair.public_key_pem()),
            signed_requests: true,
            ..registration("app")
        };
        bench.register(keyed).await;
        bench.register(registration("plain")).await;
        Self { bench, key: EncodingKey::from_ec_der(&pair.serialize_der()) }
    }

    fn claims(&self, credential: &str) -> Value {
        json!({ "iss": "app", "aud": PUBLIC, "client_id": "app", "exp": self.bench.clock.now() / 1000 + 300,
            "response_type": "code", "redirect_uri": "https://app.example/cb", "state": "s", "scope": "credential",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "authorization_details": [{ "type": "credential", "credentialID": credential, "hashAlgorithmOID": SHA256,
                "documentDigests": [{ "hash": HASH, "label": "contract" }] }] })
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("oauth-authz-req+jwt".to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

#[tokio::test]
async fn what_was_signed_is_what_the_signer_is_given() {
    let signing = Signing::new().await;
    let bench = &signing.bench;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let jws = signing.sign(&signing.claims(&id));
    // Whatever stands beside it is not looked at.
    let asked = [("client_id", "app"), ("request", jws.as_str()), ("state", "other"), ("scope", "service")];
    let accepted = bench.authorize(&asked).await;
    let (_, session) = bench.browser(&bench.ann).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    let (tx, token) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    assert_eq!(bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await.status, 200);
    let hellos = bench.signer.hellos.lock().unwrap();
    assert_eq!(hellos[0].request.as_deref(), Some(jws.as_str()));
    assert_eq!(hellos[0].registration.credential, id);
}

#[tokio::test]
async fn a_signed_request_is_its_clients_for_us_and_now() {
    let signing = Signing::new().await;
    let bench = &signing.bench;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let now = bench.clock.now() / 1000;
    let refused = async |client: &str, jws: &str| {
        let visited = bench.authorize(&[("client_id", client), ("request", jws)]).await;
        assert_eq!(visited.location(), "", "nobody to send back to");
        visited.status == 400
    };
    for (name, value) in [
        ("iss", json!("plain")),
        ("client_id", json!("plain")),
        ("client_id", Value::Null),
        ("aud", json!([PUBLIC, "https://evil.example"])),
        ("exp", json!(now - 10)),
        ("exp", json!(now + 3611)),
        ("nbf", json!(now + 11)),
        ("request_uri", json!("urn:x")),
        ("redirect_uri", json!("https://evil.example/cb")),
    ] {
        let mut claims = signing.claims(&id);
        claims[name] = value;
        assert!(refused("app", &signing.sign(&claims)).await, "{name}");
    }
    let good = signing.sign(&signing.claims(&id));
    let visited = bench.authorize(&[("client_id", "plain"), ("request", &good)]).await;
    assert_eq!(
        parameter(visited.location(), "error").as_deref(),
        Some("request_not_supported"),
        "no key, no signature"
    );
    let (message, _) = good.rsplit_once('.').unwrap();
    assert!(refused("app", &format!("{message}.{}", "A".repeat(86))).await);
    assert!(refused("app", "x").await);
    // Who has to sign cannot leave it out.
    let bare = [("response_type", "code"), ("client_id", "app"), ("scope", "service")];
    let visited = bench.authorize(&bare).await;
    assert_eq!(
        parameter(visited.location(), "error_description").as_deref(),
        Some("This client must sign its requests")
    );
    // What is wrong inside is told by redirect, as ever.
    let mut claims = signing.claims(&id);
    claims["scope"] = json!("openid");
    let visited = bench.authorize(&[("client_id", "app"), ("request", &signing.sign(&claims))]).await;
    assert_eq!(parameter(visited.location(), "error").as_deref(), Some("invalid_scope"));
    assert_eq!(parameter(visited.location(), "state").as_deref(), Some("s"));
    // Nobody pushes it for a client without being it.
    let form = encode(&[("client_id", "app"), ("request", &good)]);
    assert_eq!(bench.form("/oauth2/pushed_authorize", &form, None).await.error().0, 401);
}
