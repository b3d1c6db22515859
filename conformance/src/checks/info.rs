//! `info` (11.1): who the service is and what it claims to do. Everything else is judged by these claims.

use reqwest::Method;
use serde_json::{Value, json};

use crate::algorithm::is_oid;
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Ask, Session};

/// Ways of authorization (8.2 / 8.3).
const AUTH_TYPES: [&str; 6] = ["external", "TLS", "basic", "digest", "oauth2code", "oauth2client"];

/// Methods of any version.
const METHODS: [&str; 21] = [
    "info",
    "auth/login",
    "auth/revoke",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/authorizeCheck",
    "credentials/getChallenge",
    "credentials/sendOTP",
    "credentials/extendTransaction",
    "credentials/create",
    "credentials/delete",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/signPolling",
    "signatures/timestamp",
    "oauth2/authorize",
    "oauth2/pushed_authorize",
    "oauth2/token",
    "oauth2/revoke",
    "oauth2/account_token",
];

pub(super) async fn answers(s: &Session) -> Verdict {
    s.open("info", &json!({})).await?.ok().map(|_| ())
}

pub(super) async fn required(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let info = answer.ok()?;
    let mut findings = Findings::default();
    for name in ["specs", "name", "logo", "region", "lang", "description"] {
        let there = info[name].as_str().is_some_and(|text| !text.is_empty());
        findings.expect(there, format!("{name} is missing, empty or no string"));
    }
    for name in ["authType", "methods"] {
        findings
            .expect(texts(&info[name]).is_some_and(|all| !all.is_empty()), format!("{name} is no array of strings"));
    }
    if !s.is_v1() {
        let algos = texts(&info["signAlgorithms"]["algos"]);
        findings.expect(algos.is_some_and(|all| !all.is_empty()), "signAlgorithms.algos is no array of strings");
        let formats = texts(&info["signature_formats"]["formats"]);
        findings.expect(formats.is_some(), "signature_formats.formats is no array of strings");
        findings.expect(texts(&info["conformance_levels"]).is_some(), "conformance_levels is no array of strings");
    }
    findings.judge()
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

pub(super) async fn format(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let info = answer.ok()?;
    let mut findings = Findings::default();
    for name in ["name", "description"] {
        let length = info[name].as_str().map_or(0, |text| text.chars().count());
        findings.expect(length <= 255, format!("{name} has {length} characters, 255 are allowed"));
    }
    let region = info["region"].as_str().unwrap_or_default();
    let is_region = region.len() == 2 && region.bytes().all(|c| c.is_ascii_uppercase());
    findings.expect(is_region, format!("region \"{region}\" is no ISO 3166-1 alpha-2 code"));
    let specs = info["specs"].as_str().unwrap_or_default();
    let parts: Vec<&str> = specs.split('.').collect();
    let numbers = parts.len() == 4 && parts.iter().all(|part| part.parse::<u32>().is_ok());
    findings.expect(numbers, format!("specs \"{specs}\" is not of the form Major.Minor.x.y"));
    let major = if s.is_v1() { "1" } else { "2" };
    findings.expect(parts[0] == major, format!("specs \"{specs}\" under an address of version {major}"));
    for kind in texts(&info["authType"]).unwrap_or_default() {
        findings.expect(AUTH_TYPES.contains(&kind), format!("authType \"{kind}\" is none of {AUTH_TYPES:?}"));
    }
    findings.judge()
}

pub(super) async fn oauth2(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let info = answer.ok()?;
    let named = texts(&info["authType"]).unwrap_or_default();
    let uses = named.contains(&"oauth2code") || named.contains(&"oauth2client");
    let members: &[&str] = if s.is_v1() { &["oauth2"] } else { &["oauth2", "oauth2Issuer", "oauth2Servers"] };
    let there: Vec<&&str> = members.iter().filter(|name| !info[**name].is_null()).collect();
    let mut findings = Findings::default();
    // In v1 a credential may be of mode oauth2code without it; then it is there without such an authType.
    findings.expect(!uses || there.len() == 1, format!("OAuth 2.0 in authType, and {} of {members:?}", there.len()));
    for name in ["oauth2", "oauth2Issuer"] {
        if let Some(text) = info[name].as_str() {
            findings.expect(url::Url::parse(text).is_ok(), format!("{name} \"{text}\" is no address"));
        }
    }
    if let Some(servers) = info["oauth2Servers"].as_array() {
        findings.expect(info["supportsRar"].is_null(), "supportsRar beside oauth2Servers");
        for server in servers {
            let one = server["baseUri"].is_string() != server["issuerIdentifier"].is_string();
            findings.expect(one, "an element of oauth2Servers has not exactly one of baseUri and issuerIdentifier");
        }
    }
    findings.judge()
}

pub(super) async fn names(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let mut findings = Findings::default();
    let methods = texts(&answer.ok()?["methods"]).unwrap_or_default();
    for (at, name) in methods.iter().enumerate() {
        findings.expect(METHODS.contains(name), format!("methods has \"{name}\", which no version of the API has"));
        findings.expect(!methods[..at].contains(name), format!("methods has {name} twice"));
    }
    findings.judge()
}

/// What is claimed is there: whatever is wrong with an empty request, it is not the method itself.
pub(super) async fn methods(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let methods: Vec<String> =
        texts(&answer.ok()?["methods"]).unwrap_or_default().iter().map(ToString::to_string).collect();
    let mut findings = Findings::default();
    for name in methods.iter().filter(|name| !name.starts_with("oauth2/") && *name != "auth/login" && *name != "info") {
        let answer = s.call(name, &json!({})).await?;
        let missing = answer.status == 404 || answer.status == 405 || answer.status >= 500;
        findings.expect(!missing, format!("{name} is in methods, and answers {}", answer.brief()));
    }
    findings.judge()
}

pub(super) async fn language(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({ "lang": "tlh-Latn-x-unknown" })).await?;
    let lang = answer.text("lang")?;
    let tag =
        lang.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric()));
    ensure(tag, format!("lang \"{lang}\" is no language tag (RFC 5646)"))
}

pub(super) async fn algorithms(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let info = answer.ok()?;
    let mut findings = Findings::default();
    for oid in texts(&info["signAlgorithms"]["algos"]).unwrap_or_default() {
        findings.expect(is_oid(oid), format!("signAlgorithms.algos has \"{oid}\", which is no OID"));
    }
    let formats = texts(&info["signature_formats"]["formats"]).unwrap_or_default();
    for format in &formats {
        findings.expect(["C", "X", "P", "J"].contains(format), format!("signature_formats.formats has \"{format}\""));
    }
    if let Some(properties) = info["signature_formats"]["envelope_properties"].as_array() {
        let (one, other) = (properties.len(), formats.len());
        findings.expect(one == other, format!("{one} envelope_properties for {other} formats"));
    }
    findings.judge()
}

pub(super) async fn nulls(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let nulls = answer.ok()?.as_object().into_iter().flatten().filter(|(_, value)| value.is_null());
    let nulls: Vec<&str> = nulls.map(|(name, _)| name.as_str()).collect();
    ensure(nulls.is_empty(), format!("members that are null: {nulls:?}; strict clients want them absent"))
}

pub(super) async fn logo(s: &Session) -> Verdict {
    let answer = s.open("info", &json!({})).await?;
    let logo = answer.text("logo")?;
    ensure(logo.starts_with("http"), format!("logo \"{logo}\" is no address"))?;
    let picture = s.send(Ask::get(logo)).await?;
    ensure(picture.status == 200, format!("the logo answers {}", picture.brief()))?;
    let kind = picture.header("content-type").to_owned();
    let known = kind.starts_with("image/png") || kind.starts_with("image/jpeg");
    ensure(known, format!("the logo is {kind}, not JPEG or PNG"))?;
    let side = |at: usize| {
        picture.body.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).map(u32::from_be_bytes)
    };
    if let (true, Some(width), Some(height)) = (picture.body.starts_with(b"\x89PNG"), side(16), side(20)) {
        ensure(width <= 256 && height <= 256, format!("the logo has {width} by {height} pixels, 256 are allowed"))?;
    }
    Ok(())
}

pub(super) async fn tolerant(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for (what, ask) in [
        ("GET info", Ask::get(s.url("info"))),
        ("POST info without a body", Ask::post(s.url("info"), "").verb(Method::POST)),
    ] {
        let answer = s.send(ask).await?;
        findings.expect(answer.status == 200, format!("{what}: real clients do it; it answers {}", answer.brief()));
    }
    findings.judge()
}

/// Every algorithm of a key is among those of the service.
pub(super) async fn algorithms_of_keys(s: &Session) -> Verdict {
    let all: Vec<&str> = texts(&s.info()["signAlgorithms"]["algos"]).unwrap_or_default();
    let mut findings = Findings::default();
    for credential in &s.profile().credentials {
        for oid in s.describe(credential).await?.algorithms() {
            let known = all.contains(&oid);
            findings.expect(known, format!("key.algo of {} has {oid}, signAlgorithms.algos has not", credential.id));
        }
    }
    if s.profile().credentials.is_empty() {
        return Err(Stop::NotChecked("the profile names no credentials".to_owned()));
    }
    findings.judge()
}
