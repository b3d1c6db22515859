//! The wire, as a signing app sees it. Nothing is checked that the test does not ask for, but that every exchange is as
//! the OpenAPI documents say.

use std::time::Duration;

use data_encoding::BASE64;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde::Serialize;
use serde_json::{Value, json};

use crate::contract::{Asked, hold};
use crate::{Algorithm, Client, Credential, Hash, User};

/// A version of the API, by the segment of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

impl Version {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V1, Self::V2];

    /// `v1` or `v2`.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; null when it is empty.
    pub json: Value,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }

    /// Status, `error` and `error_description`.
    ///
    /// # Panics
    /// When it is not an error as the standard wants it.
    #[must_use]
    #[track_caller]
    pub fn error(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.json[name].as_str().unwrap_or_else(|| panic!("{} {}", self.status, self.json));
        assert!(self.headers[CONTENT_TYPE].to_str().unwrap().starts_with("application/json"));
        (self.status, text("error"), text("error_description"))
    }

    /// Whether it says that the service is away for the moment, as DESIGN wants it said.
    ///
    /// # Panics
    /// When it is 503 in another form.
    #[must_use]
    pub fn is_away(&self) -> bool {
        if self.status != 503 {
            return false;
        }
        assert_eq!(self.error().1, "temporarily_unavailable");
        assert!(self.headers.contains_key("retry-after"), "503 without Retry-After");
        true
    }
}

/// A service, by its base URL.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
}

impl Api {
    /// The service at this URL; `tls_ca` is the only root that is trusted.
    ///
    /// # Panics
    /// When the root is no certificate.
    #[must_use]
    pub fn new(base: &str, tls_ca: Option<&str>) -> Self {
        let mut http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
        // The gateway closes what lies idle for thirty seconds. A test that computes for as long does not notice, and
        // would send its next call there.
        http = http.pool_idle_timeout(Duration::from_secs(10));
        if let Some(file) = tls_ca {
            let root = reqwest::Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap();
            http = http.tls_certs_only([root]);
        }
        Self { http: http.build().unwrap(), base: base.to_owned() }
    }

    /// Its base URL.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// POSTs a body with these header fields.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> reqwest::Result<Answer> {
        let mut request = self.http.post(format!("{}{path}", self.base)).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        receive(Asked { method: "post", path, body: &body }, request.send().await?).await
    }

    /// The same, where an answer must come.
    ///
    /// # Panics
    /// When none comes.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        self.try_post(path, headers, body.into()).await.unwrap()
    }

    /// GETs.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> Answer {
        let asked = Asked { method: "get", path, body: b"" };
        receive(asked, self.http.get(format!("{}{path}", self.base)).send().await.unwrap()).await.unwrap()
    }

    /// Asks with any verb and without a body.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, verb: &str, path: &str) -> Answer {
        let request = self.http.request(verb.parse().unwrap(), format!("{}{path}", self.base));
        let asked = Asked { method: &verb.to_ascii_lowercase(), path, body: b"" };
        receive(asked, request.send().await.unwrap()).await.unwrap()
    }

    /// GETs with a bearer.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get_with(&self, path: &str, bearer: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(bearer);
        receive(Asked { method: "get", path, body: b"" }, request.send().await.unwrap()).await.unwrap()
    }

    /// POSTs JSON with a bearer, to a path that is no method of CSC.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post_with(&self, path: &str, bearer: &str, body: &impl Serialize) -> Answer {
        let bearer = format!("Bearer {bearer}");
        let headers = [(AUTHORIZATION.as_str(), bearer.as_str()), (CONTENT_TYPE.as_str(), "application/json")];
        self.post(path, &headers, serde_json::to_vec(body).unwrap()).await
    }

    /// POSTs a form, with HTTP Basic if a name and a secret are given.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn form(&self, path: &str, basic: Option<(&str, &str)>, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let basic = basic.map(|(name, secret)| basic_header(name, secret));
        let mut headers = vec![(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        headers.extend(basic.as_deref().map(|value| (AUTHORIZATION.as_str(), value)));
        self.post(path, &headers, body).await
    }

    /// `oauth2/token` with client credentials.
    ///
    /// # Panics
    /// When there is no token.
    pub async fn client(&self, client: &Client) -> Session {
        let basic = (client.client_id.as_str(), client.client_secret.as_deref().expect("a client with a secret"));
        let form = [("grant_type", "client_credentials")];
        let answer = self.form("/oauth2/token", Some(basic), &form).await.ok();
        self.with(answer["access_token"].as_str().unwrap())
    }

    /// `auth/login`.
    ///
    /// # Panics
    /// When there is no token.
    pub async fn login(&self, user: &User) -> Session {
        let header = basic_header(&user.username, &user.password);
        let headers = [(AUTHORIZATION.as_str(), header.as_str()), (CONTENT_TYPE.as_str(), "application/json")];
        let answer = self.post("/csc/v1/auth/login", &headers, "{}").await.ok();
        self.with(answer["access_token"].as_str().unwrap())
    }

    /// Calls with this token.
    #[must_use]
    pub fn with(&self, token: &str) -> Session {
        Session { api: self.clone(), token: token.to_owned() }
    }
}

/// The value of a Basic header.
fn basic_header(name: &str, secret: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{name}:{secret}").as_bytes()))
}

async fn receive(asked: Asked<'_>, response: reqwest::Response) -> reqwest::Result<Answer> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?;
    hold(asked, status, &headers, &body);
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Answer { status, headers, json })
}

/// A service and a token for it.
#[derive(Debug, Clone)]
pub struct Session {
    pub api: Api,
    pub token: String,
}

impl Session {
    /// Calls a method: `v1/credentials/info`.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_call(&self, method: &str, body: &Value) -> reqwest::Result<Answer> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [(AUTHORIZATION.as_str(), bearer.as_str()), (CONTENT_TYPE.as_str(), "application/json")];
        self.api.try_post(&format!("/csc/{method}"), &headers, serde_json::to_vec(body).unwrap()).await
    }

    /// The same, where an answer must come.
    ///
    /// # Panics
    /// When none comes.
    pub async fn call(&self, method: &str, body: Value) -> Answer {
        self.try_call(method, &body).await.unwrap()
    }

    /// The credential's certificate, DER.
    ///
    /// # Panics
    /// When the answer holds none.
    pub async fn certificate(&self, credential: &Credential) -> Vec<u8> {
        let info = self.call("v1/credentials/info", json!({ "credentialID": credential.id })).await.ok();
        BASE64.decode(info["cert"]["certificates"][0].as_str().unwrap().as_bytes()).unwrap()
    }

    /// `credentials/authorize` with the credential's PIN, v1.
    pub async fn try_authorize(&self, credential: &Credential, hashes: &[Hash]) -> Answer {
        self.call("v1/credentials/authorize", authorize(credential, &credential.pin, hashes)).await
    }

    /// The SAD for these hashes.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn authorize(&self, credential: &Credential, hashes: &[Hash]) -> impl Future<Output = String> {
        let answer = self.try_authorize(credential, hashes);
        async move { answer.await.ok()["SAD"].as_str().unwrap().to_owned() }
    }

    /// `signatures/signHash`, v1.
    pub async fn try_sign(&self, credential: &Credential, sad: &str, algorithm: &Algorithm, hashes: &[Hash]) -> Answer {
        self.call("v1/signatures/signHash", sign_hash(credential, sad, algorithm, hashes)).await
    }

    /// The signatures.
    ///
    /// # Panics
    /// When there are none, or not as many as hashes.
    pub async fn sign(
        &self,
        credential: &Credential,
        sad: &str,
        algorithm: &Algorithm,
        hashes: &[Hash],
    ) -> Vec<Vec<u8>> {
        let signatures = signatures(&self.try_sign(credential, sad, algorithm, hashes).await.ok());
        assert_eq!(signatures.len(), hashes.len());
        signatures
    }
}

/// Body of `credentials/authorize`, v1.
#[must_use]
pub fn authorize(credential: &Credential, pin: &str, hashes: &[Hash]) -> Value {
    let list: Vec<String> = hashes.iter().map(Hash::base64).collect();
    json!({ "credentialID": credential.id, "numSignatures": hashes.len(), "hash": list, "PIN": pin })
}

/// Body of `signatures/signHash`, v1.
#[must_use]
pub fn sign_hash(credential: &Credential, sad: &str, algorithm: &Algorithm, hashes: &[Hash]) -> Value {
    let list: Vec<String> = hashes.iter().map(Hash::base64).collect();
    let mut body = json!({ "credentialID": credential.id, "SAD": sad, "hash": list, "signAlgo": algorithm.sign_algo });
    if let Some(hash_algo) = algorithm.hash_algo {
        body["hashAlgo"] = hash_algo.into();
    }
    if let Some(params) = &algorithm.params {
        body["signAlgoParams"] = params.as_str().into();
    }
    body
}

/// The signatures of an answer of signHash, decoded.
///
/// # Panics
/// When they are not what they should be.
#[must_use]
pub fn signatures(answer: &Value) -> Vec<Vec<u8>> {
    let texts = answer["signatures"].as_array().unwrap_or_else(|| panic!("no signatures in {answer}"));
    texts.iter().map(|text| BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap()).collect()
}
