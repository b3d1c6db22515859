//! The person's approval: authorization code with PKCE in the system's browser, the answer on a loopback port
//! (RFC 8252, 7.3), checked for state (RFC 6749) and issuer (RFC 9207).

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, RedirectUrl, TokenResponse as _, TokenUrl,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use url::Url;

use super::terminal::step;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What the browser shows when it is done.
const DONE: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
    <title>rsign</title><p>Done. You can close this window and go back to the terminal.";

/// Octets of a request line that are read.
const LONGEST: u64 = 16 << 10;

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
        let answer = tokio::time::timeout(PATIENCE, answer(&listener, state.secret()));
        let answer = answer.await.context("nobody approved within ten minutes")??;
        let code = self.judge(&answer)?;
        let send = |request| send(self.http, request);
        let token = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let token = token.request_async(&send).await.context("the service gave no token for the code")?;
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
            bail!(
                "not approved in the browser, and nothing was signed: {}",
                answer.get("error_description").unwrap_or(error)
            );
        }
        Ok(answer.get("code").context("the answer has no code")?.to_owned())
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
        let answer = http.get(metadata).send().await?;
        if !answer.status().is_success() {
            return Ok(Self::default());
        }
        let metadata: serde_json::Value = answer.json().await?;
        let sends_it = metadata["authorization_response_iss_parameter_supported"] == true;
        let types = metadata["authorization_details_types_supported"].as_array().map(Vec::as_slice);
        Ok(Self {
            issuer: metadata["issuer"].as_str().filter(|_| sends_it).map(str::to_owned),
            details: types.unwrap_or_default().iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        })
    }
}

/// Query parameters of the redirect.
#[derive(Debug)]
struct Answer(Vec<(String, String)>);

impl Answer {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Waits for the browser. Whatever else asks on this port (an icon, a scanner, a page that guesses the port) is told so
/// and changes nothing: only who has the `state` can answer.
async fn answer(listener: &TcpListener, state: &str) -> anyhow::Result<Answer> {
    loop {
        // A connection that broke before it was taken is nothing to us.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut stream = BufReader::new(stream.take(LONGEST));
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_line(&mut line)).await;
        let found = if matches!(read, Ok(Ok(_))) { callback(&line, state) } else { Err("408 Request Timeout") };
        let (status, body) = found.as_ref().map_or_else(|status| (*status, ""), |_| ("200 OK", DONE));
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             content-security-policy: default-src 'none'\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let stream = stream.get_mut().get_mut();
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.shutdown().await;
        if let Ok(answer) = found {
            return Ok(answer);
        }
    }
}

/// The answer to the request of this state, or the HTTP status of what is none.
fn callback(line: &str, state: &str) -> Result<Answer, &'static str> {
    let target = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let target = target.filter(|target| target.starts_with('/')).ok_or("400 Bad Request")?;
    let url = Url::parse(&format!("http://127.0.0.1{target}")).map_err(|_| "400 Bad Request")?;
    if url.path() != "/callback" {
        return Err("404 Not Found");
    }
    let answer = Answer(url.query_pairs().into_owned().collect());
    let says_something = answer.get("code").is_some() || answer.get("error").is_some();
    if says_something && answer.get("state") == Some(state) { Ok(answer) } else { Err("400 Bad Request") }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_the_callback_is_an_answer() {
        let answer = callback("GET /callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fx HTTP/1.1\r\n", "s").unwrap();
        assert_eq!((answer.get("code"), answer.get("iss")), (Some("a+b"), Some("https://x")));
        assert!(callback("GET /callback?error=access_denied&state=s HTTP/1.1\r\n", "s").is_ok());
        for (other, status) in [
            ("GET /favicon.ico HTTP/1.1", "404"),
            ("GET /callback HTTP/1.1", "400"),
            ("GET /callback?state=s HTTP/1.1", "400"),
            ("GET /callback?code=a HTTP/1.1", "400"),
            ("GET /callback?code=a&state=x HTTP/1.1", "400"),
            ("POST /callback?code=a&state=s HTTP/1.1", "400"),
            ("GET http://elsewhere/callback?code=a&state=s HTTP/1.1", "400"),
            ("", "400"),
        ] {
            assert!(callback(other, "s").unwrap_err().starts_with(status), "{other}");
        }
    }

    #[tokio::test]
    async fn a_stray_request_does_not_end_the_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = tokio::spawn(async move { answer(&listener, "s").await });
        for (target, status) in [
            ("/callback?code=a&state=guessed", "400"),
            ("/callback?error=x", "400"),
            ("/", "404"),
            ("/callback?code=right&state=s", "200"),
        ] {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
            let mut heard = String::new();
            BufReader::new(stream).read_line(&mut heard).await.unwrap();
            assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{target}: {heard}");
        }
        assert_eq!(waiting.await.unwrap().unwrap().get("code"), Some("right"));
    }
}
