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
        self.findings.iter().any(|finding| finding.outcome.outcome.wants_mending())
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
            (Verdict::Broken, _) | (Verdict::Failed, Severity::Must) => "must",
            (Verdict::UnexpectedPass, _) | (Verdict::Failed, Severity::Should) => "should",
            (Verdict::Failed, Severity::Quirk) | (Verdict::KnownFailure, _) => "quirk",
            _ => "skipped",
        }
    }

    /// What stands before it in the list of what wants mending.
    const fn kind(&self) -> &'static str {
        match self.outcome.outcome {
            Verdict::UnexpectedPass => "known",
            _ => self.severity.name(),
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

    /// What failed, the worst first, then what passes unexpectedly.
    fn wrong(&self) -> Vec<&Finding> {
        let of = |verdict| self.findings.iter().filter(move |finding| finding.outcome.outcome == verdict);
        let mut wrong: Vec<_> = of(Verdict::Failed).collect();
        wrong.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        wrong.extend(of(Verdict::UnexpectedPass));
        wrong
    }

    /// What the page says first, and in which colour.
    fn judgement(&self) -> (&'static str, String) {
        let (must, should, quirks) =
            (self.failures(Severity::Must), self.failures(Severity::Should), self.failures(Severity::Quirk));
        let (broken, stale) = (self.count(Verdict::Broken), self.count(Verdict::UnexpectedPass));
        let mut parts = Vec::new();
        if must > 0 {
            let text =
                format!("{} of what the standard demands, {should} of what it recommends", plural(must, "failure"));
            parts.push(text);
            if broken > 0 {
                parts.push(format!("{} could not be run", plural(broken, "check")));
            }
        } else if broken > 0 {
            parts.push(format!("{} could not be run, so there is no verdict", plural(broken, "check")));
        } else if should > 0 {
            parts.push(format!("Nothing that must be is wrong; {} of what should be", plural(should, "failure")));
        } else if quirks > 0 {
            parts.push(format!("Nothing that must or should be is wrong; {}", plural(quirks, "quirk")));
        } else if stale == 0 {
            parts.push("Nothing is wrong in what was checked".to_owned());
        }
        if stale > 0 {
            parts.push(self.stale(stale));
        }
        let colour = match (must + broken, should + stale) {
            (0, 0) => "passed",
            (0, _) => "should",
            _ => "must",
        };
        (colour, parts.join("; "))
    }

    /// Which entries of `known.toml` have to go.
    fn stale(&self, count: usize) -> String {
        let of = self.findings.iter().filter(|finding| finding.outcome.outcome == Verdict::UnexpectedPass);
        let ids: Vec<&str> = of.map(|finding| finding.id).collect();
        let (entries, have) = if count == 1 { ("entry", "has") } else { ("entries", "have") };
        format!("{count} {entries} of known.toml {have} to go: {}", ids.join(", "))
    }
}

fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{broken, sample, unexpected, wrong};

    #[test]
    fn what_has_to_go_is_told_apart_from_what_is_wrong() {
        let said = |report: &super::Report| report.services[0].judgement();
        let report = unexpected(&[("info.answers", Ok(())), ("info.nulls", Ok(()))]);
        assert_eq!(said(&report), ("should", "1 entry of known.toml has to go: info.answers".to_owned()));
        let report = unexpected(&[("info.answers", Ok(())), ("info.lang", broken())]);
        let (colour, text) = said(&report);
        assert_eq!((colour, text.contains("1 check could not be run")), ("must", true), "{text}");
        assert!(text.ends_with("; 1 entry of known.toml has to go: info.answers"), "{text}");
        let (colour, text) = said(&sample(&[("info.answers", wrong()), ("info.lang", broken())]));
        assert_eq!(colour, "must");
        assert_eq!(text, "1 failure of what the standard demands, 0 of what it recommends; 1 check could not be run");
    }

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
