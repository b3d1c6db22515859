//! OAuth 2.0 between client and service (8.3 / 8.4): token and revoke.

use serde_json::{Value, json};
use url::Url;

use crate::check::{Findings, Stop, Verdict, ensure};
use crate::profile::Client;
use crate::session::{Ask, Expected, Rows, Session};

const CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn needs_client_credentials(s: &Session) -> Result<&Client, Stop> {
    if s.auth_type("oauth2client") {
        return s.own_client();
    }
    Err(Stop::NotApplicable("info does not name oauth2client in authType".to_owned()))
}

pub(super) async fn token(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    let answer = s.as_client(client, &CREDENTIALS).await?;
    let token = answer.text("access_token")?;
    let kind = answer.text("token_type")?;
    ensure(kind.eq_ignore_ascii_case("Bearer"), format!("token_type is \"{kind}\", not Bearer"))?;
    let expiry = &answer.json["expires_in"];
    ensure(
        expiry.is_null() || expiry.as_u64().is_some_and(|n| n > 0),
        format!("expires_in is {expiry}, no positive number"),
    )?;
    let opened = s.opens(&token).await?;
    ensure(opened.status == 200, format!("the access_token opens nothing: {}", opened.brief()))
}

pub(super) async fn token_in_body(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    s.introduce(client).await?;
    let form =
        [("grant_type", "client_credentials"), ("client_id", &client.id), ("client_secret", client.secret.expose())];
    s.oauth("token", None, &form).await?.text("access_token").map(|_| ())
}

pub(super) async fn token_not_stored(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    let answer = s.as_client(client, &CREDENTIALS).await?;
    answer.text("access_token")?;
    let control = answer.header("cache-control");
    ensure(
        control.contains("no-store"),
        format!("an answer with a token has Cache-Control \"{control}\", not no-store"),
    )
}

async fn token_rows(s: &Session) -> Result<Rows, Stop> {
    let client = s.own_client()?;
    s.introduce(client).await?;
    let mut rows = Rows::default();
    let refresh = ("grant_type", "refresh_token");
    let code = ("grant_type", "authorization_code");
    let redirect = client.redirect_uri.as_deref().unwrap_or("http://127.0.0.1/callback");
    let verifier = format!("{0}{0}", "rsign-conformance-no-verifier-at-all");
    let (nonce, id) = (s.nonce(), client.id.as_str());
    let coded = [code, ("code", &nonce), ("redirect_uri", redirect), ("code_verifier", &verifier)];
    // A code may be told by its look to be none, or to be over.
    let bad_code = Expected::request("").coded(&["invalid_grant"]);
    let wants = Expected::request;
    type Line<'a> = (&'static str, Expected, Option<&'a Client>, Vec<(&'a str, &'a str)>);
    let table: Vec<Line<'_>> = vec![
        ("no grant_type", wants("Missing parameter grant_type"), Some(client), vec![]),
        ("an unknown grant_type", wants("Invalid parameter grant_type"), Some(client), vec![("grant_type", "guess")]),
        ("no code", wants("Missing parameter code"), Some(client), vec![code, ("redirect_uri", redirect)]),
        ("an unknown code", bad_code, Some(client), coded.into()),
        ("no refresh_token", wants("Missing parameter refresh_token"), Some(client), vec![refresh]),
        (
            "an unknown refresh_token",
            wants("Invalid parameter refresh_token").coded(&["invalid_grant"]),
            Some(client),
            vec![refresh, ("refresh_token", &nonce)],
        ),
        ("no client_id", wants("Missing parameter client_id"), None, CREDENTIALS.into()),
        (
            "no client_secret",
            wants("Client authorization required").status(&[400, 401]),
            None,
            vec![CREDENTIALS[0], ("client_id", id)],
        ),
    ];
    for (what, expected, as_, form) in table {
        rows.add(what, expected, s.oauth("token", as_, &form).await?);
    }
    let wrong = Client { secret: nonce.as_str().into(), ..client.clone() };
    rows.add(
        "a wrong client_secret",
        wants("Invalid parameter client_secret"),
        s.oauth("token", Some(&wrong), &CREDENTIALS).await?,
    );
    let nobody = Client { id: s.nonce(), ..client.clone() };
    rows.add(
        "an unknown client_id",
        wants("Invalid parameter client_id"),
        s.oauth("token", Some(&nobody), &CREDENTIALS).await?,
    );
    Ok(rows)
}

pub(super) async fn token_errors(s: &Session) -> Verdict {
    token_rows(s).await?.codes()
}

pub(super) async fn token_sentences(s: &Session) -> Verdict {
    token_rows(s).await?.sentences(s.version())
}

/// No password grant, and no credential scope without its owner.
pub(super) async fn grants(s: &Session) -> Verdict {
    let client = s.own_client()?;
    s.introduce(client).await?;
    let login = s.profile().login.as_ref();
    let (name, password) = login.map_or(("x", "x"), |login| (login.username.as_str(), login.password.expose()));
    let form = [("grant_type", "password"), ("username", name), ("password", password)];
    let mut findings = Findings::default();
    let answer = s.oauth("token", Some(client), &form).await?;
    findings.expect(answer.is_refused(), format!("grant_type password answers {}", answer.brief()));
    let form = [("grant_type", "client_credentials"), ("scope", "credential")];
    let answer = s.oauth("token", Some(client), &form).await?;
    findings
        .expect(answer.is_refused(), format!("client_credentials with scope credential answers {}", answer.brief()));
    findings.judge()
}

pub(super) async fn refresh(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    let refresh = s.client_grant(client).await?.refresh;
    let refresh = refresh.ok_or_else(|| Stop::NotApplicable("the service gives no refresh token here".to_owned()))?;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    let answer = s.oauth("token", Some(client), &form).await?;
    let opened = s.opens(&answer.text("access_token")?).await?;
    ensure(opened.status == 200, format!("the renewed access_token opens nothing: {}", opened.brief()))?;
    let Some(other) = &s.profile().other_client else { return Ok(()) };
    let next = answer.json["refresh_token"].as_str().unwrap_or(&refresh).to_owned();
    let form = [("grant_type", "refresh_token"), ("refresh_token", next.as_str())];
    s.oauth("token", Some(other), &form).await?.refused("another client with this client's refresh token")
}

pub(super) async fn revokes(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    let grant = s.client_grant(client).await?;
    s.opens(&grant.access).await?.ok()?;
    s.oauth("revoke", Some(client), &[("token", &grant.access), ("token_type_hint", "access_token")])
        .await?
        .nothing()?;
    let after = s.opens(&grant.access).await?;
    ensure(after.status == 401, format!("after its revocation the token still answers {}, not HTTP 401", after.brief()))
}

async fn revoke_rows(s: &Session) -> Result<Rows, Stop> {
    let client = s.own_client()?;
    s.introduce(client).await?;
    let mut rows = Rows::default();
    let (nonce, token) = (s.nonce(), s.token().await?);
    let wants = Expected::request;
    let hinted = [("token", token.as_str()), ("token_type_hint", "nonsense")];
    let unknown = [("token", nonce.as_str())];
    rows.add("no token", wants("Missing parameter token"), s.oauth("revoke", Some(client), &[]).await?);
    rows.add(
        "an unknown token_type_hint",
        wants("Invalid parameter token_type_hint"),
        s.oauth("revoke", Some(client), &hinted).await?,
    );
    rows.add(
        "an unknown token",
        wants("Invalid string parameter token"),
        s.oauth("revoke", Some(client), &unknown).await?,
    );
    let anybody = wants("Missing parameter client_id").status(&[400, 401]);
    rows.add("no client_id", anybody, s.oauth("revoke", None, &unknown).await?);
    let bare = [unknown[0], ("client_id", client.id.as_str())];
    let secretless = wants("Client authorization required").status(&[400, 401]);
    rows.add("no client_secret", secretless, s.oauth("revoke", None, &bare).await?);
    let wrong = Client { secret: s.nonce().as_str().into(), ..client.clone() };
    rows.add(
        "a wrong client_secret",
        wants("Invalid parameter client_secret"),
        s.oauth("revoke", Some(&wrong), &unknown).await?,
    );
    let nobody = Client { id: s.nonce(), ..client.clone() };
    rows.add(
        "an unknown client_id",
        wants("Invalid parameter client_id"),
        s.oauth("revoke", Some(&nobody), &unknown).await?,
    );
    Ok(rows)
}

pub(super) async fn revoke_errors(s: &Session) -> Verdict {
    revoke_rows(s).await?.codes()
}

pub(super) async fn revoke_sentences(s: &Session) -> Verdict {
    revoke_rows(s).await?.sentences(s.version())
}

/// A refresh token takes the access tokens of its grant with it.
pub(super) async fn revoked_refresh(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    let grant = s.client_grant(client).await?;
    let refresh =
        grant.refresh.ok_or_else(|| Stop::NotApplicable("the service gives no refresh token here".to_owned()))?;
    s.oauth("revoke", Some(client), &[("token", &refresh), ("token_type_hint", "refresh_token")]).await?.nothing()?;
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    s.oauth("token", Some(client), &form).await?.refused("a revoked refresh token")?;
    let after = s.opens(&grant.access).await?;
    ensure(
        after.status == 401,
        format!("the access token of the revoked grant answers {}, not HTTP 401", after.brief()),
    )
}

/// An endpoint that only takes forms.
pub(super) async fn token_by_get(s: &Session) -> Verdict {
    let client = needs_client_credentials(s)?;
    s.introduce(client).await?;
    let mut url = Url::parse(&s.endpoint("token").await?).map_err(|error| Stop::Wrong(error.to_string()))?;
    url.query_pairs_mut().extend_pairs(CREDENTIALS);
    let answer = s.send(Ask::get(url).basic(&client.id, client.secret.expose())).await?;
    let issued = matches!(answer.json, Value::Object(_)) && answer.json["access_token"].is_string();
    ensure(answer.is_refused() && !issued, format!("GET oauth2/token (RFC 6749, 3.2 wants POST): {}", answer.brief()))?;
    s.open("info", &json!({})).await.map(|_| ())
}
