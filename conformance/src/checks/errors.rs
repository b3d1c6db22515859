//! The form of errors (10.1), header fields, limits: what all methods have in common.

use reqwest::Method;
use serde_json::{Value, json};

use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Answer, Ask, Session};

/// The methods that take a bearer, as far as they are offered.
fn bearer_methods(s: &Session) -> Vec<&'static str> {
    let all = [
        "auth/revoke",
        "credentials/list",
        "credentials/info",
        "credentials/authorize",
        "credentials/authorizeCheck",
        "credentials/getChallenge",
        "credentials/sendOTP",
        "credentials/extendTransaction",
        "signatures/signHash",
        "signatures/signDoc",
        "signatures/signPolling",
        "signatures/timestamp",
    ];
    all.into_iter().filter(|name| s.offers(name)).collect()
}

async fn each(s: &Session, header: Option<&str>) -> Result<Vec<(&'static str, Answer)>, Stop> {
    let mut answers = Vec::new();
    for name in bearer_methods(s) {
        let ask = Ask::post(s.url(name), "{}");
        let ask = match header {
            Some(value) => ask.with("authorization", value),
            None => ask,
        };
        answers.push((name, s.send(ask).await?));
    }
    if answers.is_empty() {
        return Err(Stop::NotApplicable("methods has none that takes a bearer".to_owned()));
    }
    Ok(answers)
}

pub(super) async fn authorization_missing(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for (name, answer) in each(s, None).await? {
        let refused = answer.status == 400 || answer.status == 401;
        findings.expect(refused, format!("{name} without an Authorization header answers {}", answer.brief()));
    }
    findings.judge()
}

pub(super) async fn authorization_malformed(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for (name, answer) in each(s, Some("Bearer")).await? {
        let fits = answer.status == 400 && answer.error() == "invalid_request";
        findings.expect(
            fits,
            format!("{name} with the header \"Bearer\": expected HTTP 400 invalid_request, got {}", answer.brief()),
        );
    }
    findings.judge()
}

pub(super) async fn authorization_sentence(s: &Session) -> Verdict {
    let long = |word: &str| {
        format!(
            "The request is missing a {word} parameter, includes an invalid parameter value, includes a parameter \
             more than once, or is otherwise malformed."
        )
    };
    let mut findings = Findings::default();
    for (name, answer) in each(s, Some("Bearer")).await?.into_iter().filter(|(_, answer)| answer.status == 400) {
        let expected = match name {
            _ if !s.is_v1() => "Malformed authorization header".to_owned(),
            // As it is printed.
            "credentials/sendOTP" => "Malformed authroization header.".to_owned(),
            "auth/revoke" | "credentials/extendTransaction" => long("REQUIRED"),
            _ => long("required"),
        };
        findings.expect(
            answer.sentence() == expected,
            format!("{name}: expected \"{expected}\", got \"{}\"", answer.sentence()),
        );
    }
    findings.judge()
}

pub(super) async fn token_unknown(s: &Session) -> Verdict {
    let allowed = ["invalid_token", "expired_token", "access_denied", "unauthorized_client"];
    let mut findings = Findings::default();
    for (name, answer) in each(s, Some(&format!("Bearer {}", s.nonce()))).await? {
        let fits = answer.status == 401 && allowed.contains(&answer.error());
        findings.expect(
            fits,
            format!("{name} with an unknown token: expected HTTP 401 invalid_token, got {}", answer.brief()),
        );
    }
    findings.judge()
}

/// A method that lacks its first parameter, for looking at the error.
async fn some_error(s: &Session) -> Result<Answer, Stop> {
    s.call("credentials/info", &json!({})).await
}

pub(super) async fn form(s: &Session) -> Verdict {
    let answer = some_error(s).await?;
    let mut findings = Findings::default();
    findings.expect(answer.is_refused(), format!("a request without its parameter answers {}", answer.brief()));
    findings.expect(answer.json.is_object(), "the body of an error is no JSON object");
    findings.expect(!answer.error().is_empty(), "an error has no string error");
    let described = &answer.json["error_description"];
    findings.expect(described.is_null() || described.is_string(), format!("error_description is {described}"));
    findings.expect(answer.is_json(), format!("an error is {}, not application/json", answer.header("content-type")));
    findings.judge()
}

pub(super) async fn described(s: &Session) -> Verdict {
    let answer = some_error(s).await?;
    ensure(!answer.sentence().is_empty(), "an error has no error_description; it is highly recommended")
}

pub(super) async fn malformed(s: &Session) -> Verdict {
    let token = s.token().await?;
    let mut findings = Findings::default();
    for body in ["{", "[]", "\"text\"", "{\"credentialID\":}", "\u{feff}{}x"] {
        let answer = s.send(Ask::post(s.url("credentials/info"), body).bearer(&token)).await?;
        let fits = answer.status == 400 && answer.error() == "invalid_request";
        findings.expect(fits, format!("the body {body}: expected HTTP 400 invalid_request, got {}", answer.brief()));
    }
    findings.judge()
}

pub(super) async fn unimplemented(s: &Session) -> Verdict {
    let answer = s.call("signatures/noSuchMethod", &json!({})).await?;
    ensure(answer.status == 501, format!("a method that does not exist: expected HTTP 501, got {}", answer.brief()))?;
    ensure(!answer.error().is_empty(), "HTTP 501 without a member error")
}

/// The code OpenAPI 2.1.0.1 gives it.
pub(super) async fn unimplemented_code(s: &Session) -> Verdict {
    let answer = s.call("signatures/noSuchMethod", &json!({})).await?;
    let code = answer.error();
    ensure(code.starts_with("not_implemented"), format!("the error of HTTP 501 is \"{code}\", not not_implemented"))
}

pub(super) async fn unknown_members(s: &Session) -> Verdict {
    let ask = json!({
        "credentialID": s.credential()?.id, "certificates": null, "lang": null, "clientData": null,
        "unknownMember": { "x": [1] },
    });
    let answer = s.call("credentials/info", &ask).await?;
    ensure(answer.status == 200, format!("real clients send nulls and strays; it answers {}", answer.brief()))
}

// --- header fields ---

pub(super) async fn content_type(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for answer in [
        s.open("info", &json!({})).await?,
        s.call("credentials/info", &json!({ "credentialID": s.credential()?.id })).await?,
    ] {
        let kind = answer.header("content-type").to_owned();
        findings.expect(answer.is_json(), format!("{} is \"{kind}\", not application/json", answer.asked));
    }
    findings.judge()
}

pub(super) async fn cache_control(s: &Session) -> Verdict {
    let answer = s.call("credentials/info", &json!({ "credentialID": s.credential()?.id })).await?;
    let control = answer.header("cache-control");
    let kept_out = control.contains("no-store") || control.contains("private") || control.contains("no-cache");
    ensure(kept_out, format!("{}: an answer about a person has Cache-Control \"{control}\"", answer.asked))
}

pub(super) async fn sad_not_stored(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let hash = crate::algorithm::Hash::Sha256;
    let ask = s.authorization(&described, hash, &s.digests(hash, 1)).await?;
    let answer = s.call("credentials/authorize", &ask).await?;
    answer.text("SAD")?;
    let control = answer.header("cache-control");
    ensure(control.contains("no-store"), format!("an answer with a SAD has Cache-Control \"{control}\", not no-store"))
}

pub(super) async fn wrong_verb(s: &Session) -> Verdict {
    let token = s.token().await?;
    let mut findings = Findings::default();
    for verb in [Method::GET, Method::PUT, Method::DELETE] {
        let ask = Ask::get(s.url("credentials/list")).verb(verb.clone()).bearer(&token);
        let answer = s.send(ask).await?;
        findings.expect(
            answer.status == 405,
            format!("{verb} credentials/list: expected HTTP 405, got {}", answer.brief()),
        );
        let allow = answer.header("allow").to_ascii_uppercase();
        findings.expect(answer.status != 405 || allow.contains("POST"), format!("HTTP 405 with Allow \"{allow}\""));
    }
    findings.judge()
}

// --- limits ---

/// Refused, and the service goes on.
async fn survives(s: &Session, what: &str, outcome: Result<Answer, Stop>) -> Verdict {
    let answer = outcome.map_err(|stop| match stop {
        Stop::Broken(why) => Stop::Wrong(format!("{what}: {why}")),
        other => other,
    })?;
    ensure(answer.is_refused(), format!("{what}: expected a refusal, got {}", answer.brief()))?;
    s.open("info", &json!({})).await?.ok().map(|_| ())
}

pub(super) async fn large_body(s: &Session) -> Verdict {
    let token = s.token().await?;
    let body = json!({ "credentialID": s.nonce(), "clientData": "x".repeat(4 << 20) }).to_string();
    survives(s, "a body of 4 MiB", s.send(Ask::post(s.url("credentials/info"), body).bearer(&token)).await).await
}

pub(super) async fn deep_body(s: &Session) -> Verdict {
    let token = s.token().await?;
    let depth = 20_000;
    let body = format!("{{\"credentialID\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    survives(s, "20000 levels of nesting", s.send(Ask::post(s.url("credentials/info"), body).bearer(&token)).await)
        .await
}

pub(super) async fn many_hashes(s: &Session) -> Verdict {
    let hash = crate::algorithm::Hash::Sha256;
    let one = data_encoding::BASE64.encode(&s.digests(hash, 1)[0]);
    let hashes: Vec<Value> = std::iter::repeat_n(json!(one), 5000).collect();
    let member = if s.is_v1() { "hash" } else { "hashes" };
    let ask = json!({
        "credentialID": s.credential()?.id, "SAD": s.nonce(), "signAlgo": "1.2.840.113549.1.1.11", member: hashes,
    });
    survives(s, "5000 hashes with an unknown SAD", s.call("signatures/signHash", &ask).await).await
}
