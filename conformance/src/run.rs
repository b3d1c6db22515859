//! Runs the checks, one after the other.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde_json::Value;

use crate::check::{Check, Stop, Version};
use crate::checks::CHECKS;
use crate::known::Known;
use crate::profile::Profile;
use crate::report::{Finding, Outcome, Report, Service};
use crate::session::{Ask, Mask, Session, Shared, client};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile names no address.
    #[error("no address of a service: name one, as in https://host/csc/v2")]
    NoAddress,
    /// An address that is none.
    #[error("{0}: {1}")]
    Address(String, url::ParseError),
    /// `tls_ca` cannot be used.
    #[error("{0}")]
    Roots(String),
    /// `--only` names nothing.
    #[error("there is no check {0}; --list names them")]
    Unknown(String),
    /// The service is not there.
    #[error("{0} does not answer: {1}")]
    Unreachable(String, String),
    /// Neither the address nor `info` tells which version it is.
    #[error("{0}: neither the address nor info says which version of the API this is")]
    Version(String),
}

/// What to run, and what is known.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Ids; a whole group by its first words, as `misuse`. Empty: all.
    pub only: Vec<String>,
    /// Failures that have a reason.
    pub known: Known,
}

/// Told while it runs.
pub trait Progress {
    /// These will be run against this address.
    fn service(&mut self, service: &Service, checks: usize);
    /// This one begins.
    fn begins(&mut self, check: &Check);
    /// And this came of it.
    fn ends(&mut self, finding: &Finding);
}

/// Checks every address of the profile.
///
/// # Errors
/// Nothing could be run at all; what cannot be run of an otherwise running service stands in the report.
pub async fn run(profile: &Profile, options: &Options, progress: &mut (dyn Progress + Send)) -> Result<Report, Error> {
    let wanted = select(&options.only)?;
    if profile.urls.is_empty() {
        return Err(Error::NoAddress);
    }
    let http = client(profile.tls_ca.as_deref()).map_err(Error::Roots)?;
    let mut services = Vec::new();
    for url in &profile.urls {
        let mut shared = Shared {
            profile: profile.clone(),
            version: Version::V2,
            base: base(url)?,
            http: http.clone(),
            info: Value::Null,
            mask: Mask::default(),
            token: tokio::sync::Mutex::default(),
            refused: OnceLock::new(),
            seed: oauth2::CsrfToken::new_random().secret().clone(),
            counter: AtomicU64::new(1),
        };
        profile.secrets().for_each(|secret| shared.mask.learn(secret));
        shared = introduce(shared).await?;
        services.push(check_service(Arc::new(shared), &wanted, &options.known, progress).await);
    }
    Ok(Report { tool: concat!("rsign ", env!("CARGO_PKG_VERSION")), at: time::OffsetDateTime::now_utc(), services })
}

fn select(only: &[String]) -> Result<Vec<&'static Check>, Error> {
    let named = |check: &Check, word: &str| {
        check.id == word || check.id.strip_prefix(word.trim_end_matches('.')).is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(word) = only.iter().find(|word| !CHECKS.iter().any(|check| named(check, word))) {
        return Err(Error::Unknown(word.clone()));
    }
    // An id that is also the beginning of others means itself.
    let exact = |word: &String| crate::checks::find(word).is_some();
    let wanted = |check: &&Check| {
        only.is_empty() || only.iter().any(|word| if exact(word) { check.id == word } else { named(check, word) })
    };
    Ok(CHECKS.iter().filter(wanted).collect())
}

fn base(url: &str) -> Result<String, Error> {
    let url = url.trim_end_matches('/');
    url::Url::parse(url).map_err(|error| Error::Address(url.to_owned(), error))?;
    Ok(url.to_owned())
}

/// What `info` says decides what is checked.
async fn introduce(mut shared: Shared) -> Result<Shared, Error> {
    let session = Session::new(Arc::new(shared));
    let answer = session.send(Ask::post(session.url("info"), "{}")).await;
    shared = match Arc::try_unwrap(session.shared) {
        Ok(shared) => shared,
        // Nobody else has it.
        Err(shared) => return Err(Error::Unreachable(shared.base.clone(), "still in use".to_owned())),
    };
    match answer {
        Ok(answer) if answer.status == 200 && answer.json.is_object() => shared.info = answer.json,
        Ok(_) => {}
        Err(Stop::Broken(why)) => return Err(Error::Unreachable(shared.base, why)),
        Err(stop) => return Err(Error::Unreachable(shared.base, format!("{stop:?}"))),
    }
    let address = shared.base.rsplit('/').next().unwrap_or_default();
    let specs = shared.info["specs"].as_str().unwrap_or_default();
    shared.version = match (address, specs.split('.').next()) {
        ("v0" | "v1", _) => Version::V1,
        ("v2", _) => Version::V2,
        (_, Some("0" | "1")) => Version::V1,
        (_, Some("2")) => Version::V2,
        _ => return Err(Error::Version(shared.base)),
    };
    Ok(shared)
}

async fn check_service(
    shared: Arc<Shared>,
    wanted: &[&'static Check],
    known: &Known,
    progress: &mut (dyn Progress + Send),
) -> Service {
    let checks: Vec<_> = wanted.iter().filter(|check| check.is_in(shared.version)).collect();
    let mut service = Service::new(&shared.base, shared.version, &shared.info);
    progress.service(&service, checks.len());
    for check in checks {
        progress.begins(check);
        let finding = try_one(&shared, check, known).await;
        progress.ends(&finding);
        service.findings.push(finding);
    }
    service
}

async fn try_one(shared: &Arc<Shared>, check: &'static Check, known: &Known) -> Finding {
    let session = Session::new(Arc::clone(shared));
    let started = Instant::now();
    let verdict = match check.needs.iter().try_for_each(|need| session.meets(*need)) {
        Ok(()) => (check.run)(&session).await,
        Err(stop) => Err(stop),
    };
    let reason = known.reason(check.id, shared.version);
    let outcome = Outcome::of(verdict, reason, &|text| shared.mask.text(text));
    Finding::new(check, shared.version, outcome, started.elapsed(), session.transcript())
}

#[cfg(test)]
mod tests {
    use super::select;

    #[test]
    fn a_group_and_a_single_check_can_be_chosen() {
        let ids = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            select(&only).unwrap().iter().map(|check| check.id).collect()
        };
        assert!(ids(&["misuse"]).iter().all(|id| id.starts_with("misuse.")) && ids(&["misuse"]).len() > 5);
        assert_eq!(ids(&["auth.login"]), ["auth.login"]);
        assert_eq!(ids(&[]).len(), crate::checks::CHECKS.len());
        assert!(select(&["mis".to_owned()]).is_err());
    }
}
