//! The person's approval: authorization code with PKCE in the system's browser, the answer on a loopback port
//! (RFC 8252, 7.3), checked for state (RFC 6749) and issuer (RFC 9207).

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, RedirectUrl, RequestTokenError, TokenResponse as _, TokenUrl,
};
use tokio::net::TcpListener;
use url::Url;

use super::ended::Ended;
use super::loopback::{self, Answer};
use super::reach::unreached;
use super::terminal::step;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// This app as the service knows it.
#[derive(Debug)]
pub(super) struct App {
    pub(super) client_id: String,
    pub(super) client_secret: Option<String>,
}

/// Asks for approvals at one authorization server.
#[derive(Debug)]
pub(super) struct Consent<'a> {
    http: &'a reqwest::Client,
    app: &'a App,
    server: &'a str,
    metadata: Metadata,
    opens_browser: bool,
}

impl<'a> Consent<'a> {
    pub(super) async fn new(
        http: &'a reqwest::Client,
        app: &'a App,
        server: &'a str,
        opens_browser: bool,
    ) -> anyhow::Result<Self> {
        let metadata = Metadata::ask(http, server).await?;
        Ok(Self { http, app, server, metadata, opens_browser })
    }

    /// Types of `authorization_details` (RFC 9396) that the server says it understands.
    pub(super) fn details(&self) -> &[String] {
        &self.metadata.details
    }

    /// An access token for what the parameters say, after the person said yes.
    pub(super) async fn ask(&self, what: &str, parameters: &[(&'static str, String)]) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let redirect = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
        let mut client = BasicClient::new(ClientId::new(self.app.client_id.clone()))
            .set_auth_uri(AuthUrl::new(format!("{}/oauth2/authorize", self.server))?)
            .set_token_uri(TokenUrl::new(format!("{}/oauth2/token", self.server))?)
            .set_redirect_uri(RedirectUrl::new(redirect)?)
            .set_auth_type(AuthType::BasicAuth);
        if let Some(secret) = &self.app.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.clone()));
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
        for (name, value) in parameters {
            request = request.add_extra_param(*name, value);
        }
        let (url, state) = request.url();
        self.show(what, &url);
        let answer = tokio::time::timeout(PATIENCE, loopback::answer(&listener, state.secret()));
        let late =
            |_| anyhow!("nobody approved within ten minutes, and nothing was signed; start again when somebody can");
        let answer = answer.await.map_err(late)?;
        let code = self.judge(&answer)?;
        let send = |request| send(self.http, request);
        let token = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let token = token.request_async(&send).await.map_err(|error| self.no_token(error))?;
        Ok(token.access_token().secret().clone())
    }

    fn show(&self, what: &str, url: &Url) {
        if self.opens_browser && open::that_detached(url.as_str()).is_ok() {
            step(&format!("your browser asks whether this program {what}; if it does not: {url}"));
        } else {
            step(&format!("open this to say that this program {what}:"));
            step(url.as_str());
        }
    }

    fn judge(&self, answer: &Answer) -> anyhow::Result<String> {
        if let Some(issuer) = &self.metadata.issuer {
            ensure!(answer.get("iss") == Some(issuer), "the answer came from another server than was asked");
        }
        if let Some(error) = answer.get("error") {
            let said = answer.get("error_description");
            if error == "access_denied" {
                return Err(Ended::denied(said).into());
            }
            let said = said.unwrap_or("it does not say why");
            bail!("the service refused the request, and nothing was signed: {said} ({error})");
        }
        Ok(answer.get("code").context("the answer has no code")?.to_owned())
    }

    fn no_token(&self, error: RequestTokenError<reqwest::Error, BasicErrorResponse>) -> anyhow::Error {
        match error {
            RequestTokenError::Request(error) => unreached(self.server, &error),
            RequestTokenError::ServerResponse(answer) if answer.error().as_ref() == "invalid_client" => {
                anyhow!(
                    "the service does not know this client_id with this secret; look at --client-id and --client-secret-file"
                )
            }
            RequestTokenError::ServerResponse(answer) => {
                let said = answer.error_description().map_or_else(|| answer.error().to_string(), Clone::clone);
                anyhow!("the service gave no token, and nothing was signed: {said}")
            }
            other => anyhow!("the service gave no token that can be read, and nothing was signed: {other}"),
        }
    }
}

/// What the server says of itself (RFC 8414), if it does.
#[derive(Debug, Default)]
struct Metadata {
    /// The `iss` that answers must bear, where the server says it sends one.
    issuer: Option<String>,
    details: Vec<String>,
}

impl Metadata {
    async fn ask(http: &reqwest::Client, server: &str) -> anyhow::Result<Self> {
        let url = Url::parse(server)?;
        let path = url.path().trim_end_matches('/');
        let metadata = format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization());
        let answer = http.get(metadata).send().await.map_err(|error| unreached(server, &error))?;
        if !answer.status().is_success() {
            return Ok(Self::default());
        }
        let metadata: serde_json::Value =
            answer.json().await.with_context(|| format!("{server} says of its OAuth2 what cannot be read"))?;
        let sends_it = metadata["authorization_response_iss_parameter_supported"] == true;
        let types = metadata["authorization_details_types_supported"].as_array().map(Vec::as_slice);
        Ok(Self {
            issuer: metadata["issuer"].as_str().filter(|_| sends_it).map(str::to_owned),
            details: types.unwrap_or_default().iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        })
    }
}

/// `oauth2` speaks through whichever HTTP client it is given.
async fn send(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let answer = http.execute(request.try_into()?).await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}
