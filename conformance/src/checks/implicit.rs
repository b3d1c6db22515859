//! Credentials whose owner is asked elsewhere: mode `implicit` of version 1, authentication objects without a value of
//! version 2. The profile's `implicit` is such a one; its `approve_command` lets somebody approve.

use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Findings, Stop, Verdict, ensure};
use crate::profile::Credential;
use crate::session::{Described, Expected, Rows, Session, finish, with};

fn implicit(s: &Session) -> Result<&Credential, Stop> {
    s.profile().implicit.as_ref().ok_or_else(|| Stop::NotChecked("the profile names no implicit credential".to_owned()))
}

/// The credential asks for nothing that an app would have to bring.
pub(super) async fn announced(s: &Session) -> Verdict {
    let described = s.describe(implicit(s)?).await?;
    let (info, mut findings) = (&described.info, Findings::default());
    if s.is_v1() {
        findings.expect(info["authMode"] == "implicit", format!("authMode is {}", info["authMode"]));
        for name in ["PIN", "OTP"] {
            let presence = &info[name]["presence"];
            findings.expect(presence.is_null() || presence == "false", format!("{name}.presence is {presence}"));
        }
    } else {
        let mode = &info["auth"]["mode"];
        findings.expect(mode == "explicit", format!("auth.mode is {mode}, and 2.x has no mode implicit"));
        for object in info["auth"]["objects"].as_array().into_iter().flatten() {
            let kind = object["type"].as_str().unwrap_or_default();
            findings.expect(kind.ends_with("OOB"), format!("auth.objects has one of type {kind}"));
        }
    }
    findings.judge()
}

/// What nobody shall approve: always the same, so that runs leave at most one question behind.
async fn question(s: &Session, described: &Described<'_>) -> Result<Value, Stop> {
    const WORDS: &str = "rsign conformance: not to be approved";
    let hash = described.usual()?.hash;
    let ask = s.authorization(described, hash, &[hash.digest(WORDS.as_bytes())]).await?;
    Ok(with(ask, json!({ "description": WORDS })))
}

/// Asks it, and has a handle.
async fn pending(s: &Session, described: &Described<'_>) -> Result<String, Stop> {
    let answer = s.call("credentials/authorize", &question(s, described).await?).await?;
    match answer.status {
        200 => return Err(Stop::NotApplicable("credentials/authorize answers at once".to_owned())),
        429 => return Err(Stop::NotChecked("the service has its owner asked too often already".to_owned())),
        _ => {}
    }
    let handle = answer.json["handle"].as_str().unwrap_or_default().to_owned();
    ensure(answer.status == 202, format!("expected HTTP 202, got {}", answer.brief()))?;
    ensure(!handle.is_empty(), "HTTP 202 without a handle")?;
    Ok(handle)
}

/// While nobody has approved, there is a handle and no SAD.
pub(super) async fn waits(s: &Session) -> Verdict {
    let described = s.describe(implicit(s)?).await?;
    let handle = pending(s, &described).await?;
    let answer = s.call("credentials/authorizeCheck", &json!({ "handle": handle })).await?;
    let mut findings = Findings::default();
    findings.expect(answer.status == 202, format!("authorizeCheck: expected HTTP 202, got {}", answer.brief()));
    let again = answer.json["handle"].as_str().unwrap_or_default();
    findings.expect(!again.is_empty(), "authorizeCheck: HTTP 202 without a handle");
    findings.expect(answer.json["SAD"].is_null(), "authorizeCheck: a SAD that nobody approved");
    findings.judge()
}

/// A handle is of no use to another client.
pub(super) async fn foreign(s: &Session) -> Verdict {
    let other = s.profile().other_client.as_ref();
    let other = other.ok_or_else(|| Stop::NotChecked("the profile names no other_client".to_owned()))?;
    if !s.auth_type("oauth2client") {
        return Err(Stop::NotApplicable("info does not name oauth2client in authType".to_owned()));
    }
    let stranger = s.client_grant(other).await?.access;
    s.shared.mask.learn(&stranger);
    let described = s.describe(implicit(s)?).await?;
    let handle = pending(s, &described).await?;
    let answer = s.call_as(&stranger, "credentials/authorizeCheck", &json!({ "handle": handle })).await?;
    let mut rows = Rows::default();
    rows.add("another client's handle", Expected::request("Invalid parameter handle"), answer);
    rows.codes()
}

/// Its owner approves, and the app signs.
pub(super) async fn delivers(s: &Session) -> Verdict {
    let credential = implicit(s)?;
    let command = credential.approve_command.as_ref();
    let command = command
        .ok_or_else(|| Stop::NotChecked("the profile's implicit credential has no approve_command".to_owned()))?;
    let described = s.describe(credential).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let (signed, approved) = tokio::join!(s.sign(&described, &way, &digests), finish(command, Some(&credential.id)));
    let signed = signed?;
    approved?;
    let fits = described.key.verifies(way.scheme, way.hash, &digests[0], &signed[0]);
    ensure(fits, "the signature does not verify")
}

/// How long an answer is waited for that shall not come.
const SOON: Duration = Duration::from_secs(3);

/// There is no SAD before its owner has approved.
pub(super) async fn nothing_at_once(s: &Session) -> Verdict {
    let described = s.describe(implicit(s)?).await?;
    let ask = question(s, &described).await?;
    let answer = tokio::time::timeout(SOON, s.call("credentials/authorize", &ask)).await;
    // The service waits for its owner, as it should.
    let Ok(answer) = answer else { return Ok(()) };
    let answer = answer?;
    ensure(answer.status != 200 && answer.json["SAD"] == Value::Null, "a SAD although nobody approved")
}
