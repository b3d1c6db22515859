//! The port [`IdentityProvider`] over OpenID Connect: authorization code with PKCE and nonce, the identity token
//! checked here. [`metadata`] finds out about the provider, [`id_token`] judges what it says of a person.

mod id_token;
mod metadata;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

pub(crate) use self::metadata::is_safe;
use self::metadata::{Metadata, Source};
use crate::config::account::ProviderConfig;
use crate::domain::external::Identity;
use crate::port::clock::Clock;
use crate::port::identity::{Answer, Error, IdentityProvider, Question, Result};

/// How long the provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A provider.
#[derive(Debug)]
pub struct IdentityClient {
    client_id: String,
    secret: Option<SecretString>,
    source: Source,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// The member of a token answer that this is about.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    id_token: Option<String>,
}

impl ExtraTokenFields for Extra {}

type Client = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<Extra, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl IdentityClient {
    /// A provider as the operator describes it.
    ///
    /// # Errors
    /// When the secret or the trust anchor cannot be read.
    pub fn new(config: &ProviderConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // An answer comes from where we asked, or not at all.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(anchor) = &config.ca {
            let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        let http = http.build()?;
        Ok(Self {
            client_id: config.client_id.clone(),
            secret: config.client_secret_file.as_deref().map(read_secret).transpose()?,
            source: Source::new(config.issuer.clone(), http.clone(), Arc::clone(&clock)),
            http,
            clock,
        })
    }

    fn client(&self, metadata: &Metadata, question: &Question) -> Result<Client> {
        let odd = |error: oauth2::url::ParseError| Error::Unavailable(error.into());
        let mut client = oauth2::Client::new(ClientId::new(self.client_id.clone()));
        if let Some(secret) = &self.secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        Ok(client
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(odd)?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(odd)?)
            .set_redirect_uri(RedirectUrl::new(question.redirect_uri.clone()).map_err(odd)?))
    }
}

#[async_trait]
impl IdentityProvider for IdentityClient {
    async fn question(&self, question: &Question) -> Result<String> {
        let metadata = self.source.metadata().await?;
        let client = self.client(&metadata, question)?;
        let verifier = PkceCodeVerifier::new(question.verifier.expose_secret().to_owned());
        let state = question.state.clone();
        let (url, _) = client
            .authorize_url(move || CsrfToken::new(state))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scope(Scope::new("openid".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .add_extra_param("nonce", &question.nonce)
            .add_extra_param("ui_locales", question.language.tag())
            .url();
        Ok(url.into())
    }

    async fn identity(&self, question: &Question, answer: Answer) -> Result<Identity> {
        let metadata = self.source.metadata().await?;
        // Mix-up: who answers is who was asked.
        match &answer.issuer {
            Some(issuer) if *issuer != metadata.issuer => return Err(Error::Refused("another provider answered")),
            None if metadata.sends_issuer => return Err(Error::Refused("the answer does not say whose it is")),
            _ => {}
        }
        let http = self.http.clone();
        let send = move |request| send(http.clone(), request);
        let token = self
            .client(&metadata, question)?
            .exchange_code(AuthorizationCode::new(answer.code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(question.verifier.expose_secret().to_owned()))
            .request_async(&send)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(_) => Error::Refused("the code was not accepted"),
                error => Error::Unavailable(error.into()),
            })?;
        let id_token = token.extra_fields().id_token.as_deref();
        let id_token = id_token.ok_or(Error::Refused("there is no identity token"))?;
        let expected = id_token::Expected {
            issuer: &metadata.issuer,
            client: &self.client_id,
            nonce: &question.nonce,
            now: self.clock.now() / 1000,
        };
        let keys = self.source.keys(&metadata).await?;
        match id_token::judge(id_token, &keys, &expected) {
            // A key we do not know may be a new one.
            Err(id_token::Fault::UnknownKey) => {
                let keys = self.source.newer_keys(&metadata).await?;
                id_token::judge(id_token, &keys, &expected).map_err(id_token::Fault::into)
            }
            outcome => outcome.map_err(id_token::Fault::into),
        }
    }
}

/// `oauth2` speaks through whichever HTTP client it is given.
async fn send(http: reqwest::Client, request: HttpRequest) -> std::result::Result<HttpResponse, reqwest::Error> {
    let answer = http.execute(request.try_into()?).await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = metadata::body(answer).await?;
    Ok(response)
}

fn read_secret(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).map(zeroize::Zeroizing::new);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let secret = text.lines().next().unwrap_or_default().trim();
    anyhow::ensure!(!secret.is_empty(), "{} is empty", path.display());
    Ok(SecretString::from(secret.to_owned()))
}
