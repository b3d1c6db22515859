//! `credentials/list` (11.4).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Answer, Expected, Rows, Session, with};

async fn list(s: &Session, more: Value) -> Result<Answer, Stop> {
    let ask = s.user().map_or_else(|| json!({}), |user| json!({ "userID": user }));
    s.call("credentials/list", &with(ask, more)).await
}

fn ids(answer: &Answer) -> Result<Vec<String>, Stop> {
    let ids = answer.array("credentialIDs")?;
    let texts = ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    texts.ok_or_else(|| Stop::Wrong("credentialIDs holds something that is no string".to_owned()))
}

/// All pages.
async fn all(s: &Session, size: Option<u64>) -> Result<Vec<String>, Stop> {
    let (mut found, mut page) = (Vec::new(), None::<String>);
    // More pages than any test user has credentials: a service that goes round in circles.
    for _ in 0..1000 {
        let mut ask = json!({});
        if let Some(size) = size {
            ask["maxResults"] = json!(size);
        }
        if let Some(token) = page {
            ask["pageToken"] = json!(token);
        }
        let answer = list(s, ask).await?;
        let part = ids(&answer)?;
        if let Some(size) = size {
            ensure(part.len() as u64 <= size, format!("{} ids with maxResults {size}", part.len()))?;
        }
        found.extend(part);
        match answer.json["nextPageToken"].as_str() {
            Some(next) => page = Some(next.to_owned()),
            None => return Ok(found),
        }
    }
    Err(Stop::Wrong("there is always one more page".to_owned()))
}

pub(super) async fn answers(s: &Session) -> Verdict {
    let found = all(s, None).await?;
    let different: BTreeSet<&String> = found.iter().collect();
    ensure(different.len() == found.len(), "credentialIDs has an id twice")?;
    let mut findings = Findings::default();
    for credential in &s.profile().credentials {
        findings.expect(found.contains(&credential.id), format!("credential {} is not listed", credential.id));
    }
    findings.judge()
}

pub(super) async fn paging(s: &Session) -> Verdict {
    let whole = all(s, None).await?;
    if whole.len() < 2 {
        return Err(Stop::NotChecked("the user has no two credentials".to_owned()));
    }
    let paged = all(s, Some(1)).await?;
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (whole.iter().collect(), paged.iter().collect());
    ensure(paged.len() == other.len(), "an id stands on two pages")?;
    ensure(one == other, format!("{} ids in pages of one, {} at once", other.len(), one.len()))
}

pub(super) async fn odd_sizes(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for odd in [json!(0), json!(-1), json!("many"), json!(1_000_000_000)] {
        let answer = list(s, json!({ "maxResults": odd })).await?;
        let fine = answer.status == 200 && answer.json["credentialIDs"].as_array().is_some_and(|ids| !ids.is_empty());
        findings
            .expect(fine, format!("maxResults {odd} means the service's own maximum, it answers {}", answer.brief()));
    }
    findings.judge()
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    if s.is_v1() {
        let page = Expected::request("Invalid parameter pageToken");
        rows.add("an unknown pageToken", page, list(s, json!({ "pageToken": s.nonce() })).await?);
    } else {
        let certificates = Expected::request("Invalid parameter certificates");
        let ask = json!({ "credentialInfo": true, "certificates": "some" });
        rows.add("an unknown word in certificates", certificates, list(s, ask).await?);
    }
    let user = if s.is_user_specific() { "userID parameter MUST be null" } else { "Invalid parameter userID" };
    let ask = json!({ "userID": s.nonce() });
    rows.add("a userID that is not for this token", Expected::request(user), s.call("credentials/list", &ask).await?);
    if let Some(login) = s.profile().login.as_ref().filter(|_| s.auth_type("basic")) {
        let token = s.sign_in(login, false).await?.access;
        let user = s.profile().user.as_ref().map_or_else(|| s.nonce(), |user| user.expose().to_owned());
        let answer = s.call_as(&token, "credentials/list", &json!({ "userID": user })).await?;
        rows.add("userID with a user's own token", Expected::request("userID parameter MUST be null"), answer);
    }
    Ok(rows)
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

pub(super) async fn infos(s: &Session) -> Verdict {
    let brief = list(s, json!({})).await?;
    ensure(brief.ok()?["credentialInfos"].is_null(), "credentialInfos without credentialInfo")?;
    let switches = json!({ "certificates": "chain", "certInfo": true, "authInfo": true });
    let answer = list(s, with(json!({ "credentialInfo": true }), switches.clone())).await?;
    let (ids, infos) = (ids(&answer)?, answer.array("credentialInfos")?);
    ensure(ids.len() == infos.len(), format!("{} credentialInfos for {} credentialIDs", infos.len(), ids.len()))?;
    let mut findings = Findings::default();
    for info in infos {
        let id = info["credentialID"].as_str().unwrap_or_default();
        findings.expect(
            ids.iter().any(|known| known == id),
            format!("credentialInfos has \"{id}\", credentialIDs has not"),
        );
        for name in ["key", "cert", "auth"] {
            findings.expect(info[name].is_object(), format!("the element of {id} has no object {name}"));
        }
    }
    if let Some(info) = infos.first() {
        let ask = with(json!({ "credentialID": info["credentialID"] }), switches);
        let single = s.call("credentials/info", &ask).await?;
        for name in ["key", "cert", "auth", "multisign"] {
            let same = single.ok()?[name] == info[name];
            findings.expect(same, format!("{name} differs between credentials/list and credentials/info"));
        }
    }
    findings.judge()
}

pub(super) async fn only_valid(s: &Session) -> Verdict {
    let answer = list(s, json!({ "onlyValid": true, "credentialInfo": true })).await?;
    match &answer.ok()?["onlyValid"] {
        Value::Bool(true) => {}
        Value::Null | Value::Bool(false) => {
            return Err(Stop::NotApplicable("the service does not support onlyValid".to_owned()));
        }
        other => return Err(Stop::Wrong(format!("onlyValid is {other}, no boolean"))),
    }
    let mut findings = Findings::default();
    for info in answer.array("credentialInfos")? {
        let (id, status) = (&info["credentialID"], &info["key"]["status"]);
        findings.expect(status == "enabled", format!("with onlyValid it lists {id}, whose key is {status}"));
    }
    findings.judge()
}
