//! What was found, and the ways to write it.

pub mod html;
pub mod json;
pub mod junit;
pub mod text;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::check::{self, Check, Severity, Stop, Version};
use crate::checks::CHECKS;
use crate::session::Exchange;

/// Most exchanges a report keeps, the last ones: of a check that failed, and of any other.
const KEPT: [usize; 2] = [40, 6];

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name and version of the checker.
    pub tool: &'static str,
    /// When it was run, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// One for each address.
    pub services: Vec<Service>,
}

/// One address.
#[derive(Debug, Clone, Serialize)]
pub struct Service {
    /// The address.
    pub url: String,
    /// The version that was spoken.
    pub version: Version,
    /// `name` of info.
    pub name: String,
    /// `specs` of info.
    pub specs: String,
    /// Methods that info names and no check here is about.
    pub uncovered: Vec<String>,
    /// In the order of the list.
    pub findings: Vec<Finding>,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Its id.
    pub id: &'static str,
    /// What holds if it passes.
    pub title: &'static str,
    /// Clause of this version.
    pub clause: &'static str,
    /// Weight in this version.
    pub severity: Severity,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Milliseconds.
    pub milliseconds: u128,
    /// What was asked and answered; only the last ones of many.
    pub seen: Vec<Exchange>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// In a word.
    pub outcome: Verdict,
    /// Why, unless it simply passed: one line for each thing that is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Why this failure is expected, where `known.toml` says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
}

/// In a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Wrong.
    Failed,
    /// Wrong, as `known.toml` says.
    KnownFailure,
    /// Right, though `known.toml` says that it is wrong: the entry has to go.
    UnexpectedPass,
    /// The service does not claim to do it.
    NotApplicable,
    /// The profile does not give what it needs.
    NotChecked,
    /// It could not be tried.
    #[serde(rename = "could_not_run")]
    Broken,
}

impl Verdict {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::KnownFailure => "known failure",
            Self::UnexpectedPass => "unexpected pass",
            Self::NotApplicable => "not applicable",
            Self::NotChecked => "not checked",
            Self::Broken => "could not run",
        }
    }

    /// Whether it counts against the service.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed)
    }

    /// Whether somebody has something to do: mend the service, `known.toml`, or the profile.
    #[must_use]
    pub const fn wants_mending(self) -> bool {
        matches!(self, Self::Failed | Self::UnexpectedPass | Self::Broken)
    }
}

impl Outcome {
    /// Of a verdict, in the light of what is known; `mask` hides secrets in what it says.
    pub(crate) fn of(verdict: check::Verdict, known: Option<&str>, mask: &dyn Fn(&str) -> String) -> Self {
        let (outcome, why) = match verdict {
            Ok(()) if known.is_some() => (Verdict::UnexpectedPass, "it passes; take it out of known.toml".to_owned()),
            Ok(()) => (Verdict::Passed, String::new()),
            Err(Stop::Wrong(why)) if known.is_some() => (Verdict::KnownFailure, why),
            Err(Stop::Wrong(why)) => (Verdict::Failed, why),
            Err(Stop::NotApplicable(why)) => (Verdict::NotApplicable, why),
            Err(Stop::NotChecked(why)) => (Verdict::NotChecked, why),
            Err(Stop::Broken(why)) => (Verdict::Broken, why),
        };
        Self { outcome, why: mask(&why), known: known.map(str::to_owned) }
    }
}

impl Finding {
    pub(crate) fn new(
        check: &Check,
        version: Version,
        outcome: Outcome,
        took: Duration,
        mut seen: Vec<Exchange>,
    ) -> Self {
        let kept = if outcome.outcome == Verdict::Passed { KEPT[1] } else { KEPT[0] };
        seen.drain(..seen.len().saturating_sub(kept));
        Self {
            id: check.id,
            title: check.title,
            clause: version.pick(check.clauses),
            severity: version.pick(check.severity),
            outcome,
            milliseconds: took.as_millis(),
            seen,
        }
    }
}

impl Service {
    pub(crate) fn new(url: &str, version: Version, info: &Value) -> Self {
        let text = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
        let needed = |name: &str| {
            let is = |need: &check::Need| matches!(need, check::Need::Method(known) if *known == name);
            name == "info" || name.starts_with("oauth2/") || CHECKS.iter().any(|check| check.needs.iter().any(is))
        };
        let methods = info["methods"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let uncovered = methods.filter(|name| !needed(name)).map(str::to_owned).collect();
        Self { url: url.to_owned(), version, name: text("name"), specs: text("specs"), uncovered, findings: Vec::new() }
    }

    /// How many came to this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.outcome.outcome == verdict).count()
    }

    /// Failures of this weight.
    #[must_use]
    pub fn failures(&self, severity: Severity) -> usize {
        let counts = |finding: &&Finding| finding.severity == severity && finding.outcome.outcome.is_failure();
        self.findings.iter().filter(counts).count()
    }
}

impl Report {
    /// 0: nothing that must or should be failed. 1: a should, or an unexpected pass of whatever weight. 2: a must.
    /// 3: some check could not be run.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |severity| self.services.iter().any(|service| service.failures(severity) > 0);
        let unexpected = self.services.iter().any(|service| service.count(Verdict::UnexpectedPass) > 0);
        if any(Severity::Must) {
            2
        } else if self.services.iter().any(|service| service.count(Verdict::Broken) > 0) {
            3
        } else {
            u8::from(any(Severity::Should) || unexpected)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample(verdicts: &[(&str, check::Verdict)]) -> Report {
        let info = serde_json::json!({ "name": "A <service>", "specs": "1.0.4.0", "methods": ["signatures/verify"] });
        let mut service = Service::new("https://csc.example/csc/v1", Version::V1, &info);
        for (id, verdict) in verdicts {
            let check = crate::checks::find(id).unwrap();
            let outcome = Outcome::of(verdict.clone(), None, &str::to_owned);
            let exchange = Exchange {
                request: "POST https://csc.example/csc/v1/info".to_owned(),
                request_headers: vec!["authorization: Bearer …".to_owned()],
                request_body: "{}".to_owned(),
                status: 200,
                headers: vec!["content-type: text/plain".to_owned()],
                body: "<b>\u{1}</b>".to_owned(),
            };
            service.findings.push(Finding::new(check, Version::V1, outcome, Duration::from_millis(3), vec![exchange]));
        }
        Report { tool: "rsign", at: OffsetDateTime::UNIX_EPOCH, services: vec![service] }
    }

    /// The same, where the first one is in `known.toml`.
    pub(crate) fn unexpected(verdicts: &[(&str, check::Verdict)]) -> Report {
        let mut report = sample(verdicts);
        report.services[0].findings[0].outcome = Outcome::of(Ok(()), Some("why"), &str::to_owned);
        report
    }

    pub(crate) fn broken() -> check::Verdict {
        Err(Stop::Broken("no token".to_owned()))
    }

    pub(crate) fn wrong() -> check::Verdict {
        Err(Stop::Wrong("one <thing>\nanother".to_owned()))
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst() {
        assert_eq!(sample(&[("info.answers", Ok(()))]).exit_code(), 0);
        assert_eq!(sample(&[("info.nulls", wrong())]).exit_code(), 0, "a quirk");
        assert_eq!(sample(&[("info.lang", wrong())]).exit_code(), 1);
        assert_eq!(sample(&[("info.lang", wrong()), ("info.answers", broken())]).exit_code(), 3);
        assert_eq!(sample(&[("info.answers", wrong()), ("info.lang", broken())]).exit_code(), 2);
        assert_eq!(sample(&[("info.answers", Err(Stop::NotChecked("x".to_owned())))]).exit_code(), 0);
    }

    #[test]
    fn a_known_failure_counts_when_it_passes() {
        let known = Outcome::of(wrong(), Some("why"), &str::to_owned);
        assert_eq!((known.outcome, known.known.as_deref()), (Verdict::KnownFailure, Some("why")));
        assert_eq!(Outcome::of(Ok(()), Some("why"), &str::to_owned).outcome, Verdict::UnexpectedPass);
        let skipped = Outcome::of(Err(Stop::NotApplicable("x".to_owned())), Some("why"), &str::to_owned);
        assert_eq!(skipped.outcome, Verdict::NotApplicable);
        for weight in ["info.nulls", "info.answers"] {
            let report = unexpected(&[(weight, Ok(()))]);
            assert_eq!(report.exit_code(), 1, "whatever its weight: {weight}");
            assert_eq!(report.services[0].failures(Severity::Must), 0, "the service did nothing wrong");
        }
    }

    #[test]
    fn methods_nobody_checks_are_named() {
        assert_eq!(sample(&[]).services[0].uncovered, ["signatures/verify"]);
    }
}
