//! `credentials/info` (11.5): what a credential is, and that it says so of the same key as its certificate.

use der::{Decode as _, Encode as _};
use serde_json::{Value, json};
use x509_cert::Certificate;

use crate::algorithm::{is_oid, is_weak};
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Answer, Expected, Rows, Session, base64, with};

async fn info(s: &Session, more: Value) -> Result<Answer, Stop> {
    let ask = json!({ "credentialID": s.credential()?.id });
    s.call("credentials/info", &with(ask, more)).await
}

pub(super) async fn required(s: &Session) -> Verdict {
    let answer = info(s, json!({})).await?;
    let info = answer.ok()?;
    let mut findings = Findings::default();
    let is = |value: &Value, words: &[&str]| value.as_str().is_some_and(|text| words.contains(&text));
    findings.expect(is(&info["key"]["status"], &["enabled", "disabled"]), "key.status is neither enabled nor disabled");
    let algorithms = info["key"]["algo"].as_array().map(Vec::as_slice).unwrap_or_default();
    findings.expect(!algorithms.is_empty(), "key.algo is no array of OIDs");
    for oid in algorithms {
        findings.expect(oid.as_str().is_some_and(is_oid), format!("key.algo has {oid}, which is no OID"));
    }
    findings.expect(info["key"]["len"].as_u64().is_some_and(|bits| bits > 0), "key.len is no number");
    findings.expect(info["multisign"].as_u64().is_some_and(|count| count > 0), "multisign is no number of at least 1");
    let scal = &info["SCAL"];
    findings.expect(scal.is_null() || is(scal, &["1", "2"]), format!("SCAL is {scal}, not \"1\" or \"2\""));
    if s.is_v1() {
        let mode = &info["authMode"];
        let known = is(mode, &["implicit", "explicit", "oauth2code"]);
        findings.expect(known, format!("authMode is {mode}, not implicit, explicit or oauth2code"));
    } else {
        let mode = &info["auth"]["mode"];
        findings
            .expect(is(mode, &["explicit", "oauth2code"]), format!("auth.mode is {mode}, not explicit or oauth2code"));
    }
    findings.judge()
}

fn certificates(answer: &Answer) -> Result<Vec<Vec<u8>>, Stop> {
    let all = answer.ok()?["cert"]["certificates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let decode = |text: &Value| {
        base64(text.as_str().unwrap_or_default()).map_err(|why| Stop::Wrong(format!("a certificate is {why}")))
    };
    all.iter().map(decode).collect()
}

pub(super) async fn combinations(s: &Session) -> Verdict {
    let single = certificates(&info(s, json!({ "certificates": "single" })).await?)?;
    let usual = certificates(&info(s, json!({})).await?)?;
    let chain = certificates(&info(s, json!({ "certificates": "chain" })).await?)?;
    let none = info(s, json!({ "certificates": "none" })).await?;
    let mut findings = Findings::default();
    findings.expect(single.len() == 1, format!("{} certificates for single", single.len()));
    findings.expect(usual == single, "without the parameter it is not as with single, the default");
    findings.expect(chain.first() == single.first(), "the chain does not begin with the end entity's certificate");
    let shown = &none.ok()?["cert"]["certificates"];
    findings.expect(shown.is_null(), "cert.certificates is there with none");
    for der in &chain {
        findings.expect(Certificate::from_der(der).is_ok(), "a certificate of the chain is no X.509 certificate");
    }
    for pair in chain.windows(2) {
        if let (Ok(lower), Ok(upper)) = (Certificate::from_der(&pair[0]), Certificate::from_der(&pair[1])) {
            let follows = lower.tbs_certificate().issuer() == upper.tbs_certificate().subject();
            findings.expect(follows, "a certificate of the chain was not issued by the next");
        }
    }
    findings.judge()
}

const DETAILS: [&str; 5] = ["issuerDN", "subjectDN", "serialNumber", "validFrom", "validTo"];

pub(super) async fn cert_info(s: &Session) -> Verdict {
    let answer = info(s, json!({ "certInfo": true })).await?;
    let cert = &answer.ok()?["cert"];
    let mut findings = Findings::default();
    for name in DETAILS {
        findings.expect(cert[name].is_string(), format!("cert.{name} is missing with certInfo"));
    }
    let der = certificates(&answer)?;
    let certificate = der.first().and_then(|der| Certificate::from_der(der).ok());
    let certificate = certificate.ok_or_else(|| Stop::Wrong("there is no certificate".to_owned()))?;
    let tbs = certificate.tbs_certificate();
    let text = |name: &str| cert[name].as_str().unwrap_or_default().to_owned();
    let serial = data_encoding::HEXLOWER.encode(tbs.serial_number().as_bytes());
    let plain = |hex: &str| hex.to_ascii_lowercase().trim_start_matches('0').to_owned();
    let said = text("serialNumber");
    findings.expect(plain(&said) == plain(&serial), format!("serialNumber {said}, in the certificate {serial}"));
    for (name, time) in [("validFrom", tbs.validity().not_before), ("validTo", tbs.validity().not_after)] {
        let (said, meant) = (text(name), generalized(time));
        findings.expect(said == meant, format!("{name} \"{said}\", in the certificate {meant}"));
    }
    findings.judge()
}

/// `YYYYMMDDHHMMSSZ`.
fn generalized(time: x509_cert::time::Time) -> String {
    let time = time.to_date_time();
    let (day, clock) = ((time.month(), time.day()), (time.hour(), time.minutes(), time.seconds()));
    format!("{:04}{:02}{:02}{:02}{:02}{:02}Z", time.year(), day.0, day.1, clock.0, clock.1, clock.2)
}

pub(super) async fn cert_info_default(s: &Session) -> Verdict {
    let answer = info(s, json!({})).await?;
    let unasked: Vec<&str> = DETAILS.into_iter().filter(|name| !answer.json["cert"][*name].is_null()).collect();
    answer.ok()?;
    ensure(unasked.is_empty(), format!("certInfo is off, and cert has {}", unasked.join(", ")))
}

pub(super) async fn auth_info(s: &Session) -> Verdict {
    let (with_it, without) = (info(s, json!({ "authInfo": true })).await?, info(s, json!({})).await?);
    let mut findings = Findings::default();
    if s.is_v1() {
        judge_v1(with_it.ok()?, without.ok()?, &mut findings);
    } else {
        judge_v2(with_it.ok()?, without.ok()?, &mut findings);
    }
    findings.judge()
}

fn judge_v1(info: &Value, brief: &Value, findings: &mut Findings) {
    let explicit = info["authMode"] == "explicit";
    for name in ["PIN", "OTP"] {
        findings.expect(brief[name].is_null(), format!("authInfo is off, and {name} is there"));
        let presence = &info[name]["presence"];
        let known = presence.as_str().is_some_and(|text| ["true", "false", "optional"].contains(&text));
        findings.expect(
            !explicit || known,
            format!("{name}.presence is {presence}, not \"true\", \"false\" or \"optional\""),
        );
        findings.expect(explicit || info[name].is_null(), format!("{name} is there, and authMode is not explicit"));
        if explicit && known && presence != "false" {
            let format = &info[name]["format"];
            findings.expect(format == "A" || format == "N", format!("{name}.format is {format}, not \"A\" or \"N\""));
        }
    }
    let otp = &info["OTP"];
    if explicit && otp["presence"] != "false" && otp["presence"].is_string() {
        let kind = &otp["type"];
        findings.expect(kind == "offline" || kind == "online", format!("OTP.type is {kind}, not offline or online"));
        findings.expect(otp["ID"].is_string(), "OTP.ID is missing");
    }
}

fn judge_v2(info: &Value, brief: &Value, findings: &mut Findings) {
    let absent = |auth: &Value| auth["expression"].is_null() && auth["objects"].as_array().is_none_or(Vec::is_empty);
    findings.expect(absent(&brief["auth"]), "authInfo is off, and auth has an expression or objects");
    let auth = &info["auth"];
    if auth["mode"] != "explicit" {
        findings.expect(absent(auth), "auth has an expression or objects, and its mode is not explicit");
        return;
    }
    let kinds = ["Password", "PasswordOOB", "ChallengeResponse", "ChallengeResponseOOB"];
    let objects = auth["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ids: Vec<&str> = objects.iter().filter_map(|object| object["id"].as_str()).collect();
    for object in objects {
        let (id, kind) = (&object["id"], &object["type"]);
        findings.expect(
            kind.as_str().is_some_and(|kind| kinds.contains(&kind)),
            format!("the type of object {id} is {kind}"),
        );
        findings.expect(id.is_string(), format!("the id of an authentication object is {id}"));
    }
    let expression = auth["expression"].as_str().unwrap_or_default();
    let words = expression.split(|c: char| c.is_whitespace() || c == '(' || c == ')').filter(|word| !word.is_empty());
    for word in words.filter(|word| !["AND", "OR", "XOR"].contains(word)) {
        findings.expect(ids.contains(&word), format!("auth.expression names {word}, and there is no such object"));
    }
}

pub(super) async fn key(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for credential in &s.profile().credentials {
        let described = s.describe(credential).await?;
        let (key, id) = (&described.info["key"], &credential.id);
        let bits = described.key.bits();
        findings
            .expect(key["len"] == bits, format!("{id}: key.len is {}, the certificate's key has {bits}", key["len"]));
        let curve = described.key.curve();
        findings.expect(
            key["curve"].as_str() == curve,
            format!("{id}: key.curve is {}, the certificate's is {curve:?}", key["curve"]),
        );
    }
    findings.judge()
}

pub(super) async fn weak(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for credential in &s.profile().credentials {
        let answer = s.call("credentials/info", &json!({ "credentialID": credential.id })).await?;
        for oid in answer.ok()?["key"]["algo"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            findings.expect(!is_weak(oid), format!("{}: key.algo has {oid}, weaker than SHA-256", credential.id));
        }
    }
    findings.judge()
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let missing = Expected::request("Missing (or invalid type) string parameter credentialID");
    rows.add("no credentialID", missing, s.call("credentials/info", &json!({})).await?);
    rows.add(
        "a credentialID that is a number",
        missing,
        s.call("credentials/info", &json!({ "credentialID": 7 })).await?,
    );
    let unknown = Expected::request("Invalid parameter credentialID");
    rows.add(
        "an unknown credentialID",
        unknown,
        s.call("credentials/info", &json!({ "credentialID": s.nonce() })).await?,
    );
    let certificates = Expected::request("Invalid parameter certificates");
    rows.add("an unknown word in certificates", certificates, info(s, json!({ "certificates": "some" })).await?);
    Ok(rows)
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

/// The credential can sign now, and its certificate is DER to the last octet.
pub(super) async fn enabled(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let status = &described.info["key"]["status"];
    ensure(status == "enabled", format!("key.status is {status}: a credential of a profile should be able to sign"))?;
    let der = base64(described.info["cert"]["certificates"][0].as_str().unwrap_or_default()).map_err(Stop::Wrong)?;
    let certificate = Certificate::from_der(&der).map_err(|error| Stop::Wrong(error.to_string()))?;
    let encoded = certificate.to_der().map_err(|error| Stop::Wrong(error.to_string()))?;
    ensure(encoded == der, "the certificate is not DER: it changes when it is encoded again")?;
    let status = &described.info["cert"]["status"];
    ensure(status.is_null() || status == "valid", format!("key.status is enabled, and cert.status is {status}"))
}
