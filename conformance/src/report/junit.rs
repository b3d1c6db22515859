//! For CI servers: JUnit XML, one suite for each address. A failed quirk is a skipped test there: it breaks no build.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Finding, Report, Verdict};
use crate::check::Severity;

/// The report.
///
/// # Errors
/// It cannot be written as XML.
pub fn write(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut junit = Junit::new("rsign conformance");
    for service in &report.services {
        let mut suite = TestSuite::new(format!("{} {}", service.version.name(), service.url));
        suite.add_test_cases(service.findings.iter().map(case));
        junit.add_test_suite(suite);
    }
    junit.to_string()
}

fn case(finding: &Finding) -> TestCase {
    let Finding { outcome, severity, clause, title, .. } = finding;
    let status = match outcome.outcome {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed if *severity > Severity::Quirk => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::UnexpectedPass => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Broken => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::skipped(),
    };
    let mut status = status;
    if outcome.outcome != Verdict::Passed {
        let known = outcome.known.as_ref().map(|reason| format!(" [known: {reason}]")).unwrap_or_default();
        let first = outcome.why.lines().next().unwrap_or_default();
        status.set_message(format!("{}, {}, {clause}: {first}{known}", outcome.outcome.name(), severity.name()));
        status.set_description(format!("{title}\n{}\n{}", outcome.why, transcript(finding)));
    }
    let mut case = TestCase::new(finding.id, status);
    case.set_classname(finding.id.split('.').next().unwrap_or_default());
    case.set_time(std::time::Duration::from_millis(u64::try_from(finding.milliseconds).unwrap_or(u64::MAX)));
    case
}

fn transcript(finding: &Finding) -> String {
    let line = |one: &crate::session::Exchange| {
        format!("{} {}\n-> {} {}", one.request, one.request_body, one.status, one.body)
    };
    finding.seen.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, wrong};

    #[test]
    fn failures_are_failures_and_quirks_are_not() {
        let xml = super::write(&sample(&[("info.answers", Ok(())), ("info.logo", wrong()), ("info.nulls", wrong())]));
        let xml = xml.unwrap();
        assert!(xml.contains(r#"tests="3" skipped="1" errors="0" failures="1""#), "{xml}");
        assert!(xml.contains("one &lt;thing&gt;") && !xml.contains('\u{1}'), "{xml}");
    }
}
