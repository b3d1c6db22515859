//! Service tokens: the one that is shared, and fresh ones for checks that end or exchange theirs.

use std::time::Duration;

use oauth2::{CsrfToken, PkceCodeChallenge};
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use super::{Answer, Ask, Session};
use crate::check::{Stop, Verdict, ensure};
use crate::profile::{Client, Login, Token};

/// How long a command may take: a person may sit behind it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Tokens of one grant.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

impl Session {
    /// The shared service token.
    pub(crate) async fn token(&self) -> Result<String, Stop> {
        let mut shared = self.shared.token.lock().await;
        if let Some(token) = &*shared {
            return Ok(token.clone());
        }
        let broken = |stop| match stop {
            Stop::Wrong(why) | Stop::Broken(why) => Stop::Broken(format!("no service token: {why}")),
            other => other,
        };
        let token = self.obtain().await.map_err(broken)?;
        self.shared.mask.learn(&token);
        *shared = Some(token.clone());
        Ok(token)
    }

    async fn obtain(&self) -> Result<String, Stop> {
        match &self.profile().token {
            Some(Token::Ready { token }) => Ok(token.expose().to_owned()),
            Some(Token::Command { command }) => run(command, None).await,
            Some(Token::Code { command }) => self.code_flow(command, &[("scope", "service".to_owned())]).await,
            Some(Token::Refresh { refresh_token }) => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
                self.oauth("token", Some(self.own_client()?), &form).await?.text("access_token")
            }
            _ => {
                let grant = self.fresh().await.map_err(|stop| match stop {
                    Stop::NotChecked(_) => Stop::NotChecked("the profile gives no way to a service token".to_owned()),
                    other => other,
                });
                Ok(grant?.access)
            }
        }
    }

    /// A grant of its own, which a check may spend.
    pub(crate) async fn fresh(&self) -> Result<Grant, Stop> {
        let profile = self.profile();
        let by_client = profile.client.is_some() && self.auth_type("oauth2client");
        match (&profile.token, &profile.login) {
            (Some(Token::Login), Some(login)) => self.sign_in(login, true).await,
            (Some(Token::ClientCredentials), _) => self.client_grant(self.own_client()?).await,
            (None, Some(login)) if !by_client => self.sign_in(login, true).await,
            (None, _) if by_client => self.client_grant(self.own_client()?).await,
            _ => Err(Stop::NotChecked("the profile has no way to get a fresh token without a person".to_owned())),
        }
    }

    /// Whether the token speaks for one user, so that `userID` shall not be named (11.4).
    pub(crate) fn is_user_specific(&self) -> bool {
        let profile = self.profile();
        match &profile.token {
            Some(Token::ClientCredentials) => false,
            None => !(profile.client.is_some() && self.auth_type("oauth2client")),
            Some(Token::Login | Token::Code { .. }) => true,
            Some(_) => profile.user.is_none(),
        }
    }

    /// `userID` where it has to be named.
    pub(crate) fn user(&self) -> Option<&str> {
        if self.is_user_specific() { None } else { self.profile().user.as_ref().map(|user| user.expose()) }
    }

    pub(crate) fn own_client(&self) -> Result<&Client, Stop> {
        self.profile().client.as_ref().ok_or_else(|| Stop::NotChecked("the profile names no client".to_owned()))
    }

    /// `oauth2/token` by client credentials.
    pub(crate) async fn client_grant(&self, client: &Client) -> Result<Grant, Stop> {
        let form = [("grant_type", "client_credentials"), ("scope", "service")];
        self.grant(&self.as_client(client, &form).await?)
    }

    /// `oauth2/token` as this client of the profile's. That the service does not know it is no verdict on the service.
    pub(crate) async fn as_client(&self, client: &Client, form: &[(&str, &str)]) -> Result<Answer, Stop> {
        let answer = self.oauth("token", Some(client), form).await?;
        let unknown = answer.error() == "invalid_client" || answer.sentence().starts_with("Invalid parameter client_");
        if unknown && matches!(answer.status, 400 | 401) {
            let why = format!("the service refuses the profile's client {}: {}", client.id, answer.brief());
            return Err(Stop::Broken(why));
        }
        Ok(answer)
    }

    /// That the service knows this client: without that, nothing it refuses says anything.
    pub(crate) async fn introduce(&self, client: &Client) -> Verdict {
        self.as_client(client, &[("grant_type", "client_credentials")]).await.map(|_| ())
    }

    /// `auth/login` with Basic.
    pub(crate) async fn sign_in(&self, login: &Login, remember: bool) -> Result<Grant, Stop> {
        let ask = Ask::post(self.url("auth/login"), json!({ "rememberMe": remember }).to_string());
        let ask = ask.basic(&login.username, login.password.expose());
        self.grant(&self.send(ask).await?)
    }

    /// The tokens in an answer.
    pub(crate) fn grant(&self, answer: &Answer) -> Result<Grant, Stop> {
        let access = answer.text("access_token")?;
        Ok(Grant { access, refresh: answer.json["refresh_token"].as_str().map(str::to_owned) })
    }

    /// Whether a token still opens anything: `credentials/list`.
    pub(crate) async fn opens(&self, token: &str) -> Result<Answer, Stop> {
        let mut ask = json!({});
        if let Some(user) = self.profile().user.as_ref().filter(|_| !self.is_user_specific()) {
            ask["userID"] = json!(user.expose());
        }
        self.call_as(token, "credentials/list", &ask).await
    }

    /// A form to an OAuth endpoint, with the client's secret in a Basic header.
    pub(crate) async fn oauth(&self, name: &str, as_: Option<&Client>, form: &[(&str, &str)]) -> Result<Answer, Stop> {
        let mut ask = Ask::form(self.endpoint(name).await?, form);
        if let Some(client) = as_ {
            ask = ask.basic(&client.id, client.secret.expose());
        }
        self.send(ask).await
    }

    /// Address of an OAuth endpoint: below `oauth2`, or out of the issuer's metadata.
    pub(crate) async fn endpoint(&self, name: &str) -> Result<String, Stop> {
        let info = self.info();
        let first = &info["oauth2Servers"][0];
        if let Some(base) = info["oauth2"].as_str().or_else(|| first["baseUri"].as_str()) {
            return Ok(format!("{}/oauth2/{name}", base.trim_end_matches('/')));
        }
        let issuer = info["oauth2Issuer"].as_str().or_else(|| first["issuerIdentifier"].as_str());
        let issuer = issuer.ok_or_else(|| Stop::NotApplicable("info names no OAuth 2.0 server".to_owned()))?;
        let member = match name {
            "authorize" => "authorization_endpoint",
            "token" => "token_endpoint",
            "revoke" => "revocation_endpoint",
            _ => "pushed_authorization_request_endpoint",
        };
        self.send(Ask::get(metadata_url(issuer)?)).await?.text(member)
    }

    /// The authorization code flow, with somebody else's help in the browser: the access token.
    pub(crate) async fn code_flow(&self, command: &[String], parameters: &[(&str, String)]) -> Result<String, Stop> {
        let code = self.approve(command, parameters).await?;
        self.redeem(&code).await?.text("access_token")
    }

    /// Up to the code.
    pub(crate) async fn approve(&self, command: &[String], parameters: &[(&str, String)]) -> Result<Code, Stop> {
        let client = self.own_client()?;
        let redirect = client.redirect_uri.as_deref();
        let redirect =
            redirect.ok_or_else(|| Stop::NotChecked("the profile's client has no redirect_uri".to_owned()))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new_random();
        let mut url = parse(&self.endpoint("authorize").await?)?;
        url.query_pairs_mut()
            .extend_pairs([("response_type", "code"), ("client_id", &client.id), ("redirect_uri", redirect)])
            .extend_pairs([("state", state.secret().as_str()), ("code_challenge", challenge.as_str())])
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(parameters);
        let back = parse(&run(command, Some(url.as_str())).await?)?;
        let get = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        ensure(get("state").as_deref() == Some(state.secret()), "oauth2/authorize gave another state back")?;
        let code = get("code").ok_or_else(|| Stop::Broken(format!("no code: {:?}", get("error"))))?;
        self.shared.mask.learn(&code);
        Ok(Code { code, redirect: redirect.to_owned(), verifier: verifier.secret().clone() })
    }

    /// `oauth2/token` with a code.
    pub(crate) async fn redeem(&self, code: &Code) -> Result<Answer, Stop> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.code.as_str()),
            ("redirect_uri", code.redirect.as_str()),
            ("code_verifier", code.verifier.as_str()),
        ];
        let answer = self.oauth("token", Some(self.own_client()?), &form).await?;
        if let Some(token) = answer.json["access_token"].as_str() {
            self.shared.mask.learn(token);
        }
        Ok(answer)
    }
}

/// A code, and what it has to be presented with.
#[derive(Debug)]
pub(crate) struct Code {
    code: String,
    redirect: String,
    verifier: String,
}

impl Code {
    /// The same with another verifier than its own.
    pub(crate) fn with_verifier(self, verifier: &str) -> Self {
        Self { verifier: verifier.to_owned(), ..self }
    }
}

fn parse(address: &str) -> Result<Url, Stop> {
    Url::parse(address.trim()).map_err(|error| Stop::Broken(format!("no address: {error}")))
}

/// Where an issuer's metadata lies (RFC 8414, 3.1).
pub(crate) fn metadata_url(issuer: &str) -> Result<String, Stop> {
    let url = Url::parse(issuer).map_err(|error| Stop::Wrong(format!("{issuer} is no address: {error}")))?;
    let path = url.path().trim_end_matches('/');
    Ok(format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization()))
}

/// What a command prints, which has to be something.
pub(crate) async fn run(command: &[String], argument: Option<&str>) -> Result<String, Stop> {
    let printed = finish(command, argument).await?;
    let program = command.first().map_or("", String::as_str);
    if printed.is_empty() { Err(Stop::Broken(format!("{program} printed nothing"))) } else { Ok(printed) }
}

/// Waits until a command has ended well: what it printed, if anything.
pub(crate) async fn finish(command: &[String], argument: Option<&str>) -> Result<String, Stop> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Stop::Broken("a command of the profile is empty".to_owned()));
    };
    let mut command = Command::new(program);
    command.args(arguments).args(argument).stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| Stop::Broken(format!("{program} did not end")))?;
    let output = output.map_err(|error| Stop::Broken(format!("{program}: {error}")))?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(printed);
    }
    Err(Stop::Broken(format!("{program}: {}, and it printed {} characters", output.status, printed.len())))
}

/// Adds members to an object.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (object.as_object_mut(), more) {
        members.extend(more);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::{finish, run};
    use crate::check::Stop;

    #[tokio::test]
    async fn a_command_that_only_does_something_need_not_print() {
        let silent = ["true".to_owned()];
        assert_eq!(finish(&silent, None).await, Ok(String::new()));
        assert_eq!(run(&silent, None).await, Err(Stop::Broken("true printed nothing".to_owned())));
        let failing = ["false".to_owned()];
        assert!(
            matches!(finish(&failing, None).await, Err(Stop::Broken(why)) if why.starts_with("false: exit status: 1"))
        );
    }
}
