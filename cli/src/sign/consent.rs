//! The person's approval: authorization code with PKCE in the system's browser, the answer on a loopback port
//! (RFC 8252, 7.3), checked for state (RFC 6749) and issuer (RFC 9207).

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, RedirectUrl, TokenResponse as _, TokenUrl,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use url::Url;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What the browser shows when it is done.
const DONE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>rsign</title>\
    <p>Done. You can close this window and go back to the terminal.";

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
    /// The `iss` that answers must bear, where the server says it sends one.
    issuer: Option<String>,
    opens_browser: bool,
}

impl<'a> Consent<'a> {
    pub(super) async fn new(
        http: &'a reqwest::Client,
        app: &'a App,
        server: &'a str,
        opens_browser: bool,
    ) -> anyhow::Result<Self> {
        let issuer = issuer(http, server).await?;
        Ok(Self { http, app, server, issuer, opens_browser })
    }

    /// An access token for what the parameters say, after the person said yes.
    pub(super) async fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
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
            request = request.add_extra_param(*name, *value);
        }
        let (url, state) = request.url();
        self.show(what, &url);
        let answer = tokio::time::timeout(PATIENCE, answer(&listener));
        let answer = answer.await.context("nobody approved within ten minutes")??;
        let code = self.judge(&answer, state.secret())?;
        let send = |request| send(self.http, request);
        let token = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let token = token.request_async(&send).await.context("the service gave no token for the code")?;
        Ok(token.access_token().secret().clone())
    }

    fn show(&self, what: &str, url: &Url) {
        if self.opens_browser && open::that_detached(url.as_str()).is_ok() {
            super::step(&format!("your browser asks whether this program {what}; if it does not: {url}"));
        } else {
            super::step(&format!("open this to say that this program {what}:\n  {url}"));
        }
    }

    fn judge(&self, answer: &Answer, state: &str) -> anyhow::Result<String> {
        ensure!(answer.get("state") == Some(state), "an answer came that belongs to another request; start again");
        if let Some(issuer) = &self.issuer {
            ensure!(answer.get("iss") == Some(issuer), "the answer came from another server than was asked");
        }
        if let Some(error) = answer.get("error") {
            bail!("not approved: {}", answer.get("error_description").unwrap_or(error));
        }
        Ok(answer.get("code").context("the answer has no code")?.to_owned())
    }
}

/// The issuer of the server's metadata (RFC 8414), if it has any and promises `iss` in its answers.
async fn issuer(http: &reqwest::Client, server: &str) -> anyhow::Result<Option<String>> {
    let url = Url::parse(server)?;
    let path = url.path().trim_end_matches('/');
    let metadata = format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization());
    let answer = http.get(metadata).send().await?;
    if !answer.status().is_success() {
        return Ok(None);
    }
    let metadata: serde_json::Value = answer.json().await?;
    let sends_it = metadata["authorization_response_iss_parameter_supported"] == true;
    Ok(metadata["issuer"].as_str().filter(|_| sends_it).map(str::to_owned))
}

/// Query parameters of the redirect.
#[derive(Debug)]
struct Answer(Vec<(String, String)>);

impl Answer {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Waits for the browser. Whatever else asks on this port (an icon, a scanner) is told that there is nothing.
async fn answer(listener: &TcpListener) -> anyhow::Result<Answer> {
    loop {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_line(&mut line)).await;
        let found = matches!(read, Ok(Ok(_))).then(|| callback(&line)).flatten();
        let (status, body) = if found.is_some() { ("200 OK", DONE) } else { ("404 Not Found", "") };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             content-security-policy: default-src 'none'\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.get_mut().write_all(head.as_bytes()).await;
        let _ = stream.get_mut().shutdown().await;
        if let Some(answer) = found {
            return Ok(answer);
        }
    }
}

fn callback(line: &str) -> Option<Answer> {
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://127.0.0.1").ok()?.join(target).ok()?;
    let named = url.path() == "/callback" && url.query_pairs().any(|(name, _)| name == "code" || name == "error");
    named.then(|| Answer(url.query_pairs().into_owned().collect()))
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
    use super::callback;

    #[test]
    fn only_the_callback_is_an_answer() {
        let answer = callback("GET /callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fx HTTP/1.1\r\n").unwrap();
        assert_eq!((answer.get("code"), answer.get("iss")), (Some("a+b"), Some("https://x")));
        assert!(callback("GET /callback?error=access_denied HTTP/1.1\r\n").is_some());
        for other in ["GET /favicon.ico HTTP/1.1", "GET /callback HTTP/1.1", "POST /callback?code=a HTTP/1.1", ""] {
            assert!(callback(other).is_none(), "{other}");
        }
    }
}
