//! Tokens that are bound to a key (RFC 9449) or a certificate (RFC 8705): a thief has no use for them.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use axum_server::tls::TlsInfo;
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsign_api::signer::Scal;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::flow::{CHALLENGE, SHA256, VERIFIER, encode, parameter};
use super::{Bench, HASH, Heard, PUBLIC, registration};
use crate::domain::client::{CertificateRule, Constraint};
use crate::port::clock::Clock as _;
use crate::service::clients::Registration;

/// A holder of a DPoP key.
struct Holder<'a> {
    bench: &'a Bench,
    key: EncodingKey,
    jwk: Jwk,
}

impl<'a> Holder<'a> {
    fn new(bench: &'a Bench) -> Self {
        let key = EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der());
        let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        Self { bench, key, jwk }
    }

    fn claims(&self, path: &str, token: Option<&str>) -> Value {
        let mut claims = json!({ "htm": "POST", "htu": format!("{PUBLIC}{path}"), "iat": self.bench.clock.now() / 1000,
            "jti": self.bench.parts.random.id().unwrap(), "nonce": self.bench.site.app.proofs.nonce() });
        if let Some(token) = token {
            claims["ath"] = json!(BASE64URL_NOPAD.encode(&Sha256::digest(token)));
        }
        claims
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.jwk.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    async fn send(
        &self,
        path: &str,
        authorization: Option<&str>,
        proof: Option<&str>,
        kind: &str,
        body: &str,
    ) -> Heard {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, kind);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.bench.exchange(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn form(&self, path: &str, parameters: &[(&str, &str)]) -> Heard {
        let proof = self.sign(&self.claims(path, None));
        self.send(path, None, Some(&proof), "application/x-www-form-urlencoded", &encode(parameters)).await
    }

    async fn call(&self, path: &str, token: &str, body: &Value) -> Heard {
        let proof = self.sign(&self.claims(path, Some(token)));
        let authorization = format!("DPoP {token}");
        self.send(path, Some(&authorization), Some(&proof), "application/json", &body.to_string()).await
    }
}

async fn wallet(bench: &Bench) -> String {
    bench.register(Registration { constraint: Constraint::Dpop, ..registration("wallet") }).await
}

/// A token of a new client that is bound to a key nobody has any more.
pub(super) async fn token(bench: &Bench) -> String {
    let secret = wallet(bench).await;
    let form = [("grant_type", "client_credentials"), ("client_id", "wallet"), ("client_secret", &*secret)];
    Holder::new(bench).form("/oauth2/token", &form).await.token()
}

#[tokio::test]
async fn a_bound_token_is_its_holders() {
    let bench = Bench::new().await;
    let secret = wallet(&bench).await;
    let (holder, thief) = (Holder::new(&bench), Holder::new(&bench));
    let form = [("grant_type", "client_credentials"), ("client_id", "wallet"), ("client_secret", &secret)];
    let bare = bench.token(&form).await;
    assert_eq!((bare.error().0, bare.error().1), (400, "invalid_dpop_proof"));
    let heard = holder.form("/oauth2/token", &form).await;
    assert_eq!(heard.json["token_type"], "DPoP");
    let token = heard.token();
    let (path, ask) = ("/csc/v2/credentials/list", json!({ "userID": "x" }));
    assert_eq!(holder.call(path, &token, &ask).await.error().2, "Invalid parameter userID", "it is in");
    for stolen in [bench.call(path, &token, ask.clone()).await, thief.call(path, &token, &ask).await] {
        assert_eq!((stolen.error().0, stolen.error().1), (401, "invalid_token"));
    }
    // Below a prefix, too: the address is what the client called.
    let below = format!("/elsewhere{path}");
    assert_eq!(holder.call(&below, &token, &ask).await.error().2, "Invalid parameter userID");
    // Who proves nothing has no use for the scheme either.
    let unbound = bench.login("ann").await;
    assert_eq!(holder.call(path, &unbound, &json!({})).await.error().1, "invalid_token");
    // A refresh token goes on with its key only.
    let refresh = heard.json["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), form[1], form[2]];
    assert_eq!(thief.form("/oauth2/token", &form).await.error().1, "invalid_grant");
    assert_eq!(holder.form("/oauth2/token", &form).await.json["token_type"], "DPoP");
}

#[tokio::test]
async fn a_proof_is_of_this_request_now_and_once() {
    let bench = Bench::new().await;
    let secret = wallet(&bench).await;
    let holder = Holder::new(&bench);
    let form = [("grant_type", "client_credentials"), ("client_id", "wallet"), ("client_secret", secret.as_str())];
    let form = encode(&form);
    let path = "/oauth2/token";
    let now = bench.clock.now() / 1000;
    let show =
        async |proof: &str| holder.send(path, None, Some(proof), "application/x-www-form-urlencoded", &form).await;
    for (name, value) in [
        ("htm", json!("GET")),
        ("htu", json!(format!("{PUBLIC}/oauth2/revoke"))),
        ("htu", json!("https://evil.example/oauth2/token")),
        ("iat", json!(now - 61)),
        ("iat", json!(now + 61)),
        ("iat", Value::Null),
        ("jti", Value::Null),
        ("ath", json!("x")),
    ] {
        let mut claims = holder.claims(path, None);
        claims[name] = value;
        assert_eq!(show(&holder.sign(&claims)).await.error().1, "invalid_dpop_proof", "{name}");
    }
    for nonce in [Value::Null, json!("x")] {
        let mut claims = holder.claims(path, None);
        claims["nonce"] = nonce;
        let heard = show(&holder.sign(&claims)).await;
        assert_eq!((heard.error().0, heard.error().1), (400, "use_dpop_nonce"));
        assert_eq!(heard.headers["dpop-nonce"].to_str().ok(), bench.site.app.proofs.nonce().as_deref());
    }
    // a secret key, a key of another kind, a type of another message, a proof without key.
    let good = holder.claims(path, None);
    let mut untyped = Header::new(Algorithm::ES256);
    untyped.jwk = Some(holder.jwk.clone());
    let mut keyless = Header::new(Algorithm::ES256);
    keyless.typ = Some("dpop+jwt".to_owned());
    for header in [untyped, keyless] {
        let proof = jsonwebtoken::encode(&header, &good, &holder.key).unwrap();
        assert_eq!(show(&proof).await.error().1, "invalid_dpop_proof");
    }
    let symmetric = json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } });
    let symmetric = format!(
        "{}.{}.AAAA",
        BASE64URL_NOPAD.encode(symmetric.to_string().as_bytes()),
        BASE64URL_NOPAD.encode(good.to_string().as_bytes())
    );
    assert_eq!(show(&symmetric).await.error().1, "invalid_dpop_proof");
    let proof = holder.sign(&good);
    assert_eq!(show(&proof).await.status, 200);
    assert_eq!(show(&proof).await.error().1, "invalid_dpop_proof", "twice");
}

#[tokio::test]
async fn a_sad_is_bound_from_the_request_to_the_signature() {
    let bench = Bench::new().await;
    let secret = wallet(&bench).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let (holder, thief) = (Holder::new(&bench), Holder::new(&bench));
    let client = [("client_id", "wallet"), ("client_secret", secret.as_str())];
    let asked = [
        ("response_type", "code"),
        ("scope", "credential"),
        ("credentialID", id.as_str()),
        ("hashes", HASH),
        ("hashAlgorithmOID", SHA256),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let pushed = holder.form("/oauth2/pushed_authorize", &[&asked[..], &client].concat()).await;
    assert_eq!(pushed.status, 201, "{:?}", pushed.json);
    let uri = pushed.json["request_uri"].as_str().unwrap();
    let accepted = bench.authorize(&[client[0], ("request_uri", uri)]).await;
    let code = parameter(&bench.answer(accepted.request(), "sad_one").await, "code").unwrap();
    let redeem = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let redeem = [&redeem[..], &client].concat();
    // The code is bound to the key of the pushed request.
    assert_eq!(thief.form("/oauth2/token", &redeem).await.error().2, "The code is bound to another key");
    let heard = holder.form("/oauth2/token", &redeem).await;
    assert_eq!(heard.json["token_type"], "DPoP");
    let sad = heard.token();
    let path = "/csc/v2/signatures/signHash";
    let sign = json!({ "credentialID": id, "hashes": [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
    assert_eq!(bench.call(path, &sad, sign.clone()).await.error().1, "invalid_token");
    assert_eq!(thief.call(path, &sad, &sign).await.error().1, "invalid_token");
    assert_eq!(holder.call(path, &sad, &sign).await.status, 200);
    // In the body, beside a service token of the same client but another key, it is not accepted either.
    let form = [("grant_type", "client_credentials"), client[0], client[1]];
    bench.parts.clients().link("wallet", &bench.ann).await.unwrap();
    let mut sign = sign;
    sign["SAD"] = json!(sad);
    let others = thief.form("/oauth2/token", &form).await.token();
    assert_eq!(thief.call(path, &others, &sign).await.error().2, "Invalid parameter SAD");
    let own = holder.form("/oauth2/token", &form).await.token();
    assert_eq!(holder.call(path, &own, &sign).await.status, 200);
    assert!(holder.jwk.thumbprint(ThumbprintHash::SHA256).is_ok());
}

/// A request over a connection on which the client showed this certificate.
async fn shown(
    bench: &Bench,
    certificate: Option<&[u8]>,
    path: &str,
    authorization: Option<&str>,
    body: &str,
) -> Heard {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let mut info = TlsInfo::default();
    info.peer_certificates.extend(certificate.map(<[u8]>::to_vec));
    bench.exchange(request.extension(Arc::new(info)).body(Body::from(body.to_owned())).unwrap()).await
}

fn certificate() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["client".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
}

#[tokio::test]
async fn a_certificate_authenticates_and_binds() {
    let bench = Bench::new().await;
    let (own, other) = (certificate(), certificate());
    let rule = CertificateRule::Thumbprint(BASE64URL_NOPAD.encode(&Sha256::digest(&own)));
    let registered = Registration {
        secret: false,
        certificate: Some(rule),
        constraint: Constraint::Certificate,
        ..registration("mutual")
    };
    bench.register(registered).await;
    let form = "grant_type=client_credentials&client_id=mutual";
    let token = async |certificate: Option<&[u8]>| shown(&bench, certificate, "/oauth2/token", None, form).await;
    assert_eq!(token(None).await.error().2, "Client authorization required");
    assert_eq!(token(Some(&other)).await.error(), (401, "invalid_client", "Invalid client certificate"));
    let heard = token(Some(&own)).await;
    assert_eq!(heard.json["token_type"], "Bearer");
    let bearer = format!("Bearer {}", heard.token());
    let call = async |certificate: Option<&[u8]>| {
        shown(&bench, certificate, "/csc/v2/credentials/list", Some(&bearer), "{}").await.error().1.to_owned()
    };
    assert_eq!(call(Some(&own)).await, "invalid_request", "it is in: only the userID is missing");
    assert_eq!((call(None).await.as_str(), call(Some(&other)).await.as_str()), ("invalid_token", "invalid_token"));
    // A subject counts only under a CA of the configuration, and there is none.
    let named = Registration {
        secret: false,
        certificate: Some(CertificateRule::Subject("CN=rcgen self signed cert".to_owned())),
        ..registration("named")
    };
    bench.register(named).await;
    let form = "grant_type=client_credentials&client_id=named";
    let heard = shown(&bench, Some(&own), "/oauth2/token", None, form).await;
    assert_eq!(heard.error().1, "invalid_client");
}
