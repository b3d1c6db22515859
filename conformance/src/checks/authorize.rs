//! `credentials/authorize` (11.6), and `authorizeCheck`, `getChallenge`, `sendOTP` around it.

use serde_json::{Value, json};

use crate::algorithm::Hash;
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Answer, Expected, Rows, Session, with};

/// The body of a good request for one hash.
async fn good(s: &Session) -> Result<Value, Stop> {
    let described = s.describe(s.credential()?).await?;
    s.authorization(&described, Hash::Sha256, &s.digests(Hash::Sha256, 1)).await
}

async fn authorize(s: &Session, ask: &Value) -> Result<Answer, Stop> {
    s.call("credentials/authorize", ask).await
}

pub(super) async fn answers(s: &Session) -> Verdict {
    let answer =
        authorize(s, &with(good(s).await?, json!({ "description": "rsign conformance", "clientData": "x" }))).await?;
    let sad = s.sad(answer.clone()).await?;
    let expiry = &answer.json["expiresIn"];
    ensure(
        expiry.is_null() || expiry.as_u64().is_some_and(|n| n > 0),
        format!("expiresIn is {expiry}, no positive number"),
    )?;
    ensure(sad.expires_in <= 24 * 3600, format!("a SAD that is good for {} seconds", sad.expires_in))
}

pub(super) async fn different(s: &Session) -> Verdict {
    let ask = good(s).await?;
    let first = s.sad(authorize(s, &ask).await?).await?;
    // One-time passwords are used up.
    let second = s.sad(authorize(s, &good(s).await?).await?).await?;
    ensure(first.value != second.value, "two authorizations gave the same SAD")?;
    ensure(first.value.len() >= 22, format!("a SAD of {} characters can be guessed", first.value.len()))
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let ask = good(s).await?;
    let missing = Expected::request("Missing (or invalid type) string parameter credentialID");
    let unknown = Expected::request("Invalid parameter credentialID");
    rows.add("no credentialID", missing, authorize(s, &without(&ask, "credentialID")).await?);
    rows.add(
        "an unknown credentialID",
        unknown,
        authorize(s, &with(ask.clone(), json!({ "credentialID": s.nonce() }))).await?,
    );
    let number = Expected::request("Missing (or invalid type) integer parameter numSignatures");
    rows.add("no numSignatures", number, authorize(s, &without(&ask, "numSignatures")).await?);
    for (what, wrong) in [("numSignatures that is a string", json!("1")), ("half a signature", json!(0.5))] {
        rows.add(what, number, authorize(s, &with(ask.clone(), json!({ "numSignatures": wrong }))).await?);
    }
    let value = Expected::request("Invalid value for parameter numSignatures");
    rows.add("numSignatures 0", value, authorize(s, &with(ask.clone(), json!({ "numSignatures": 0 }))).await?);
    let described = s.describe(s.credential()?).await?;
    let many = json!({ "numSignatures": described.multisign() + 1 });
    // The original prints the code with a capital letter in this row.
    let high = Expected::request("Numbers of signatures is too high").coded(&["invalid_request", "Invalid_request"]);
    rows.add("numSignatures above multisign", high, authorize(s, &with(ask.clone(), many)).await?);
    if let Some(wrong) = wrong_pin(&ask) {
        let pin = Expected::differs("The PIN is invalid", "The authentication data is invalid");
        let pin = pin.coded(if s.is_v1() { &["invalid_pin"] } else { &["invalid_authentication_data"] });
        rows.add("a wrong PIN", pin, authorize(s, &wrong).await?);
        // So that no run of this leaves the credential nearer to its lock.
        s.sad(authorize(s, &good(s).await?).await?).await?;
    }
    Ok(rows)
}

fn without(ask: &Value, member: &str) -> Value {
    let mut ask = ask.clone();
    if let Some(members) = ask.as_object_mut() {
        members.remove(member);
    }
    ask
}

/// The same request with another PIN of the same length, if there is a PIN in it.
fn wrong_pin(ask: &Value) -> Option<Value> {
    let turn = |pin: &str| -> String {
        pin.chars()
            .map(|c| c.to_digit(10).map_or('x', |digit| char::from_digit(9 - digit, 10).unwrap_or('0')))
            .collect()
    };
    let mut ask = ask.clone();
    let slot = match ask.get("PIN") {
        Some(_) => ask.get_mut("PIN")?,
        None => ask.get_mut("authData")?.as_array_mut()?.iter_mut().find_map(|object| object.get_mut("value"))?,
    };
    *slot = json!(turn(slot.as_str()?));
    Some(ask)
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

/// SCAL 2 links the authorization to hashes, so there is none without (8.2, 11.6).
pub(super) async fn scal2(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    if !described.is_scal2() {
        return Err(Stop::NotApplicable("the credential's SCAL is 1".to_owned()));
    }
    let member = if s.is_v1() { "hash" } else { "hashes" };
    let ask = without(&good(s).await?, member);
    authorize(s, &ask).await?.refused("an authorization under SCAL 2 without hashes")?;
    let empty = with(ask, json!({ member: [] }));
    authorize(s, &empty).await?.refused("an authorization under SCAL 2 with an empty list of hashes")
}

pub(super) async fn no_factors(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let ask = s.authorization(&described, Hash::Sha256, &s.digests(Hash::Sha256, 1)).await?;
    let members = ["PIN", "OTP", "authData"];
    let has = |name: &&&str| ask[**name].as_array().map_or(ask[**name].is_string(), |data| !data.is_empty());
    if members.iter().filter(has).count() == 0 {
        return Err(Stop::NotApplicable("the credential needs no PIN and no OTP in a request".to_owned()));
    }
    let mut findings = Findings::default();
    let bare = members.iter().fold(ask.clone(), |ask, name| without(&ask, name));
    let answer = authorize(s, &bare).await?;
    findings.expect(answer.is_refused(), format!("without any factor it answers {}", answer.brief()));
    let null = with(bare, if s.is_v1() { json!({ "PIN": null }) } else { json!({ "authData": [] }) });
    let answer = authorize(s, &null).await?;
    findings.expect(answer.is_refused(), format!("with empty factors it answers {}", answer.brief()));
    findings.judge()
}

// --- authorizeCheck ---

async fn check_rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let handle = Expected::request("Invalid parameter handle");
    rows.add("an unknown handle", handle, s.call("credentials/authorizeCheck", &json!({ "handle": s.nonce() })).await?);
    rows.add("no handle", Expected::request(""), s.call("credentials/authorizeCheck", &json!({})).await?);
    Ok(rows)
}

pub(super) async fn check_errors(s: &Session) -> Verdict {
    check_rows(s).await?.codes()
}

pub(super) async fn check_sentences(s: &Session) -> Verdict {
    check_rows(s).await?.sentences(s.version())
}

pub(super) async fn check_delivers(s: &Session) -> Verdict {
    let answer = authorize(s, &good(s).await?).await?;
    if answer.status != 202 {
        return Err(Stop::NotApplicable("credentials/authorize answers at once".to_owned()));
    }
    let handle = answer.json["handle"].as_str().unwrap_or_default();
    ensure(!handle.is_empty(), "HTTP 202 without a handle")?;
    let sad = s.sad(answer).await?;
    ensure(!sad.value.is_empty(), "authorizeCheck delivered no SAD")
}

// --- getChallenge ---

pub(super) async fn challenge(s: &Session) -> Verdict {
    for credential in s.profile().credentials.iter().take(1).chain(&s.profile().coded) {
        let described = s.describe(credential).await?;
        let objects = described.info["auth"]["objects"].as_array().cloned().unwrap_or_default();
        let is_one = |object: &&Value| object["type"].as_str().is_some_and(|kind| kind.starts_with("Challenge"));
        let Some(object) = objects.iter().find(is_one) else { continue };
        let ask = json!({ "credentialID": credential.id, "authObjectID": object["id"] });
        let answer = s.call("credentials/getChallenge", &ask).await?;
        return if answer.status == 204 { answer.nothing() } else { answer.text("challenge").map(|_| ()) };
    }
    Err(Stop::NotChecked("no credential of the profile has a challenge-response object".to_owned()))
}

async fn challenge_rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let id = &s.credential()?.id;
    let credential = Expected::request("Invalid parameter credentialID");
    let ask = json!({ "credentialID": s.nonce(), "authObjectID": "OTP" });
    rows.add("an unknown credentialID", credential, s.call("credentials/getChallenge", &ask).await?);
    let object = Expected::request("Invalid parameter authObjectID");
    let ask = json!({ "credentialID": id, "authObjectID": s.nonce() });
    rows.add("an unknown authObjectID", object, s.call("credentials/getChallenge", &ask).await?);
    Ok(rows)
}

pub(super) async fn challenge_errors(s: &Session) -> Verdict {
    challenge_rows(s).await?.codes()
}

pub(super) async fn challenge_sentences(s: &Session) -> Verdict {
    challenge_rows(s).await?.sentences(s.version())
}

// --- sendOTP ---

pub(super) async fn send_otp(s: &Session) -> Verdict {
    for credential in s.profile().credentials.iter().take(1).chain(&s.profile().coded) {
        let described = s.describe(credential).await?;
        if described.info["OTP"]["type"] == "online" {
            return s.call("credentials/sendOTP", &json!({ "credentialID": credential.id })).await?.nothing();
        }
    }
    Err(Stop::NotChecked("the OTP of no credential of the profile is online".to_owned()))
}

async fn send_otp_rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let missing = Expected::request("Missing (or invalid type) string parameter credentialID");
    let unknown = Expected::request("Invalid parameter credentialID");
    rows.add("no credentialID", missing, s.call("credentials/sendOTP", &json!({})).await?);
    let ask = json!({ "credentialID": s.nonce() });
    rows.add("an unknown credentialID", unknown, s.call("credentials/sendOTP", &ask).await?);
    Ok(rows)
}

pub(super) async fn send_otp_errors(s: &Session) -> Verdict {
    send_otp_rows(s).await?.codes()
}

pub(super) async fn send_otp_sentences(s: &Session) -> Verdict {
    send_otp_rows(s).await?.sentences(s.version())
}
