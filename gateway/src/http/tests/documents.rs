//! The OpenAPI documents and the gateway say the same: which routes there are, who may call them, and what they answer.
//! Every answer here is judged by its document.

mod routes;
mod statuses;
mod tokens;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, Response, header};
use data_encoding::BASE64;
use http_body_util::BodyExt as _;
use rsign_api::bytes::Bytes;
use rsign_api::csc::authorization::Errand;
use rsign_api::signer::Scal;
use rsign_openapi::{Answer, CHANNEL, CSC_V1, CSC_V2, Document, Judge, Operation};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::flow::{CHALLENGE, VERIFIER, encode, parameter};
use super::{Bench, HASH, Registration, registration};
use crate::domain::client::{BASIC, PinTransport, Reach};
use crate::domain::credential::AuthMode;
use crate::domain::job::{Job, Progress};
use crate::domain::token::{Bearer, Commission, Eras};
use crate::port::fake_signer::PIN;
use crate::service::prompts::Wish;

/// The documents of what apps and devices call.
fn judges() -> [Judge; 3] {
    [CSC_V1, CSC_V2, CHANNEL].map(|text| Judge::new(Document::parse(text).unwrap()))
}

fn csc() -> [Judge; 2] {
    [CSC_V1, CSC_V2].map(|text| Judge::new(Document::parse(text).unwrap()))
}

/// What a request to an operation is made of.
#[derive(Debug, Clone)]
struct Ask {
    authorization: Option<String>,
    query: String,
    kind: &'static str,
    body: String,
}

impl Ask {
    fn json(token: &str, body: &Value) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..Self::open(body) }
    }

    fn open(body: &Value) -> Self {
        let (query, kind) = (String::new(), "application/json");
        Self { authorization: None, query, kind, body: body.to_string() }
    }

    fn form(authorization: Option<String>, parameters: &[(&str, &str)]) -> Self {
        let kind = "application/x-www-form-urlencoded";
        Self { authorization, query: String::new(), kind, body: encode(parameters) }
    }

    fn request(&self, method: &str, path: &str) -> Request<Body> {
        self.request_of(method, path, Body::from(self.body.clone()))
    }

    fn request_of(&self, method: &str, path: &str, body: Body) -> Request<Body> {
        let path = path.replace("{id}", "worker");
        let uri = if self.query.is_empty() { path } else { format!("{path}?{}", self.query) };
        let mut request = Request::builder().method(&*method.to_uppercase()).uri(uri);
        if method != "get" {
            request = request.header(header::CONTENT_TYPE, self.kind);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.body(body).unwrap()
    }
}

/// A gateway with all there is to switch on, and with these `[limits]`.
async fn everything(limits: &str) -> Bench {
    Bench::with(&format!("basic = true\n[timestamp]\nurl = \"https://tsa.example\"\n{OTP}"), limits).await
}

/// Nobody is told to wait.
const PATIENT: &str = "client_calls_per_second = 100000\nuser_calls_per_second = 100000";

/// Codes are sent; the courier is a fake one.
const OTP: &str = "[otp.email]\nhost = \"mail.example\"\nfrom = \"rsign@example.org\"";

/// A gateway, and whom it knows.
struct World {
    bench: Bench,
    /// A credential of ann's.
    credential: String,
    /// One that needs codes which are sent to her.
    coded: String,
    /// A service token of ann's.
    user: String,
    /// A service token of the client `app`, which reaches all.
    client: String,
    /// Its secret.
    secret: String,
}

impl World {
    async fn new(bench: Bench) -> Self {
        let credential = bench.credential(&bench.ann, Scal::Two).await;
        let coded = bench.credential_with_sent_code(&bench.ann).await;
        let app = Registration { pin_transport: PinTransport::Clear, reach: Reach::All, ..registration("app") };
        let secret = bench.register(app).await;
        let worker = Registration { pin_transport: PinTransport::Clear, reach: Reach::All, ..registration("worker") };
        bench.register(Registration { worker: true, ..worker }).await;
        let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", &secret)];
        let client = bench.token(&form).await.token();
        let user = service_token(&bench).await;
        Self { bench, credential, coded, user, client, secret }
    }

    fn basic(&self) -> Option<String> {
        Some(format!("Basic {}", BASE64.encode(format!("app:{}", self.secret).as_bytes())))
    }

    /// A credential token of the client `app` for this credential of ann's.
    async fn credential_token(&self, credential: &str, sad: &str) -> String {
        let mut form = vec![("response_type", "code"), ("client_id", "app"), ("scope", "credential")];
        form.extend([("credentialID", credential), ("hash", HASH.trim_end_matches('=')), ("numSignatures", "1")]);
        form.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        let accepted = self.bench.authorize(&form).await;
        let code = parameter(&self.bench.answer(accepted.request(), sad).await, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", VERIFIER),
            ("client_id", "app"),
            ("client_secret", &self.secret),
        ];
        self.bench.token(&form).await.token()
    }

    /// An asynchronous job of this client over ann's credential; its id.
    async fn job(&self, client: &str, progress: Progress) -> String {
        let id = self.bench.parts.random.id().unwrap();
        let expires_at = self.bench.parts.clock.now() + 3_600_000;
        let (client, user) = (client.to_owned(), self.bench.ann.clone());
        let credential = self.credential.clone();
        let job = Job { client, user, eras: None, credential, documents: false, progress, expires_at };
        assert!(self.bench.parts.repositories.jobs.store(&id, job).await.unwrap());
        id
    }

    /// The handle of a prompt of ann's own password, answered with a SAD or not at all.
    async fn handle(&self, answered: bool) -> String {
        let bench = &self.bench;
        let implicit = bench.credential_of(&bench.ann, Scal::Two, AuthMode::Implicit).await;
        let bearer = Bearer {
            client: BASIC.to_owned(),
            user: Some(bench.ann.clone()),
            reach: Reach::Linked,
            key: None,
            eras: Eras::default(),
        };
        let credential = bench.site.app.credentials.reach(&bearer, &implicit).await.unwrap();
        let wish = Wish { signatures: 1, list: Vec::new(), description: None, signed: None };
        let handle = bench.site.app.prompts.ask(&bearer, &credential, wish).await.unwrap();
        let expires_at = bench.parts.clock.now() + 300_000;
        if answered {
            assert!(bench.site.app.prompts.fulfil(&handle, &"sad_one".into(), expires_at).await.unwrap());
        }
        handle
    }

    /// A request that goes well; what is spent by it is made anew.
    async fn right(&self, operation: Operation<'_>) -> Ask {
        let id = self.credential.as_str();
        let (hash, hashes) =
            if operation.path.starts_with("/csc/v1/") { ("hash", "PIN") } else { ("hashes", "authData") };
        let pin = if hashes == "PIN" { json!(PIN) } else { json!([{ "id": "PIN", "value": PIN }]) };
        let user = |body: Value| Ask::json(&self.user, &body);
        let client = ("client_id", "app");
        match operation.path.trim_start_matches("/csc/v1/").trim_start_matches("/csc/v2/") {
            "info" => Ask::open(&json!({})),
            "auth/login" => {
                let basic = BASE64.encode(b"ann:hunter22");
                Ask { authorization: Some(format!("Basic {basic}")), ..Ask::open(&json!({ "rememberMe": true })) }
            }
            "auth/revoke" => {
                let token = service_token(&self.bench).await;
                user(json!({ "token": token, "token_type_hint": "access_token" }))
            }
            "credentials/list" => user(json!({ "credentialInfo": true, "authInfo": true, "onlyValid": true })),
            "credentials/info" => user(json!({ "credentialID": id, "certificates": "chain", "authInfo": true })),
            "credentials/authorize" => {
                user(json!({ "credentialID": id, "numSignatures": 1, hash: [HASH], hashes: pin }))
            }
            "credentials/sendOTP" => user(json!({ "credentialID": self.coded })),
            "credentials/getChallenge" => user(json!({ "credentialID": self.coded, "authObjectID": "OTP" })),
            "credentials/create" => {
                let made = self.bench.credential(&self.bench.ann, Scal::Two).await;
                let token = errand_token(&self.bench, Errand::Create { policy: None }, &made).await;
                Ask::json(&token, &json!({ "credentialCreationRequest": {}, "credentialInfo": true }))
            }
            "credentials/delete" => {
                let doomed = self.bench.credential(&self.bench.ann, Scal::Two).await;
                let token = errand_token(&self.bench, Errand::Delete { credential: doomed.clone() }, &doomed).await;
                Ask::json(&token, &json!({ "credentialDeletionRequest": { "credentialID": doomed } }))
            }
            "credentials/authorizeCheck" => user(json!({ "handle": self.handle(true).await })),
            "credentials/extendTransaction" => user(json!({ "credentialID": id, "SAD": "sad_one", hash: [HASH] })),
            "signatures/signHash" => {
                user(json!({ "credentialID": id, "SAD": "sad_one", hash: [HASH], "signAlgo": "1.2.840.113549.1.1.11" }))
            }
            "signatures/signDoc" => {
                let digest = json!({ "hashes": [HASH], "signature_format": "C", "signAlgo": "1.2.840.113549.1.1.11" });
                user(json!({ "credentialID": id, "SAD": "sad_one", "documentDigests": [digest] }))
            }
            "signatures/signPolling" => {
                let job = self.job(BASIC, Progress::Signed(vec![Bytes(vec![7])])).await;
                user(json!({ "requestID": job }))
            }
            "signatures/timestamp" => user(json!({ "hash": HASH, "hashAlgo": "2.16.840.1.101.3.4.2.1" })),
            "/health/live" | "/health/ready" => Ask::form(None, &[]),
            "/scan/settings" => user(json!({})),
            "/rest/v1/workers/{id}/process" => {
                let basic = BASE64.encode(format!("{id}:{PIN}").as_bytes());
                let meta = json!({ "USING_CLIENTSUPPLIED_HASH": "true", "CLIENTSIDE_HASHDIGESTALGORITHM": "SHA-256" });
                let body = json!({ "data": HASH, "encoding": "BASE64", "metaData": meta });
                Ask { authorization: Some(format!("Basic {basic}")), ..Ask::open(&body) }
            }
            "/oauth2/authorize" => {
                let form = [("response_type", "code"), client, ("state", "x")];
                match operation.method {
                    "get" => Ask { query: encode(&form), ..Ask::form(None, &[]) },
                    _ => Ask::form(None, &form),
                }
            }
            "/oauth2/pushed_authorize" => Ask::form(self.basic(), &[("response_type", "code"), ("scope", "service")]),
            "/oauth2/token" => Ask::form(self.basic(), &[("grant_type", "client_credentials"), client]),
            "/oauth2/revoke" => {
                let form = [("grant_type", "client_credentials"), client, ("client_secret", &self.secret)];
                let token = self.bench.token(&form).await.token();
                Ask::form(self.basic(), &[("token", &token)])
            }
            "/.well-known/oauth-authorization-server" => Ask::form(None, &[]),
            path => panic!("no request is known that goes well at {path}"),
        }
    }
}

/// A service token that acts for ann.
async fn service_token(bench: &Bench) -> String {
    let bearer = Bearer {
        client: BASIC.to_owned(),
        user: Some(bench.ann.clone()),
        reach: Reach::Linked,
        key: None,
        eras: Eras::default(),
    };
    bench.site.app.tokens.issue(bearer).await.unwrap().access.expose_secret().to_owned()
}

/// A token of ann's that is good for one errand.
async fn errand_token(bench: &Bench, errand: Errand, credential: &str) -> String {
    let bearer = Bearer {
        client: BASIC.to_owned(),
        user: Some(bench.ann.clone()),
        reach: Reach::Linked,
        key: None,
        eras: Eras::default(),
    };
    let commission = Commission { errand, credential: credential.to_owned() };
    let grant = bench.parts.random.id().unwrap();
    bench.site.app.tokens.issue_for(bearer, grant, commission).await.unwrap().access.expose_secret().to_owned()
}

/// An answer, read and judged.
struct Judged {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Judged {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn sentence(&self) -> String {
        self.json()["error_description"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends the request, and holds the answer against the document.
async fn judged(bench: &Bench, judge: &Judge, operation: Operation<'_>, request: Request<Body>) -> Judged {
    let response: Response<Body> = bench.router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let headers: Vec<_> = head.headers.iter().map(text).collect();
    let status = head.status.as_u16();
    let faults = judge.answer(operation, Answer { status, headers: &headers, body: &body });
    let Operation { method, path, .. } = operation;
    assert!(faults.is_empty(), "{method} {path} {status}: {faults:?} {}", String::from_utf8_lossy(&body));
    Judged { status, headers, body }
}

fn set(names: impl IntoIterator<Item = impl Into<String>>) -> BTreeSet<String> {
    names.into_iter().map(Into::into).collect()
}
