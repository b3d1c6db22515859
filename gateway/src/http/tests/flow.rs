//! An app that goes the whole way: request, approval, PIN (as far as the gateway sees it), code, token.

use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use rsign_api::signer::{Authorized, ChannelOutcome, Operation, Scal};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded;

use super::{Bench, HASH, Heard, PUBLIC, registration};
use crate::domain::language::Language;
use crate::domain::session::Session;
use crate::service::oauth::requests::Next;

/// RFC 7636, appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// An answer that may be a page.
#[derive(Debug)]
pub(super) struct Visited {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Visited {
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// The request that a redirect to the approval page names.
    pub(super) fn request(&self) -> &str {
        let page = format!("{PUBLIC}/account/approve?request=");
        self.location().strip_prefix(&page).unwrap_or_else(|| panic!("{} {}", self.status, self.location()))
    }
}

/// A parameter of an answer's query.
pub(super) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

pub(super) fn encode(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Bench {
    pub(super) async fn visit(&self, request: Request<Body>) -> Visited {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Visited { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// `GET oauth2/authorize`.
    pub(super) async fn authorize(&self, parameters: &[(&str, &str)]) -> Visited {
        let uri = format!("/oauth2/authorize?{}", encode(parameters));
        self.visit(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn token(&self, parameters: &[(&str, &str)]) -> Heard {
        self.form("/oauth2/token", &encode(parameters), None).await
    }

    /// Signs a browser in: cookie and session.
    pub(super) async fn browser(&self, user: &str) -> (SecretString, Session) {
        self.browser_for(user, None).await
    }

    /// The same for an authorization request.
    pub(super) async fn browser_for(&self, user: &str, request: Option<&str>) -> (SecretString, Session) {
        let user = self.parts.repositories.users.find(user).await.unwrap().unwrap();
        self.site.app.sessions.begin(&user, Language::En, None, request).await.unwrap()
    }

    /// Where the user's "yes" leads.
    pub(super) async fn approve(&self, request: &str, session: &Session) -> Next {
        self.site.app.requests.approve(request, session, None).await.unwrap()
    }

    /// The signing page's part: the PIN was right, and this is the SAD.
    pub(super) async fn sign_page(&self, url: &str, sad: &str) -> String {
        let (tx, token) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
        let authorized = Authorized { sad: sad.into(), expires_in: 300 };
        self.signer.outcomes.lock().unwrap().push_back(ChannelOutcome::Authorised(authorized));
        assert_eq!(self.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await.status, 200);
        let record = json!({ "finished": "AAAA", "record": "AQID" });
        let heard = self.relay(tx, token, "record", record).await;
        assert_eq!((heard.status, &heard.json), (200, &json!({ "record": "AQID", "state": "done" })));
        tx.to_owned()
    }

    pub(super) async fn relay(&self, tx: &str, token: &str, what: &str, body: Value) -> Heard {
        self.call(&format!("/rch/{tx}/{what}"), token, body).await
    }

    /// What the page is told of a transaction.
    pub(super) async fn described(&self, tx: &str, token: &str) -> Value {
        let request = Request::get(format!("/rch/{tx}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.exchange(request.body(Body::empty()).unwrap()).await.json
    }

    /// `GET oauth2/return` with this cookie.
    pub(super) async fn come_back(&self, tx: &str, cookie: &SecretString) -> Visited {
        let cookie = format!("__Host-rsign={}", cookie.expose_secret());
        let request = Request::get(format!("/oauth2/return?tx={tx}")).header(header::COOKIE, cookie);
        self.visit(request.body(Body::empty()).unwrap()).await
    }

    /// From the request to the app's redirect URI with an answer.
    pub(super) async fn answer(&self, request: &str, sad: &str) -> String {
        let (cookie, session) = self.browser_for(&self.ann, Some(request)).await;
        match self.approve(request, &session).await {
            Next::Redirect(url) => url,
            Next::Sign(url) => {
                let tx = self.sign_page(&url, sad).await;
                let back = self.come_back(&tx, &cookie).await;
                assert_eq!(back.status, 303, "{}", back.text);
                back.location().to_owned()
            }
        }
    }

    /// A code for scope `service`.
    pub(super) async fn code(&self, client: &str) -> String {
        let asked = [("response_type", "code"), ("client_id", client)];
        let accepted = self.authorize(&asked).await;
        parameter(&self.answer(accepted.request(), "").await, "code").unwrap()
    }
}

#[tokio::test]
async fn scope_service_gives_a_token_of_the_user() {
    let bench = Bench::new().await;
    let secret = bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let redirect = ("redirect_uri", "https://app.example/cb");
    let asked = [
        ("response_type", "code"),
        ("client_id", "app"),
        redirect,
        ("state", "a b&c=\u{e9}"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
    ];
    let accepted = bench.authorize(&asked).await;
    assert_eq!((accepted.status, accepted.headers.get(header::SET_COOKIE)), (302, None));
    let url = bench.answer(accepted.request(), "").await;
    assert!(url.starts_with("https://app.example/cb?code=ac_"), "{url}");
    assert_eq!(parameter(&url, "state").as_deref(), Some("a b&c=\u{e9}"));
    assert_eq!(parameter(&url, "iss").as_deref(), Some(PUBLIC), "A-02");
    let code = parameter(&url, "code").unwrap();
    let client = [("client_id", "app"), ("client_secret", secret.as_str())];
    let mut form = vec![("grant_type", "authorization_code"), ("code", &code), redirect, ("code_verifier", VERIFIER)];
    form.extend(client);
    let heard = bench.token(&form).await;
    assert_eq!((&heard.json["token_type"], &heard.json["expires_in"]), (&json!("Bearer"), &json!(3600)));
    // User-specific: no userID, and only her own.
    let listed = bench.call("/csc/v1/credentials/list", &heard.token(), json!({})).await;
    assert_eq!(listed.json["credentialIDs"], json!([id]));
    let refresh = heard.json["refresh_token"].as_str().unwrap();
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh)];
    form.extend(client);
    let renewed = bench.token(&form).await.token();
    assert_eq!(bench.call("/csc/v2/credentials/list", &renewed, json!({})).await.json["credentialIDs"], json!([id]));
}

#[tokio::test]
async fn scope_credential_gives_the_sad_in_either_version_pushed_or_not() {
    let bench = Bench::new().await;
    let secret = bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let url_hash = HASH.trim_end_matches('=');
    let details = json!([{ "type": "https://cloudsignatureconsortium.org/2025/credential", "credentialID": id,
        "numSignatures": 1, "documentDigests": [{ "hash": HASH, "label": "contract.pdf", "hashType": "DTBSR" }],
        "hashAlgorithmOID": SHA256 }])
    .to_string();
    let flat = [("scope", "credential"), ("credentialID", id.as_str()), ("numSignatures", "1")];
    let v1 = [&flat[..], &[("hash", url_hash)]].concat();
    let v2 = [&flat[..], &[("hashes", HASH), ("hashAlgorithmOID", SHA256)]].concat();
    let rar = vec![("scope", "credential"), ("authorization_details", details.as_str())];
    let client = [("client_id", "app"), ("client_secret", secret.as_str())];
    for (wanted, token_type) in [(&v1, "SAD"), (&v2, "Bearer"), (&rar, "Bearer")] {
        for pushed in [false, true] {
            let sad = format!("sad_{token_type}{}{pushed}", wanted.len());
            let mut asked = vec![("response_type", "code"), ("code_challenge", CHALLENGE)];
            asked.extend([("code_challenge_method", "S256"), ("redirect_uri", "https://app.example/cb")]);
            asked.extend(wanted.iter().copied());
            let accepted = if pushed {
                asked.extend(client);
                let heard = bench.form("/oauth2/pushed_authorize", &encode(&asked), None).await;
                assert_eq!((heard.status, &heard.json["expires_in"]), (201, &json!(90)), "{:?}", heard.json);
                let uri = heard.json["request_uri"].as_str().unwrap();
                bench.authorize(&[("client_id", "app"), ("request_uri", uri)]).await
            } else {
                asked.push(client[0]);
                bench.authorize(&asked).await
            };
            let code = parameter(&bench.answer(accepted.request(), &sad).await, "code").unwrap();
            let mut form = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
            form.extend([("redirect_uri", "https://app.example/cb"), ("code_verifier", VERIFIER)]);
            form.extend(client);
            let heard = bench.token(&form).await;
            assert_eq!((heard.token(), heard.json.get("refresh_token")), (sad, None));
            assert_eq!(heard.json["token_type"], token_type);
            assert!((290..=300).contains(&heard.json["expires_in"].as_i64().unwrap()));
            let granted = &heard.json["authorization_details"];
            if wanted.len() == rar.len() {
                assert_eq!(granted, &serde_json::from_str::<Value>(&details).unwrap());
            } else {
                assert!(granted.is_null());
            }
        }
    }
    let hellos = bench.signer.hellos.lock().unwrap();
    for hello in hellos.iter() {
        let registered = &hello.registration;
        assert_eq!((registered.operation, registered.client.as_str()), (Operation::Authorise, "app"));
        assert_eq!((&registered.user, &registered.credential), (&bench.ann, &id));
        assert_eq!((registered.signatures, registered.list.len(), registered.key_version), (1, 1, 1));
    }
}

#[tokio::test]
async fn a_user_chooses_the_credential_or_says_no() {
    let bench = Bench::new().await;
    let secret = bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let asked = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("scope", "credential"),
        ("signatureQualifier", "eu_eidas_aes"),
        ("hashes", HASH),
        ("code_challenge", VERIFIER),
        ("state", "s"),
    ];
    let accepted = bench.authorize(&asked).await;
    let (cookie, session) = bench.browser(&bench.ann).await;
    let requests = &bench.site.app.requests;
    let shown = requests.describe(accepted.request()).await.unwrap();
    assert_eq!((shown.client.as_str(), shown.credential, shown.signatures), ("app", None, 1));
    assert!(requests.approve(accepted.request(), &session, None).await.is_err(), "nothing was chosen");
    let Next::Sign(url) = requests.approve(accepted.request(), &session, Some(&id)).await.unwrap() else { panic!() };
    let tx = bench.sign_page(&url, "sad_chosen").await;
    let back = bench.come_back(&tx, &cookie).await;
    let code = parameter(back.location(), "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", secret.as_str()),
    ];
    assert_eq!(bench.token(&form).await.json["credentialID"], id);

    let accepted = bench.authorize(&asked).await;
    let url = requests.deny(accepted.request(), &session).await.unwrap();
    assert_eq!(parameter(&url, "error").as_deref(), Some("access_denied"));
    assert_eq!((parameter(&url, "state").as_deref(), parameter(&url, "iss").as_deref()), (Some("s"), Some(PUBLIC)));
    assert!(requests.describe(accepted.request()).await.is_err(), "one decision");
}

#[tokio::test]
async fn a_12_what_only_the_credential_tells_is_told_to_the_app() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let (_, session) = bench.browser(&bench.ann).await;
    let two = [HASH, HASH].join(",");
    for (parameters, sentence) in [
        (vec![("numSignatures", "11")], "Numbers of signatures is too high"),
        (vec![("numSignatures", "3"), ("hash", two.as_str())], "Invalid value for parameter numSignatures"),
        (vec![("numSignatures", "1")], "Invalid parameter hash or hashes"),
    ] {
        let mut asked = vec![("response_type", "code"), ("client_id", "app"), ("scope", "credential")];
        asked.push(("credentialID", &id));
        asked.extend(parameters);
        let accepted = bench.authorize(&asked).await;
        let Next::Redirect(url) = bench.approve(accepted.request(), &session).await else { panic!() };
        assert_eq!(parameter(&url, "error").as_deref(), Some("invalid_request"));
        assert_eq!(parameter(&url, "error_description").as_deref(), Some(sentence));
    }
    // somebody else's credential is none of hers.
    let bob = bench.user("bob").await;
    let (_, other) = bench.browser(&bob).await;
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "credential"), ("credentialID", &id)];
    let accepted = bench.authorize(&[&asked[..], &[("hash", HASH)]].concat()).await;
    assert!(bench.site.app.requests.approve(accepted.request(), &other, None).await.is_err());
}

#[tokio::test]
async fn metadata_and_info_say_where_everything_is() {
    let bench = Bench::new().await;
    for path in ["/.well-known/oauth-authorization-server", "/elsewhere/.well-known/oauth-authorization-server"] {
        let request = Request::get(path).header(header::HOST, "evil.example").body(Body::empty()).unwrap();
        let told = bench.exchange(request).await.json;
        assert_eq!(told["issuer"], PUBLIC);
        assert_eq!(told["pushed_authorization_request_endpoint"], format!("{PUBLIC}/oauth2/pushed_authorize"));
        assert!(told["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("private_key_jwt")));
    }
    for version in ["v1", "v2"] {
        let info = bench.send(&format!("/csc/{version}/info"), None, "application/json", "{}").await.json;
        assert_eq!((&info["oauth2"], &info["supportsRar"]), (&json!(PUBLIC), &json!(true)));
        assert!(info["authType"].as_array().unwrap().contains(&json!("oauth2code")));
        assert!(info.get("oauth2Issuer").is_none(), "exactly one of the two");
    }
}
