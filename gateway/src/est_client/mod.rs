//! The port [`Issuer`] over EST (RFC 7030, as RFC 8951 clarifies it): `simpleenroll` for the certificate, `cacerts` for what stands
//! above it. We are a registration authority there: the request is that of a person's key, and the client that signs in is us.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use data_encoding::BASE64;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use rsign_ades::cms::certificates_only;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::config::est::EstConfig;
use crate::port::issuer::{Error, Issuer};

/// Longest answer that is read, octets: certificates of a chain or two.
const LONGEST: usize = 256 * 1024;
/// Of a refusal, characters.
const LONGEST_REASON: usize = 200;

/// What a request is (RFC 7030, 4.2.1).
const PKCS10: &str = "application/pkcs10";
/// What certificates come as; a parameter says that it brings nothing else (RFC 7030, 4.1.3).
const PKCS7: &str = "application/pkcs7-mime";
const TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");

/// The client.
#[derive(Debug)]
pub struct EstClient {
    http: reqwest::Client,
    /// Without a slash at its end.
    url: String,
    login: Option<(String, SecretString)>,
}

impl EstClient {
    /// For the CA that the operator names.
    ///
    /// # Errors
    /// When trust anchors, certificate, key or password cannot be read.
    pub fn new(config: &EstConfig) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .timeout(Duration::from_secs(config.timeout_seconds))
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true);
        if let Some(anchor) = &config.ca {
            let pem = std::fs::read(anchor).with_context(|| format!("[est] ca {}", anchor.display()))?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
            let read = |path: &std::path::Path| {
                std::fs::read(path).map(Zeroizing::new).with_context(|| format!("[est] {}", path.display()))
            };
            let pem = Zeroizing::new([&**read(certificate)?, b"\n", &**read(key)?].concat());
            let identity = reqwest::Identity::from_pem(&pem).context("[est] certificate and key")?;
            http = http.identity(identity);
        }
        let http = http.build().context("[est] certificate and key do not fit")?;
        Ok(Self { http, url: config.url.trim_end_matches('/').to_owned(), login: config.login()? })
    }

    /// Every call says who we are: a CA that asks first costs a round, and the password goes to nobody else over TLS.
    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Some((name, password)) => request.basic_auth(name, Some(password.expose_secret())),
            None => request,
        }
    }

    async fn certificates(&self, request: RequestBuilder) -> Result<Vec<Vec<u8>>, Error> {
        let answer = self.signed_in(request).send().await.map_err(|error| Error::Away(error.into()))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::ACCEPTED => return Err(Error::Later { after: seconds(answer.headers().get(RETRY_AFTER)) }),
            status if status.is_client_error() => {
                let said = read(answer).await.map(|octets| reason(&octets)).unwrap_or_default();
                return Err(Error::Refused { status: status.as_u16(), said });
            }
            status => return Err(Error::Away(format!("it answered {status}").into())),
        }
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(PKCS7)) {
            return Err(Error::Away(format!("its answer is {kind:?}, not {PKCS7}").into()));
        }
        // Base64 in lines, whatever the header says of it (RFC 8951, 3.1).
        let text: Vec<u8> = read(answer).await?.into_iter().filter(|octet| !octet.is_ascii_whitespace()).collect();
        let message = BASE64.decode(&text).map_err(|_| Error::Away("its answer is not Base64".into()))?;
        certificates_only(&message).map_err(|error| Error::Away(error.into()))
    }
}

#[async_trait]
impl Issuer for EstClient {
    async fn certify(&self, request: Vec<u8>) -> Result<Vec<Vec<u8>>, Error> {
        // First what can be asked again: a certificate that was issued and not taken is one to be revoked.
        let authorities = self.authorities().await?;
        let enrol = self.http.post(format!("{}/simpleenroll", self.url));
        let enrol = enrol.header(CONTENT_TYPE, PKCS10).header(TRANSFER_ENCODING, HeaderValue::from_static("base64"));
        let mut certificates = self.certificates(enrol.body(BASE64.encode(&request))).await?;
        certificates.extend(authorities);
        Ok(certificates)
    }

    async fn authorities(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.certificates(self.http.get(format!("{}/cacerts", self.url))).await
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Error::Away(error.into()))? {
        octets.extend_from_slice(&chunk);
        if octets.len() > LONGEST {
            return Err(Error::Away("its answer is too long".into()));
        }
    }
    Ok(octets)
}

/// Seconds; a date is as good as nothing here, since nobody is told but a person.
fn seconds(after: Option<&HeaderValue>) -> Option<u64> {
    after?.to_str().ok()?.trim().parse().ok()
}

/// The CA's words for people, in one line that forges no other.
fn reason(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests;
