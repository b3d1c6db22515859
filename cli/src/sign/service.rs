//! The CSC service: what it says of itself, the person's credentials, the signature.

use std::fmt;

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::keys::Credential;
use super::plan::{File, Level};
use super::reach::unreached;

/// OID of SHA-256.
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// A discovered service.
#[derive(Debug)]
pub(super) struct Service<'a> {
    http: &'a reqwest::Client,
    base: String,
    info: Value,
}

impl<'a> Service<'a> {
    /// Asks `info` (CSC 11.1).
    pub(super) async fn discover(http: &'a reqwest::Client, base: &str) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let is_address = url::Url::parse(&base).is_ok_and(|url| url.has_host());
        ensure!(is_address, "{base} is no address of a service; it looks like https://host/csc/v2");
        // Tokens go there, and documents.
        ensure!(is_safe(&base), "{base}: the service has to be reached over TLS; name its https address");
        let answer = http.post(format!("{base}/info")).json(&json!({})).send().await;
        let answer = answer.map_err(|error| unreached(&base, &error))?;
        let status = answer.status();
        let info = answer.json::<Value>().await.ok().filter(|info| status.is_success() && info.is_object());
        let info = info.with_context(|| stranger(&base, status))?;
        let lacking = lacking(&info);
        ensure!(
            lacking.is_empty(),
            "{base} cannot be used by this program: its `info` does not name {}; ask whoever runs the service",
            lacking.join(", nor ")
        );
        Ok(Self { http, base, info })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn name(&self) -> &str {
        self.info["name"].as_str().unwrap_or("the service")
    }

    pub(super) fn specification(&self) -> &str {
        self.info["specs"].as_str().unwrap_or_default()
    }

    /// Version 1 of the API names some members otherwise.
    fn is_first_version(&self) -> bool {
        self.specification().starts_with("1.")
    }

    /// How the hashes to be approved are called at `oauth2/authorize`.
    pub(super) fn hashes_parameter(&self) -> &'static str {
        if self.is_first_version() { "hash" } else { "hashes" }
    }

    /// Whether it forms signed documents of all these formats, at this level.
    pub(super) fn forms(&self, files: &[File], level: Level) -> bool {
        let offers =
            |list: &Value, wanted: &str| list.as_array().is_some_and(|all| all.iter().any(|one| one == wanted));
        !self.is_first_version()
            && offers(&self.info["methods"], "signatures/signDoc")
            && offers(&self.info["conformance_levels"], level.name())
            && files.iter().all(|file| offers(&self.info["signature_formats"]["formats"], file.form.letter()))
    }

    /// Whether one call may have documents of several formats (2.1).
    pub(super) fn mixes_formats(&self) -> bool {
        self.info["signature_formats"]["allowMix"] == true
    }

    /// Base address of the authorization server: `oauth2`, to which `/oauth2/authorize` is appended (CSC 8.3.1).
    pub(super) fn authorization_server(&self) -> anyhow::Result<&str> {
        let server = authorization_server(&self.info).context("the service names no authorization server")?;
        // There the browser is sent, and there this program sends its secret and the code.
        ensure!(is_safe(server), "the service names an authorization server that is not reached over TLS: {server}");
        Ok(server.trim_end_matches('/'))
    }

    /// The ids of the person's credentials (CSC 11.4).
    pub(super) async fn credentials(&self, token: &str) -> anyhow::Result<Vec<String>> {
        let list = self.call("credentials/list", Some(token), json!({})).await?;
        let ids = list["credentialIDs"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
    }

    /// What the service tells of one (CSC 11.5).
    pub(super) async fn credential(&self, token: &str, asked: Value) -> anyhow::Result<Value> {
        self.call("credentials/info", Some(token), asked).await
    }

    /// Signatures over digests, in their order (CSC 11.9), as the algorithm says: RSA block or ECDSA in DER.
    pub(super) async fn sign_hashes(
        &self,
        token: &str,
        sad: &str,
        credential: &Credential,
        digests: &[&[u8]],
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let hashes: Vec<String> = digests.iter().map(|digest| data_encoding::BASE64.encode(digest)).collect();
        let asked = if self.is_first_version() {
            json!({ "credentialID": credential.id, "SAD": sad, "hash": hashes, "hashAlgo": SHA256,
                    "signAlgo": credential.algorithm })
        } else {
            json!({ "credentialID": credential.id, "SAD": sad, "hashes": hashes, "hashAlgorithmOID": SHA256,
                    "signAlgo": credential.algorithm })
        };
        let answer = self.call("signatures/signHash", Some(token), asked).await?;
        let signatures = answer["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
        ensure!(signatures.len() == digests.len(), "the service answered another number of signatures");
        let decode = |text: &Value| {
            let text = text.as_str().context("a signature is no string")?;
            anyhow::Ok(data_encoding::BASE64.decode(text.as_bytes())?)
        };
        signatures.iter().map(decode).collect()
    }

    /// Signed documents (CSC 11.11).
    pub(super) async fn sign_documents(&self, token: &str, asked: Value) -> anyhow::Result<Value> {
        self.call("signatures/signDoc", Some(token), asked).await
    }

    async fn call(&self, method: &str, token: Option<&str>, body: Value) -> anyhow::Result<Value> {
        let mut request = self.http.post(format!("{}/{method}", self.base)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|error| unreached(&self.base, &error))?;
        let status = answer.status();
        let answer: Value = answer.json().await.with_context(|| format!("{method} answered {status} and no JSON"))?;
        if status.is_success() { Ok(answer) } else { Err(Refused { method: method.to_owned(), status, answer }.into()) }
    }
}

/// A method that the service did not do.
#[derive(Debug)]
pub(super) struct Refused {
    method: String,
    status: StatusCode,
    answer: Value,
}

impl Refused {
    #[cfg(test)]
    pub(super) fn of(method: &str, status: u16, answer: Value) -> Self {
        Self { method: method.to_owned(), status: StatusCode::from_u16(status).unwrap_or_default(), answer }
    }

    /// Which entries of the call it was about, and in a sentence why: rsign says so in a member of its own.
    pub(super) fn entries(&self) -> Vec<(usize, &str)> {
        let all = self.answer["rsign_refused"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(entry).collect()
    }
}

fn entry(objection: &Value) -> Option<(usize, &str)> {
    Some((usize::try_from(objection["index"].as_u64()?).ok()?, objection["explanation"].as_str()?))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.answer["error_description"].as_str().or_else(|| self.answer["error"].as_str());
        write!(f, "{}: {} ({})", self.method, said.unwrap_or("refused"), self.status)
    }
}

impl std::error::Error for Refused {}

/// Over TLS, or on this computer.
fn is_safe(server: &str) -> bool {
    let Ok(url) = url::Url::parse(server) else { return false };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// What an answer is of that no CSC service gave.
fn stranger(base: &str, status: StatusCode) -> String {
    let last = base.rsplit('/').next().unwrap_or_default();
    let number = last.strip_prefix('v').unwrap_or_default();
    let has_version = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
    if has_version {
        format!("there is no CSC service at {base} (it answered {status} to `info`); look at the address")
    } else {
        format!(
            "there is no CSC service at {base} (it answered {status} to `info`); the address of one ends in its version: \
             try {base}/csc/v2"
        )
    }
}

/// What a service has to name in `info` that people can sign through it.
fn lacking(info: &Value) -> Vec<&'static str> {
    let has = |list: &str, wanted: &[&str]| {
        let list = info[list].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().any(|one| wanted.iter().any(|wanted| one == wanted))
    };
    [
        (info["specs"].is_string(), "the version of the API (`specs`)"),
        (has("methods", &["credentials/list"]), "the method credentials/list"),
        (has("methods", &["credentials/info"]), "the method credentials/info"),
        (has("methods", &["signatures/signHash", "signatures/signDoc"]), "a method that signs (signatures/signHash)"),
        (
            authorization_server(info).is_some(),
            "an authorization server (`oauth2`), where people approve in the browser",
        ),
    ]
    .into_iter()
    .filter(|(there, _)| !there)
    .map(|(_, what)| what)
    .collect()
}

/// By one of the members that say it: of version 1, of 2.0, of 2.1.
fn authorization_server(info: &Value) -> Option<&str> {
    let server = &info["oauth2Servers"][0];
    [&info["oauth2"], &info["oauth2Issuer"], &server["baseUri"], &server["issuerIdentifier"]]
        .into_iter()
        .find_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_server_is_reached_over_tls_or_is_on_this_computer() {
        let http = reqwest::Client::new();
        let says = |oauth2: &str| {
            let service = Service { http: &http, base: String::new(), info: json!({ "oauth2": oauth2 }) };
            service.authorization_server().map(str::to_owned).ok()
        };
        assert_eq!(says("https://as.example/").as_deref(), Some("https://as.example"));
        for near in ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:80"] {
            assert!(says(near).is_some(), "{near}");
        }
        for other in ["http://as.example", "http://127.0.0.1.as.example", "http://localhost.example", "ftp://x", "x"] {
            assert!(says(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_a_service_lacks_is_named() {
        let methods = ["info", "credentials/list", "credentials/info", "signatures/signHash"];
        let mut info = json!({ "specs": "2.2.0.0", "methods": methods, "oauth2": "https://as.example" });
        assert!(lacking(&info).is_empty());
        info["methods"] = json!(["info", "credentials/list"]);
        assert_eq!(lacking(&info), ["the method credentials/info", "a method that signs (signatures/signHash)"]);
        assert_eq!(lacking(&json!({})).len(), 5);
        for named in [
            json!({ "oauth2Issuer": "https://as.example" }),
            json!({ "oauth2Servers": [{ "issuerIdentifier": "https://as.example" }] }),
        ] {
            assert_eq!(authorization_server(&named), Some("https://as.example"));
        }
    }

    #[test]
    fn an_address_without_a_version_is_told_so() {
        let said = |base| stranger(base, StatusCode::NOT_FOUND);
        assert!(said("https://csc.example").ends_with("ends in its version: try https://csc.example/csc/v2"));
        assert!(said("https://csc.example/csc").contains("ends in its version"));
        assert!(said("https://csc.example/csc/v2").ends_with("look at the address"));
    }
}
