//! `auth/login` (11.2) and `auth/revoke` (11.3).

use data_encoding::BASE64;
use serde_json::json;

use crate::check::{Stop, Verdict, ensure};
use crate::profile::Login;
use crate::session::{Answer, Ask, Expected, Rows, Session};

fn own_login(s: &Session) -> Result<&Login, Stop> {
    s.profile().login.as_ref().ok_or_else(|| Stop::NotChecked("the profile names no login".to_owned()))
}

pub(super) async fn login(s: &Session) -> Verdict {
    let login = own_login(s)?;
    let ask = Ask::post(s.url("auth/login"), "{}").basic(&login.username, login.password.expose());
    let answer = s.send(ask).await?;
    let token = answer.text("access_token")?;
    let expiry = &answer.json["expires_in"];
    ensure(expiry.is_null() || expiry.as_u64().is_some_and(|seconds| seconds > 0), "expires_in is no positive number")?;
    ensure(answer.json["refresh_token"].is_null(), "a refresh_token, though rememberMe was not true")?;
    let listed = s.call_as(&token, "credentials/list", &json!({})).await?;
    ensure(listed.status == 200, format!("the access_token opens nothing: {}", listed.brief()))
}

async fn login_rows(s: &Session) -> Result<Rows, Stop> {
    let login = own_login(s)?;
    let mut rows = Rows::default();
    let failed = Expected::request("An error occurred during authentication process").coded(&["authentication_error"]);
    let malformed = Expected::differs("Malformed authentication parameter.", "Malformed authentication parameter");
    let no_pair = Expected::differs("Malformed username-password.", "Malformed username-password");
    let post = || Ask::post(s.url("auth/login"), "{}");
    rows.add("a wrong password", failed, s.send(post().basic(&login.username, &s.nonce())).await?);
    rows.add("an unknown user", failed, s.send(post().basic(&s.nonce(), login.password.expose())).await?);
    rows.add("no Authorization header", malformed.status(&[401]), s.send(post()).await?);
    let digest = post().with("authorization", "Unknown x");
    rows.add("another scheme", malformed.status(&[401]), s.send(digest).await?);
    let alone = format!("Basic {}", BASE64.encode(b"nobody"));
    rows.add("a user name without a colon", no_pair, s.send(post().with("authorization", alone)).await?);
    let refresh =
        |token: serde_json::Value| Ask::post(s.url("auth/login"), json!({ "refresh_token": token }).to_string());
    let format = Expected::request("Invalid string parameter: refresh_token");
    rows.add("a refresh_token that is a number", format, s.send(refresh(json!(7))).await?);
    // A service may tell by its look that a string is no token of its own, so either row fits.
    let value = Expected::request("");
    rows.add("an unknown refresh_token", value, s.send(refresh(json!(s.nonce()))).await?);
    Ok(rows)
}

pub(super) async fn login_errors(s: &Session) -> Verdict {
    login_rows(s).await?.codes()
}

pub(super) async fn login_sentences(s: &Session) -> Verdict {
    login_rows(s).await?.sentences(s.version())
}

pub(super) async fn remember(s: &Session) -> Verdict {
    let first = s.sign_in(own_login(s)?, true).await?;
    let refresh = first.refresh.ok_or_else(|| Stop::NotApplicable("rememberMe gives no refresh_token".to_owned()))?;
    let ask = Ask::post(s.url("auth/login"), json!({ "refresh_token": refresh }).to_string());
    let second = s.send(ask).await?.text("access_token")?;
    let listed = s.call_as(&second, "credentials/list", &json!({})).await?;
    ensure(listed.status == 200, format!("the renewed access_token opens nothing: {}", listed.brief()))
}

/// The token opened something before, and does not now.
async fn ended(s: &Session, token: &str) -> Verdict {
    let after = s.opens(token).await?;
    ensure(after.status == 401, format!("after its revocation the token still answers {}, not HTTP 401", after.brief()))
}

async fn revoke(s: &Session, bearer: &str, token: &str) -> Result<Answer, Stop> {
    s.call_as(bearer, "auth/revoke", &json!({ "token": token })).await
}

pub(super) async fn revokes(s: &Session) -> Verdict {
    let grant = s.fresh().await?;
    s.opens(&grant.access).await?.ok()?;
    revoke(s, &grant.access, &grant.access).await?.nothing()?;
    ended(s, &grant.access).await
}

async fn renew(s: &Session, refresh: &str) -> Result<Answer, Stop> {
    let by_client = s.profile().client.is_some() && s.auth_type("oauth2client");
    if by_client {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        return s.oauth("token", Some(s.own_client()?), &form).await;
    }
    s.send(Ask::post(s.url("auth/login"), json!({ "refresh_token": refresh }).to_string())).await
}

fn refresh_of(refresh: Option<String>) -> Result<String, Stop> {
    refresh.ok_or_else(|| Stop::NotApplicable("the service gives no refresh token here".to_owned()))
}

pub(super) async fn access_alone(s: &Session) -> Verdict {
    let grant = s.fresh().await?;
    let refresh = refresh_of(grant.refresh)?;
    let ask = json!({ "token": grant.access, "token_type_hint": "access_token" });
    s.call_as(&grant.access, "auth/revoke", &ask).await?.nothing()?;
    let renewed = renew(s, &refresh).await?;
    ensure(renewed.status == 200, format!("revoking the access token took the refresh token too: {}", renewed.brief()))
}

pub(super) async fn refresh_takes_all(s: &Session) -> Verdict {
    let grant = s.fresh().await?;
    let refresh = refresh_of(grant.refresh)?;
    let ask = json!({ "token": refresh, "token_type_hint": "refresh_token" });
    s.call_as(&grant.access, "auth/revoke", &ask).await?.nothing()?;
    let renewed = renew(s, &refresh).await?;
    ensure(renewed.is_refused(), format!("the revoked refresh token still answers {}", renewed.brief()))?;
    ended(s, &grant.access).await
}

async fn revoke_rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let token = s.token().await?;
    let missing = Expected::request("Missing (or invalid type) string parameter token");
    rows.add("no token", missing, s.call("auth/revoke", &json!({})).await?);
    rows.add("a token that is a number", missing, s.call("auth/revoke", &json!({ "token": 7 })).await?);
    let hint = Expected::request("Invalid string parameter token_type_hint");
    let ask = json!({ "token": token, "token_type_hint": "nonsense" });
    rows.add("an unknown token_type_hint", hint, s.call("auth/revoke", &ask).await?);
    let unknown = Expected::request("Invalid string parameter token");
    rows.add("an unknown token", unknown, s.call("auth/revoke", &json!({ "token": s.nonce() })).await?);
    Ok(rows)
}

pub(super) async fn revoke_errors(s: &Session) -> Verdict {
    revoke_rows(s).await?.codes()
}

pub(super) async fn revoke_sentences(s: &Session) -> Verdict {
    revoke_rows(s).await?.sentences(s.version())
}

pub(super) async fn revokes_sad(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let sad = s.activate(&described, way.hash, &digests).await?;
    let answer = s.call("auth/revoke", &json!({ "token": sad.value })).await?;
    if answer.is_refused() {
        return Err(Stop::NotApplicable(format!("a SAD is no token to this service: {}", answer.brief())));
    }
    answer.nothing()?;
    let ask = s.signing(described.credential, &sad.value, &way, &digests);
    s.call("signatures/signHash", &ask).await?.refused("a revoked SAD")
}
