//! For people at a terminal: what is wrong, with what was seen, and a summary.

use std::fmt::Write as _;

use super::{Finding, Report, Service, Verdict};
use crate::check::Severity;

/// Everything that did not simply pass, then a summary; with `all`, what passed too.
#[must_use]
pub fn write(report: &Report, all: bool) -> String {
    let mut text = String::new();
    for service in &report.services {
        head(&mut text, service);
        for finding in &service.findings {
            let quiet = [Verdict::Passed, Verdict::NotApplicable, Verdict::NotChecked, Verdict::Broken];
            if all || !quiet.contains(&finding.outcome.outcome) {
                one(&mut text, finding);
            }
        }
        if !all {
            together(&mut text, service, Verdict::Broken);
            together(&mut text, service, Verdict::NotChecked);
        }
        text.push_str(&summary(service));
    }
    text
}

fn head(text: &mut String, service: &Service) {
    let Service { url, name, specs, .. } = service;
    let _ = writeln!(text, "\n{url}  ({name}, specs {specs})\n");
}

/// `FAILED  must  info.answers  title  (11.1)`, and why below it.
fn one(text: &mut String, finding: &Finding) {
    let Finding { id, title, clause, severity, outcome, .. } = finding;
    let _ =
        writeln!(text, "{:<16}{:<8}{id}: {title} ({clause})", outcome.outcome.name().to_uppercase(), severity.name());
    for line in outcome.why.lines() {
        let _ = writeln!(text, "    {line}");
    }
    if let Some(known) = &outcome.known {
        let _ = writeln!(text, "    known: {known}");
    }
    // Where there were many, the other reports show all of them.
    if let (Verdict::Failed, [seen]) = (outcome.outcome, &finding.seen[..]) {
        let _ = writeln!(text, "    asked: {} {}", seen.request, brief(&seen.request_body));
        let _ = writeln!(text, "    heard: {} {}", seen.status, brief(&seen.body));
    }
}

/// What ended like this, by its reason: often there is one reason for many.
fn together(text: &mut String, service: &Service, verdict: Verdict) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in service.findings.iter().filter(|finding| finding.outcome.outcome == verdict) {
        let why = finding.outcome.why.as_str();
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, ids)) => ids.push(finding.id),
            None => reasons.push((why, vec![finding.id])),
        }
    }
    for (why, ids) in reasons {
        let _ = writeln!(text, "{}: {why}", verdict.name().to_uppercase());
        let _ = writeln!(text, "    {}", ids.join(", "));
    }
}

/// As much as fits on a few lines.
fn brief(text: &str) -> String {
    match text.char_indices().nth(240) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One or two lines.
#[must_use]
pub fn summary(service: &Service) -> String {
    let count = |verdict| service.count(verdict);
    let mut text = format!(
        "\n{}: {} passed, {} failed ({} must, {} should, {} quirk)",
        service.version.name(),
        count(Verdict::Passed),
        count(Verdict::Failed),
        service.failures(Severity::Must),
        service.failures(Severity::Should),
        service.failures(Severity::Quirk),
    );
    for verdict in [Verdict::KnownFailure, Verdict::UnexpectedPass, Verdict::Broken] {
        if count(verdict) > 0 {
            let _ = write!(text, ", {} {}", count(verdict), verdict.name());
        }
    }
    let _ = writeln!(
        text,
        ", {} not applicable, {} not checked",
        count(Verdict::NotApplicable),
        count(Verdict::NotChecked)
    );
    if !service.uncovered.is_empty() {
        let _ = writeln!(text, "methods no check is about: {}", service.uncovered.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, unexpected, wrong};
    use crate::check::Stop;

    #[test]
    fn an_unexpected_pass_is_counted_once_and_not_as_a_failure() {
        let text = super::write(&unexpected(&[("info.answers", Ok(()))]), false);
        assert!(text.contains("UNEXPECTED PASS must    info.answers: "), "{text}");
        assert!(
            text.contains("v1: 0 passed, 0 failed (0 must, 0 should, 0 quirk), 1 unexpected pass, 0 not"),
            "{text}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_seen() {
        let report = sample(&[("info.answers", Ok(())), ("info.logo", wrong())]);
        let text = super::write(&report, false);
        assert!(text.contains("FAILED          should  info.logo: "), "{text}");
        assert!(text.contains("    one <thing>\n    another\n    asked: POST https://csc.example/csc/v1/info {}\n"));
        assert!(text.contains("v1: 1 passed, 1 failed (0 must, 1 should, 0 quirk), 0 not applicable, 0 not checked"));
        assert!(text.contains("no check is about: signatures/verify"));
        let skipped = || Err(Stop::NotChecked("no client".to_owned()));
        let text = super::write(&sample(&[("oauth.token", skipped()), ("oauth.par", skipped())]), false);
        assert!(text.contains("NOT CHECKED: no client\n    oauth.token, oauth.par\n"), "{text}");
        assert!(!text.contains("PASSED") && super::write(&report, true).contains("PASSED"));
    }
}
