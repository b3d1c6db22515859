//! OAuth 2.0 with a browser (8.3.2 / 8.4.2): metadata, what `oauth2/authorize` says before anybody is asked, pushed
//! requests, and, where the profile can approve, codes and what they are good for.

use serde_json::json;
use url::Url;

use crate::algorithm::Way;
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::profile::{Client, Credential};
use crate::session::{Answer, Ask, Described, Session, metadata_url, signatures};

// --- metadata (RFC 8414) ---

pub(super) async fn metadata(s: &Session) -> Verdict {
    let info = s.info();
    let issuer = info["oauth2Issuer"].as_str();
    let base = issuer.or_else(|| info["oauth2"].as_str());
    let base = base.ok_or_else(|| Stop::NotApplicable("info names no OAuth 2.0 server".to_owned()))?;
    let answer = s.send(Ask::get(metadata_url(base)?)).await?;
    if issuer.is_none() && answer.status != 200 {
        return Err(Stop::NotApplicable("info names oauth2, and there is no metadata beside it".to_owned()));
    }
    let metadata = answer.ok()?;
    let mut findings = Findings::default();
    let same = |one: &str, other: &str| one.trim_end_matches('/') == other.trim_end_matches('/');
    let named = metadata["issuer"].as_str().unwrap_or_default();
    findings.expect(same(named, base), format!("issuer is \"{named}\", and info says \"{base}\""));
    for name in ["authorization_endpoint", "token_endpoint"] {
        let there = metadata[name].as_str().is_some_and(|text| Url::parse(text).is_ok());
        findings.expect(there, format!("{name} is no address"));
    }
    let has = |name: &str, value: &str| metadata[name].as_array().is_some_and(|all| all.iter().any(|one| one == value));
    findings.expect(has("response_types_supported", "code"), "response_types_supported has no code");
    findings
        .expect(!has("response_types_supported", "token"), "response_types_supported has token; implicit is forbidden");
    let plain = metadata["code_challenge_methods_supported"].is_null() && s.is_v1();
    findings.expect(
        plain || has("code_challenge_methods_supported", "S256"),
        "code_challenge_methods_supported has no S256",
    );
    findings.judge()
}

// --- authorize, without a browser ---

const CHALLENGE: [(&str, &str); 2] =
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];

async fn authorize(s: &Session, parameters: &[(&str, &str)]) -> Result<Answer, Stop> {
    let mut url = Url::parse(&s.endpoint("authorize").await?).map_err(|error| Stop::Wrong(error.to_string()))?;
    url.query_pairs_mut().extend_pairs(parameters);
    s.send(Ask::get(url)).await
}

fn redirect_of(client: &Client) -> Result<&str, Stop> {
    let redirect = client.redirect_uri.as_deref();
    redirect.ok_or_else(|| Stop::NotChecked("the profile's client has no redirect_uri".to_owned()))
}

fn code_is_used(s: &Session) -> Verdict {
    if s.auth_type("oauth2code") {
        return Ok(());
    }
    Err(Stop::NotApplicable("info does not name oauth2code in authType".to_owned()))
}

pub(super) async fn redirect(s: &Session) -> Verdict {
    code_is_used(s)?;
    let client = s.own_client()?;
    let (own, nobody) = (redirect_of(client)?, s.nonce());
    let evil = "https://evil.example/callback";
    let mut findings = Findings::default();
    for (what, id, target) in [
        ("an unknown client", nobody.as_str(), own),
        ("an unregistered redirect_uri", client.id.as_str(), evil),
        (
            "a redirect_uri that only begins like the registered one",
            client.id.as_str(),
            &format!("{own}.evil.example/"),
        ),
    ] {
        let mut query = vec![("response_type", "code"), ("client_id", id), ("redirect_uri", target)];
        query.extend(CHALLENGE);
        let answer = authorize(s, &query).await?;
        let goes = (300..400).contains(&answer.status) && answer.header("location").starts_with(target);
        findings.expect(!goes, format!("with {what} the browser is sent to {target} (RFC 6749, 4.1.2.1)"));
        findings.expect(answer.status < 500, format!("with {what} it answers {}", answer.brief()));
    }
    findings.judge()
}

pub(super) async fn authorize_errors(s: &Session) -> Verdict {
    code_is_used(s)?;
    let client = s.own_client()?;
    let own = redirect_of(client)?;
    let state = s.nonce();
    let base =
        [("client_id", client.id.as_str()), ("redirect_uri", own), ("state", &state), CHALLENGE[0], CHALLENGE[1]];
    let code = ("response_type", "code");
    let mut findings = Findings::default();
    for (what, errors, more) in [
        ("no response_type", &["invalid_request", "unsupported_response_type"][..], vec![]),
        ("response_type token", &["unsupported_response_type"], vec![("response_type", "token")]),
        ("an unknown scope", &["invalid_scope"], vec![code, ("scope", "everything")]),
        ("both scopes at once", &["invalid_scope", "invalid_request"], vec![code, ("scope", "service credential")]),
        ("scope credential without a credential", &["invalid_request"], vec![code, ("scope", "credential")]),
    ] {
        let query: Vec<(&str, &str)> = base.into_iter().chain(more).collect();
        let answer = authorize(s, &query).await?;
        match sent_back(&answer, own) {
            None => findings.expect(false, format!("{what}: not sent back to the client but HTTP {}", answer.status)),
            Some(back) => {
                let get =
                    |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
                let error = get("error").unwrap_or_default();
                findings.expect(
                    errors.contains(&error.as_str()),
                    format!("{what}: expected {}, got \"{error}\"", errors.join(" or ")),
                );
                findings
                    .expect(get("state").as_deref() == Some(&state), format!("{what}: the state did not come back"));
                findings.expect(
                    get("code").is_none() && get("access_token").is_none(),
                    format!("{what}: a code or token came"),
                );
            }
        }
    }
    findings.judge()
}

fn sent_back(answer: &Answer, redirect: &str) -> Option<Url> {
    let location = answer.header("location");
    let back = (answer.status == 302 || answer.status == 303) && location.starts_with(redirect);
    back.then(|| Url::parse(location).ok()).flatten()
}

// --- PAR (8.4.3) ---

async fn push(s: &Session, as_: Option<&Client>, response_type: &str) -> Result<Answer, Stop> {
    let client = s.own_client()?;
    let redirect = redirect_of(client)?;
    let mut form = vec![
        ("response_type", response_type),
        ("client_id", client.id.as_str()),
        ("redirect_uri", redirect),
        ("scope", "service"),
    ];
    form.extend(CHALLENGE);
    s.oauth("pushed_authorize", as_, &form).await
}

/// Its name may be left out of `methods`: then it is there if it is there.
async fn pushed(s: &Session) -> Result<Answer, Stop> {
    code_is_used(s)?;
    s.introduce(s.own_client()?).await?;
    let answer = push(s, Some(s.own_client()?), "code").await?;
    let absent = matches!(answer.status, 404 | 405 | 501);
    if absent && !s.offers("oauth2/pushed_authorize") {
        return Err(Stop::NotApplicable(format!("there is no oauth2/pushed_authorize: HTTP {}", answer.status)));
    }
    Ok(answer)
}

pub(super) async fn par(s: &Session) -> Verdict {
    let answer = pushed(s).await?;
    ensure(answer.status == 201, format!("expected HTTP 201, got {}", answer.brief()))?;
    let uri = answer.json["request_uri"].as_str().unwrap_or_default().to_owned();
    let mut findings = Findings::default();
    findings.expect(uri.starts_with("urn:"), format!("request_uri is \"{uri}\", no urn"));
    let expiry = &answer.json["expires_in"];
    findings.expect(expiry.as_u64().is_some_and(|n| n > 0), format!("expires_in is {expiry}, no positive number"));
    let control = answer.header("cache-control");
    findings.expect(control.contains("no-store"), format!("Cache-Control is \"{control}\", not no-store"));
    let taken = authorize(s, &[("client_id", &s.own_client()?.id), ("request_uri", &uri)]).await?;
    findings.expect(taken.status < 400, format!("the browser that brings the request_uri hears {}", taken.brief()));
    findings.judge()
}

pub(super) async fn par_errors(s: &Session) -> Verdict {
    pushed(s).await?;
    let client = s.own_client()?;
    let mut findings = Findings::default();
    let wrong = Client { secret: s.nonce().as_str().into(), ..client.clone() };
    for (what, answer) in [
        ("a wrong client_secret", push(s, Some(&wrong), "code").await?),
        ("no client authentication", push(s, None, "code").await?),
        ("response_type token", push(s, Some(client), "token").await?),
    ] {
        let told = answer.is_refused() && !answer.error().is_empty();
        findings.expect(told, format!("{what}: expected a refusal with an error, got {}", answer.brief()));
    }
    findings.judge()
}

// --- codes, where somebody approves ---

/// A credential whose owner approves through a command, and who asks.
struct Scene<'a> {
    described: Described<'a>,
    command: &'a [String],
    way: Way,
    digests: Vec<Vec<u8>>,
}

impl<'a> Scene<'a> {
    async fn set(s: &'a Session) -> Result<Self, Stop> {
        code_is_used(s)?;
        let able = |credential: &&Credential| credential.approve_command.is_some();
        let credential = s.profile().credentials.iter().find(able);
        let why = || Stop::NotChecked("no credential of the profile has an approve_command".to_owned());
        let credential = credential.ok_or_else(why)?;
        let command = credential.approve_command.as_deref().ok_or_else(why)?;
        let described = s.describe(credential).await?;
        let way = described.usual()?;
        let digests = s.digests(way.hash, 1);
        Ok(Self { described, command, way, digests })
    }

    async fn code(&self, s: &Session) -> Result<crate::session::Code, Stop> {
        s.approve(self.command, &s.credential_scope(self.described.credential, self.way.hash, &self.digests)).await
    }
}

/// The token of a credential signs: as SAD beside a service token in v1, alone in v2.
pub(super) async fn code(s: &Session) -> Verdict {
    let scene = Scene::set(s).await?;
    let answer = s.redeem(&scene.code(s).await?).await?;
    let token = answer.text("access_token")?;
    let (kind, wanted) = (answer.text("token_type")?, if s.is_v1() { "SAD" } else { "Bearer" });
    let mut findings = Findings::default();
    findings.expect(kind.eq_ignore_ascii_case(wanted), format!("token_type is \"{kind}\", not {wanted}"));
    findings.expect(answer.json["refresh_token"].is_null(), "a credential token with a refresh token");
    findings.judge()?;
    let mut ask = s.signing(scene.described.credential, &token, &scene.way, &scene.digests);
    let bearer = if s.is_v1() { s.token().await? } else { token };
    if !s.is_v1() {
        ask["SAD"] = json!(null);
    }
    let made = signatures(&s.call_as(&bearer, "signatures/signHash", &ask).await?, 1)?;
    let fits = scene.described.key.verifies(scene.way.scheme, scene.way.hash, &scene.digests[0], &made[0]);
    ensure(fits, "the signature does not verify")
}

pub(super) async fn code_once(s: &Session) -> Verdict {
    let scene = Scene::set(s).await?;
    let code = scene.code(s).await?;
    s.redeem(&code).await?.text("access_token")?;
    s.redeem(&code).await?.refused("a code that was redeemed before")
}

pub(super) async fn code_verifier(s: &Session) -> Verdict {
    let scene = Scene::set(s).await?;
    let code = scene.code(s).await?.with_verifier("rsign-conformance-another-verifier-than-the-one-announced");
    s.redeem(&code).await?.refused("a code with another code_verifier")
}
