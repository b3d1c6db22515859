//! `credential recertify`: another certificate for keys whose certificates end.

use serde_json::{Value, json};

use super::super::show;
use super::PAGE;
use crate::app::Parts;
use crate::domain::credential::{Certificate, Known};
use crate::service::enrolment::{Enrolment, Error};

/// Seconds.
const DAY: i64 = 86_400;

/// Of this one, or of all whose certificates end within so many days. Goes on whatever happens to one.
pub(super) async fn run(enrolment: &Enrolment, parts: &Parts, id: Option<String>, days: u32) -> anyhow::Result<()> {
    let all = id.is_none();
    let ids = match id {
        Some(id) => vec![id],
        None => ending(parts, parts.clock.now() / 1000 + i64::from(days) * DAY).await?,
    };
    let (mut tried, mut failed) = (0_usize, 0_usize);
    for id in &ids {
        let line = match enrolment.recertify(id).await {
            Ok(certificate) => told(id, &certificate),
            // One that only the signer knows to be blocked, or without a PIN yet.
            Err(Error::NotInUse) if all => continue,
            Err(error) => {
                failed += 1;
                json!({ "credentialID": id, "failed": format!("{:#}", anyhow::Error::from(error)) })
            }
        };
        tried += 1;
        if !show(&line)? {
            break;
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {tried} keys got no other certificate");
    Ok(())
}

fn told(id: &str, certificate: &Certificate) -> Value {
    let facts = &certificate.facts;
    json!({
        "credentialID": id,
        "serialNumber": facts.serial_number,
        "subject": facts.subject,
        "issuer": facts.issuer,
        "not_before": facts.not_before,
        "not_after": facts.not_after,
    })
}

/// As far as the gateway knows: that a key became active is noted when somebody next asks for it.
const fn is_in_use(state: Known) -> bool {
    matches!(state, Known::Active | Known::Enrolling)
}

/// Ids of keys in use whose certificates end before this Unix second.
async fn ending(parts: &Parts, second: i64) -> anyhow::Result<Vec<String>> {
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = parts.repositories.credentials.of_user(None, after.as_deref(), PAGE).await?;
        for credential in page.iter().filter(|one| one.certified && is_in_use(one.state)) {
            let certificate = parts.repositories.credentials.certificate(&credential.id).await?;
            let ends = certificate.is_some_and(|certificate| certificate.facts.not_after < second);
            if ends && parts.repositories.users.find(&credential.user).await?.is_some() {
                ids.push(credential.id.clone());
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
            _ => return Ok(ids),
        }
    }
}
