//! `credentials/create` and `credentials/delete` of 2.2 (11.4, 11.5 there). Both need an authorization of their own; where
//! the profile has somebody who gives it, keys are made here, and what was made is deleted again.

use serde_json::{Value, json};

use crate::check::{Findings, Stop, Verdict, ensure};
use crate::profile::Lifecycle;
use crate::session::{Answer, Expected, Rows, Session};

const CREATION: &str = "https://cloudsignatureconsortium.org/2025/credential-creation";
const DELETION: &str = "https://cloudsignatureconsortium.org/2025/credential-deletion";

pub(super) async fn create(s: &Session) -> Verdict {
    let ask = json!({ "credentialCreationRequest": { "certificatePolicy": s.nonce() } });
    s.call("credentials/create", &ask).await?.refused("a creation with a service token and an unknown policy")?;
    s.call("credentials/create", &json!({})).await?.refused("a creation without credentialCreationRequest")
}

pub(super) async fn delete(s: &Session) -> Verdict {
    let ask = json!({ "credentialDeletionRequest": { "credentialID": s.nonce() } });
    s.call("credentials/delete", &ask).await?.refused("the deletion of an unknown credential")?;
    s.call("credentials/delete", &json!({})).await?.refused("a deletion without credentialDeletionRequest")
}

fn agreement(s: &Session) -> Result<&Lifecycle, Stop> {
    s.profile().lifecycle.as_ref().ok_or_else(|| Stop::NotChecked("the profile names no lifecycle".to_owned()))
}

/// A token for what its user agreed to.
async fn agreed(s: &Session, detail: Value) -> Result<String, Stop> {
    let parameters = [("authorization_details", json!([detail]).to_string())];
    s.code_flow(&agreement(s)?.approve_command, &parameters).await
}

/// What is asked for with a creation token.
fn creation(s: &Session) -> Result<Value, Stop> {
    let policy = agreement(s)?.certificate_policy.as_ref();
    Ok(policy.map_or_else(|| json!({}), |policy| json!({ "certificatePolicy": policy })))
}

/// A key that its user agreed to.
struct Made {
    token: String,
    answer: Answer,
}

impl Made {
    fn id(&self) -> Result<&str, Stop> {
        let id = self.answer.json["credentialID"].as_str();
        id.ok_or_else(|| Stop::Wrong(format!("credentials/create names no credential: {}", self.answer.brief())))
    }
}

async fn make(s: &Session) -> Result<Made, Stop> {
    let request = creation(s)?;
    let token = agreed(s, json!({ "type": CREATION, "credentialCreationRequest": request })).await?;
    let ask = json!({ "credentialCreationRequest": request, "credentialInfo": true, "certificates": "chain" });
    let answer = s.call_as(&token, "credentials/create", &ask).await?;
    Ok(Made { token, answer })
}

async fn deletion_token(s: &Session, id: &str) -> Result<String, Stop> {
    agreed(s, json!({ "type": DELETION, "credentialID": id })).await
}

async fn delete_with(s: &Session, token: &str, id: &str) -> Result<Answer, Stop> {
    s.call_as(token, "credentials/delete", &json!({ "credentialDeletionRequest": { "credentialID": id } })).await
}

/// Deletes what a check had made.
async fn clear(s: &Session, id: &str) -> Verdict {
    let token = deletion_token(s, id).await?;
    delete_with(s, &token, id).await?.nothing()
}

async fn find(s: &Session, id: &str) -> Result<Answer, Stop> {
    s.call("credentials/info", &json!({ "credentialID": id, "certInfo": true })).await
}

/// What its user agreed to is there, certified, and fit to sign.
pub(super) async fn makes(s: &Session) -> Verdict {
    let made = make(s).await?;
    let id = made.id()?;
    let mut findings = Findings::default();
    findings.expect(made.answer.status == 201, format!("expected HTTP 201, got {}", made.answer.brief()));
    let told = &made.answer.json;
    findings.expect(told["key"]["algo"].is_array(), "credentialInfo was asked for, and no key is described");
    let found = find(s, id).await?;
    findings.expect(found.json["key"]["status"] == "enabled", "credentials/info does not know it as enabled");
    let certificate = |info: &Value| info["cert"]["certificates"][0].clone();
    let same = certificate(told).is_string() && certificate(told) == certificate(&found.json);
    findings.expect(same, "credentials/create and credentials/info show different certificates");
    clear(s, id).await?;
    findings.judge()
}

/// The authorization is one to make a key, and no other.
pub(super) async fn token_is_narrow(s: &Session) -> Verdict {
    let made = make(s).await?;
    let (token, id) = (&made.token, made.id()?);
    let mut findings = Findings::default();
    for (method, ask) in [
        ("credentials/list", json!({})),
        ("credentials/info", json!({ "credentialID": s.credential()?.id })),
        ("credentials/delete", json!({ "credentialDeletionRequest": { "credentialID": id } })),
    ] {
        let answer = s.call_as(token, method, &ask).await?;
        findings.expect(answer.is_refused(), format!("a token to create opens {method}: {}", answer.brief()));
    }
    clear(s, id).await?;
    findings.judge()
}

pub(super) async fn create_errors(s: &Session) -> Verdict {
    let made = make(s).await?;
    let mut rows = Rows::default();
    for (what, ask) in [
        ("no credentialCreationRequest", json!({})),
        ("one that is no object", json!({ "credentialCreationRequest": "x" })),
        ("a policy nobody agreed to", json!({ "credentialCreationRequest": { "certificatePolicy": "2.999.1" } })),
    ] {
        rows.add(what, Expected::request(""), s.call_as(&made.token, "credentials/create", &ask).await?);
    }
    clear(s, made.id()?).await?;
    rows.codes()
}

/// What its user agreed to end is gone.
pub(super) async fn ends(s: &Session) -> Verdict {
    let made = make(s).await?;
    let id = made.id()?;
    let token = deletion_token(s, id).await?;
    delete_with(s, &token, id).await?.nothing()?;
    let found = find(s, id).await?;
    ensure(found.is_refused(), "credentials/info still knows a credential that was deleted")?;
    let again = delete_with(s, &token, id).await?;
    ensure(again.is_refused(), format!("the second deletion is answered with {}", again.brief()))
}

/// The agreement to end one is none to end another. Both were made here: nobody's key is at risk.
pub(super) async fn foreign(s: &Session) -> Verdict {
    let (doomed, kept) = (make(s).await?, make(s).await?);
    let (doomed, kept) = (doomed.id()?, kept.id()?);
    let token = deletion_token(s, doomed).await?;
    let answer = delete_with(s, &token, kept).await?;
    let mut findings = Findings::default();
    findings.expect(answer.is_refused(), format!("another credential's deletion is answered with {}", answer.brief()));
    findings.expect(find(s, kept).await?.status == 200, "another credential than the agreed one is gone");
    delete_with(s, &token, doomed).await?.nothing()?;
    clear(s, kept).await?;
    findings.judge()
}

pub(super) async fn delete_errors(s: &Session) -> Verdict {
    let made = make(s).await?;
    let id = made.id()?;
    let token = deletion_token(s, id).await?;
    let mut rows = Rows::default();
    for (what, ask) in [
        ("no credentialDeletionRequest", json!({})),
        ("one that is no object", json!({ "credentialDeletionRequest": "x" })),
        ("no credentialID", json!({ "credentialDeletionRequest": {} })),
    ] {
        rows.add(what, Expected::request(""), s.call_as(&token, "credentials/delete", &ask).await?);
    }
    delete_with(s, &token, id).await?.nothing()?;
    rows.codes()
}
