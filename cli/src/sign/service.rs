//! The CSC service: what it says of itself, the person's credential, the signature.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::plan::{File, Level};

/// OID of SHA-256.
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// A discovered service.
#[derive(Debug)]
pub(super) struct Service<'a> {
    http: &'a reqwest::Client,
    base: String,
    info: Value,
}

/// A credential that can sign.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) id: String,
    /// Subject of the certificate, as the service prints it.
    pub(super) subject: String,
    /// The end entity's certificate and what stands above it, DER.
    pub(super) chain: Vec<Vec<u8>>,
    /// OID of the signature algorithm to ask for.
    pub(super) algorithm: &'static str,
}

/// What this program asks for, best first: with SHA-256, for RSA and for EC keys.
const ALGORITHMS: [&str; 2] = ["1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"];

impl<'a> Service<'a> {
    /// Asks `info` (CSC 11.1).
    pub(super) async fn discover(http: &'a reqwest::Client, base: &str) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        // Tokens go there, and documents.
        ensure!(is_safe(&base), "{base}: the service has to be reached over TLS (https)");
        let mut service = Self { http, base, info: Value::Null };
        service.info = service.call("info", None, json!({})).await?;
        Ok(service)
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
        let server = self.info["oauth2"].as_str().or_else(|| self.info["oauth2Issuer"].as_str());
        let server = server.context("this service knows no OAuth2: a person cannot approve in the browser")?;
        // There the browser is sent, and there this program sends its secret and the code.
        ensure!(is_safe(server), "the service names an authorization server that is not reached over TLS: {server}");
        Ok(server.trim_end_matches('/'))
    }

    /// The credential of that id, or the first that is enabled and makes signatures we can use.
    pub(super) async fn credential(&self, token: &str, wanted: Option<&str>) -> anyhow::Result<Credential> {
        let ids = match wanted {
            Some(id) => vec![id.to_owned()],
            None => {
                let list = self.call("credentials/list", Some(token), json!({})).await?;
                let ids = list["credentialIDs"].as_array().map(Vec::as_slice).unwrap_or_default();
                ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
            }
        };
        ensure!(!ids.is_empty(), "you have no signing key at this service yet; make one on its account page");
        for id in ids {
            let asked = json!({ "credentialID": id, "certificates": "chain", "certInfo": true });
            let found = self.call("credentials/info", Some(token), asked).await?;
            if let Some(credential) = usable(id, &found)? {
                return Ok(credential);
            }
        }
        bail!("none of your keys can sign with SHA-256 now: they are disabled, or of another kind")
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
        let answer = request.send().await.with_context(|| format!("{} does not answer", self.base))?;
        let status = answer.status();
        let answer: Value = answer.json().await.with_context(|| format!("{method} answered {status} and no JSON"))?;
        if !status.is_success() {
            let said = answer["error_description"].as_str().or_else(|| answer["error"].as_str());
            bail!("{method}: {} ({status})", said.unwrap_or("refused"));
        }
        Ok(answer)
    }
}

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

fn usable(id: String, found: &Value) -> anyhow::Result<Option<Credential>> {
    let offered = found["key"]["algo"].as_array().map(Vec::as_slice).unwrap_or_default();
    let algorithm = ALGORITHMS.into_iter().find(|wanted| offered.iter().any(|oid| oid == wanted));
    let enabled = found["key"]["status"] == "enabled";
    let (Some(algorithm), true) = (algorithm, enabled) else { return Ok(None) };
    let chain = found["cert"]["certificates"].as_array().context("the service shows no certificate")?;
    let decode = |one: &Value| {
        let text = one.as_str().context("a certificate is no string")?;
        anyhow::Ok(data_encoding::BASE64.decode(text.as_bytes())?)
    };
    Ok(Some(Credential {
        id,
        subject: found["cert"]["subjectDN"].as_str().unwrap_or_default().to_owned(),
        chain: chain.iter().map(decode).collect::<Result<_, _>>()?,
        algorithm,
    }))
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
}
