//! For whoever is sent it: one page that needs nothing else, no script, light or dark as the reader's screen is.

use askama::Template;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::{Finding, Report, Service, Verdict};
use crate::check::Severity;

const AT: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    at: String,
}

/// The page.
///
/// # Errors
/// It cannot be rendered.
pub fn write(report: &Report) -> Result<String, askama::Error> {
    let at = report.at.format(AT).unwrap_or_default();
    Page { report, at }.render()
}

/// Findings of one subject.
struct Group<'a> {
    name: &'static str,
    findings: Vec<&'a Finding>,
}

fn subject(id: &str) -> &'static str {
    match id.split('.').next().unwrap_or_default() {
        "info" => "What the service says of itself",
        "auth" => "Signing in, and out",
        "oauth" => "OAuth 2.0",
        "list" | "credential" => "Credentials",
        "authorize" | "challenge" | "otp" | "extend" => "Authorization to sign",
        "sign" => "Signatures",
        "misuse" => "Misuse",
        "async" => "Asynchronous mode",
        "timestamp" => "Time-stamps",
        "create" | "delete" => "A credential's life",
        _ => "Errors, header fields, limits",
    }
}

impl Group<'_> {
    /// Whether something here wants to be read.
    fn is_open(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.outcome.outcome.is_failure() || finding.outcome.outcome == Verdict::Broken)
    }

    fn failed(&self) -> usize {
        self.findings.iter().filter(|finding| finding.outcome.outcome.is_failure()).count()
    }

    fn passed(&self) -> usize {
        self.findings.iter().filter(|finding| finding.outcome.outcome == Verdict::Passed).count()
    }
}

impl Finding {
    /// Class of its mark.
    const fn mark(&self) -> &'static str {
        match (self.outcome.outcome, self.severity) {
            (Verdict::Passed, _) => "passed",
            (Verdict::Broken, _) | (Verdict::Failed | Verdict::UnexpectedPass, Severity::Must) => "must",
            (Verdict::Failed | Verdict::UnexpectedPass, Severity::Should) => "should",
            (Verdict::Failed | Verdict::UnexpectedPass, Severity::Quirk) | (Verdict::KnownFailure, _) => "quirk",
            _ => "skipped",
        }
    }
}

impl Service {
    /// In the order of the list, by the first word of the id.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for finding in &self.findings {
            let name = subject(finding.id);
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Group { name, findings: vec![finding] }),
            }
        }
        groups
    }

    /// What failed, the worst first.
    fn wrong(&self) -> Vec<&Finding> {
        let mut wrong: Vec<_> = self.findings.iter().filter(|finding| finding.outcome.outcome.is_failure()).collect();
        wrong.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        wrong
    }

    /// What the page says first, and in which colour.
    fn judgement(&self) -> (&'static str, String) {
        let (must, should, quirks) =
            (self.failures(Severity::Must), self.failures(Severity::Should), self.failures(Severity::Quirk));
        let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let broken = self.count(Verdict::Broken);
        if must > 0 {
            let text =
                format!("{} of what the standard demands, {should} of what it recommends", plural(must, "failure"));
            return ("must", text);
        }
        if broken > 0 {
            return ("must", format!("{} could not be run, so there is no verdict", plural(broken, "check")));
        }
        if should > 0 {
            return (
                "should",
                format!("Nothing that must be is wrong; {} of what should be", plural(should, "failure")),
            );
        }
        if quirks > 0 {
            return ("passed", format!("Nothing that must or should be is wrong; {}", plural(quirks, "quirk")));
        }
        ("passed", "Nothing is wrong in what was checked".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, wrong};

    #[test]
    fn the_page_is_whole_and_shows_foreign_text_as_text() {
        let page = super::write(&sample(&[("info.answers", Ok(())), ("info.logo", wrong())])).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.contains("prefers-color-scheme: dark"));
        for outside in ["<script", "http-equiv=\"refresh\"", "src=", "<link", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("<thing>") && !page.contains("<service>"));
        assert!(page.contains("info.logo") && page.contains("1 January 1970, 00:00 UTC"));
    }
}
