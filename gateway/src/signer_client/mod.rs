//! The signer over mutual TLS: one POST of JSON for each message of [`rsign_api::signer`]; behind it the documents, where
//! there are some.

mod documents;
mod tls;
mod turns;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rsign_api::signer::{
    AnsweredOcsp, AskOcsp, Authority, Authorize, Authorized, ChangeState, ChannelAnswer, ChannelHello, ChannelOpened,
    ChannelRecord, CheckSad, CompleteSignature, CompletedSignature, CreateCredential, CreatedCredential,
    CredentialName, CredentialStatus, Done, DrawCode, DrawnCode, Extend, Health, IssueCertificate, IssuedCertificate,
    LinkCertificate, Refusal, Refused, RenewDocument, RenewedDocument, RevokeSad, Sign, SignDocuments, Signed,
    SignedDocuments, WITH_DOCUMENTS, WithDocuments, path,
};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use self::turns::{Turn, Turns};
use crate::config::signer::SignerConfig;
use crate::port::signer::{Error, Result, Signer, TooLong};

/// Answers are signatures and certificates: 1000 RSA-4096 signatures are 0.7 MiB, with what was formed around documents
/// some 20 MiB.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// How long a connection may lie idle: less than the signer lets it, so that none is used while it is being closed.
const IDLE: Duration = Duration::from_secs(30);

/// What is sent.
type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The adapter. Connections are kept alive and shared; `signing` bounds how many signature calls are under way, so
/// that a burst waits here in order and does not open hundreds of TLS connections.
#[derive(Debug)]
pub struct SignerClient {
    http: Client<HttpsConnector<HttpConnector>, Body>,
    base: String,
    timeout: Duration,
    signing: Arc<Turns>,
}

impl SignerClient {
    /// Reads certificates and keys; does not connect yet.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn new(config: &SignerConfig) -> anyhow::Result<Self> {
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(tls::connector(config)?);
        Ok(Self {
            http,
            base: config.url.trim_end_matches('/').to_owned(),
            timeout: Duration::from_secs(config.timeout_seconds),
            signing: Turns::new(config.concurrent_signatures),
        })
    }

    async fn call<A: Serialize + Sync, R: DeserializeOwned>(&self, path: &str, ask: &A) -> Result<R> {
        let message = message(ask)?;
        let request = self.request(path).header(CONTENT_TYPE, "application/json");
        let body = Full::new(message).map_err(|never| match never {}).boxed_unsync();
        self.exchange(request.body(body).map_err(unavailable)?, self.timeout).await
    }

    /// The same, the documents behind the message.
    async fn carry<A: Serialize + WithDocuments + Sync, R: DeserializeOwned>(&self, path: &str, ask: &A) -> Result<R> {
        let (length, body) = documents::body(ask)?;
        let request = self.request(path).header(CONTENT_TYPE, WITH_DOCUMENTS).header(CONTENT_LENGTH, length);
        self.exchange(request.body(body).map_err(unavailable)?, self.timeout + documents::patience(length)).await
    }

    async fn exchange<R: DeserializeOwned>(&self, request: Request<Body>, timeout: Duration) -> Result<R> {
        let exchange = async {
            let answer = self.http.request(request).await.map_err(unavailable)?;
            read(answer).await
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(unavailable(elapsed)),
        }
    }

    /// Waits until fewer signature calls are under way.
    async fn turn(&self, client: &str) -> Result<Turn> {
        tokio::time::timeout(self.timeout, self.signing.take(client)).await.map_err(|_| Error::Busy)
    }

    fn request(&self, path: &str) -> Builder {
        Request::builder().method(Method::POST).uri(format!("{}{path}", self.base))
    }
}

/// It may hold a PIN or a SAD: it is wiped when hyper lets go of it.
fn message<A: Serialize>(ask: &A) -> Result<Bytes> {
    Ok(Bytes::from_owner(Wiped(Zeroizing::new(serde_json::to_vec(ask).map_err(unavailable)?))))
}

/// A buffer that `Bytes` can own and that is wiped in the end.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

async fn read<R: DeserializeOwned>(answer: Response<Incoming>) -> Result<R> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await.map_err(Error::Unavailable)?;
    let body = body.to_bytes();
    match status {
        StatusCode::OK => serde_json::from_slice(&body).map_err(unavailable),
        StatusCode::PAYLOAD_TOO_LARGE => Err(Error::Unavailable(Box::new(TooLong))),
        StatusCode::CONFLICT => match serde_json::from_slice(&body).map_err(unavailable)? {
            Refused { refused: Refusal::Busy, .. } => Err(Error::Busy),
            Refused { refused, documents } if documents.is_empty() => Err(Error::Refused(refused)),
            Refused { documents, .. } => Err(Error::Documents(documents)),
        },
        StatusCode::SERVICE_UNAVAILABLE => Err(Error::Busy),
        other => Err(Error::Unavailable(format!("the signer answered {other}").into())),
    }
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unavailable(source.into())
}

#[async_trait]
impl Signer for SignerClient {
    async fn create(&self, ask: CreateCredential) -> Result<CreatedCredential> {
        self.call(path::CREATE, &ask).await
    }

    async fn issue(&self, ask: IssueCertificate) -> Result<IssuedCertificate> {
        self.call(path::ISSUE, &ask).await
    }

    async fn link(&self, ask: LinkCertificate) -> Result<CredentialStatus> {
        self.call(path::LINK, &ask).await
    }

    async fn status(&self, ask: CredentialName) -> Result<CredentialStatus> {
        self.call(path::STATUS, &ask).await
    }

    async fn change_state(&self, ask: ChangeState) -> Result<CredentialStatus> {
        self.call(path::STATE, &ask).await
    }

    async fn draw_code(&self, ask: DrawCode) -> Result<DrawnCode> {
        self.call(path::DRAW_CODE, &ask).await
    }

    async fn authorize(&self, ask: Authorize) -> Result<Authorized> {
        self.call(path::AUTHORIZE, &ask).await
    }

    async fn extend(&self, ask: Extend) -> Result<Authorized> {
        self.call(path::EXTEND, &ask).await
    }

    async fn revoke(&self, ask: RevokeSad) -> Result<Done> {
        self.call(path::REVOKE, &ask).await
    }

    async fn sign(&self, ask: Sign) -> Result<Signed> {
        let _turn = self.turn(&ask.client).await?;
        self.call(path::SIGN, &ask).await
    }

    async fn check_sad(&self, ask: CheckSad) -> Result<Done> {
        self.call(path::CHECK, &ask).await
    }

    async fn sign_documents(&self, ask: SignDocuments) -> Result<SignedDocuments> {
        let _turn = self.turn(&ask.client).await?;
        if ask.octets().is_empty() {
            self.call(path::SIGN_DOCUMENTS, &ask).await
        } else {
            self.carry(path::SIGN_DOCUMENTS, &ask).await
        }
    }

    async fn complete_signature(&self, ask: CompleteSignature) -> Result<CompletedSignature> {
        let _turn = self.turn(ask.client.as_deref().unwrap_or_default()).await?;
        self.carry(path::COMPLETE_SIGNATURE, &ask).await
    }

    async fn renew_document(&self, ask: RenewDocument) -> Result<RenewedDocument> {
        let _turn = self.turn(ask.client.as_deref().unwrap_or_default()).await?;
        self.carry(path::RENEW_DOCUMENT, &ask).await
    }

    async fn channel_hello(&self, ask: ChannelHello) -> Result<ChannelOpened> {
        self.call(path::CHANNEL_HELLO, &ask).await
    }

    async fn channel_record(&self, ask: ChannelRecord) -> Result<ChannelAnswer> {
        self.call(path::CHANNEL_RECORD, &ask).await
    }

    async fn authority(&self) -> Result<Authority> {
        self.call(path::AUTHORITY, &serde_json::json!({})).await
    }

    async fn health(&self) -> Result<Health> {
        self.call(path::HEALTH, &serde_json::json!({})).await
    }

    async fn ocsp(&self, ask: AskOcsp) -> Result<AnsweredOcsp> {
        self.call(path::OCSP, &ask).await
    }
}
